"""The adapter folder: everything beside the base that is needed to answer a text as the run did.

    adapter/
      emocore.json               labels, thresholds, base, method (see AdapterInfo)
      adapter_model.safetensors  adapter and head   } plain PEFT format
      adapter_config.json                           }
      tokenizer files, README.md (model card)

TF-IDF adapters hold `tfidf.json` and `tfidf.safetensors` instead of the PEFT files.
Imports neither torch nor transformers.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from emocore.errors import AdapterError
from emocore.files import write_atomically

INFO_FILE = "emocore.json"
UNSAFE_SUFFIXES = (".bin", ".pkl", ".pickle", ".pt", ".pth", ".joblib")


class AdapterInfo(BaseModel):
    """`emocore.json`. `thresholds` has one probability a label; `precision` is that of the answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    method: str
    base: str
    base_revision: str | None
    labels: list[str]
    thresholds: dict[str, float]
    max_length: int
    precision: Literal["bf16", "fp32"]
    quantized: bool

    @model_validator(mode="after")
    def _check_thresholds(self) -> Self:
        if set(self.thresholds) != set(self.labels):
            raise ValueError("thresholds and labels name different emotions")
        return self


def write_info(folder: Path, info: AdapterInfo) -> None:
    """Written last: its presence means that the adapter is complete."""
    write_atomically(folder / INFO_FILE, info.model_dump_json(indent=2))


def read_info(folder: Path) -> AdapterInfo:
    """Check the folder and read its info. Raises AdapterError saying what is missing or unsafe."""
    if not folder.is_dir():
        raise AdapterError(f"{folder}: no such adapter folder; the run has not finished, or it was moved")
    unsafe = [file.name for file in folder.iterdir() if file.suffix in UNSAFE_SUFFIXES]
    if unsafe:
        raise AdapterError(
            f"{folder}: '{unsafe[0]}' is a pickle, which can run code when it is loaded; "
            "only safetensors adapters are accepted"
        )
    try:
        info = AdapterInfo.model_validate_json((folder / INFO_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AdapterError(
            f"{folder}: {INFO_FILE} is missing, so the adapter is not complete; train it again"
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        raise AdapterError(f"{folder}/{INFO_FILE}: not readable as adapter info ({type(error).__name__})") from None
    if not list(folder.glob("*.safetensors")):
        raise AdapterError(f"{folder}: its .safetensors file is missing; train the run again")
    return info


def adapter_bytes(folder: Path) -> int:
    """Size of the trained weights on disk."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
