"""The adapter folder: everything other than the base that is needed to classify a text as the run did.

    adapter/
      emocore.json               labels, thresholds, base, method (see AdapterInfo)
      adapter_model.safetensors  adapter and head   } plain PEFT format
      adapter_config.json                           }
      tokenizer files, README.md (model card)

Instead of the PEFT files, those of TF-IDF are `tfidf.json` and `tfidf.safetensors`, and those of full fine-tuning
`config.json` and `model.safetensors`, a model in plain Transformers format.
Imports neither torch nor transformers.
"""

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from emocore.errors import AdapterError
from emocore.models.families import Pooling, Quantization
from emocore.run.config import RunConfig
from emocore.run.records import describe_problem
from emocore.run.settings import bounds
from emocore.system.files import check_contained, read_bytes, write_atomically
from emocore.thresholds import USUAL_THRESHOLD, tune

INFO_FILE = "emocore.json"
# Suffixes of files that are or may contain pickles, in any case.
UNSAFE_SUFFIXES = (
    ".bin", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill", ".npy", ".npz",
)  # fmt: skip

Name = Annotated[str, Field(min_length=1, max_length=1000)]
Precision = Literal["bf16", "fp32"]
Probability = Annotated[float, Field(gt=0, lt=1)]  # refuses NaN


class AdapterInfo(BaseModel):
    """`emocore.json`. `thresholds` has one probability per label; `precision` is that of the answers;
    `pooling` is the run's, "auto" that of the base.

    `thresholds_from` says where the thresholds come from: they were set at launch, or tuned for the highest expected
    F1 (see emocore.thresholds). An earlier version took the highest F1 on the validation texts, and did not say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: Name
    method: Name
    base: Annotated[str, Field(min_length=1, max_length=5000)]
    base_revision: Name | None
    labels: Annotated[list[Name], Field(min_length=1, max_length=10_000)]
    thresholds: dict[str, Probability]
    thresholds_from: Literal["launch", "expected F1", "highest F1"] = "highest F1"
    max_length: Annotated[int, Field(**bounds("max_length"))]
    precision: Precision
    quantized: Annotated[Quantization, BeforeValidator(lambda value: "nf4" if value is True else value)]
    pooling: Pooling | Literal["auto"] = "auto"

    @model_validator(mode="after")
    def _check_thresholds(self) -> Self:
        if set(self.thresholds) != set(self.labels):
            raise ValueError("thresholds and labels name different emotions")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels has the same emotion twice")
        return self


def describe_adapter(
    run_id: str,
    config: RunConfig,
    labels: Sequence[str],
    base_revision: str | None = None,
    precision: Precision = "fp32",
    quantized: Quantization = False,
) -> AdapterInfo:
    """The description of the adapter that a run trains, with the threshold set at launch until others are tuned."""
    return AdapterInfo(
        run_id=run_id,
        method=config.method,
        base=config.base,
        base_revision=base_revision,
        labels=list(labels),
        thresholds=dict.fromkeys(labels, config.threshold or USUAL_THRESHOLD),
        thresholds_from="launch",
        max_length=config.max_length,
        precision=precision,
        quantized=quantized,
        pooling=config.pooling,
    )


def tune_thresholds(info: AdapterInfo, labels: Sequence[str], truth: np.ndarray, logits: np.ndarray) -> AdapterInfo:
    """The same with thresholds tuned on a validation split, whose columns are `labels`; see emocore.thresholds."""
    by_label = dict(zip(labels, tune(truth, logits).tolist(), strict=True))
    return info.model_copy(update={"thresholds": by_label, "thresholds_from": "expected F1"})


def write_info(folder: Path, info: AdapterInfo) -> None:
    """Write the info last, because its presence means that the adapter is complete."""
    write_atomically(folder / INFO_FILE, info.model_dump_json(indent=2))


def read_info(folder: Path) -> AdapterInfo:
    """Check the folder and read its info. Raises AdapterError that says what is missing or unsafe."""
    if not folder.is_dir():
        raise AdapterError(f"{folder}: no such adapter folder; the run has not finished, or it was moved")
    _check_files(folder)
    try:
        info = AdapterInfo.model_validate_json(read_bytes(folder / INFO_FILE))
    except FileNotFoundError:
        raise AdapterError(
            f"{folder}: {INFO_FILE} is missing, so the adapter is not complete; train it again"
        ) from None
    except OSError as error:
        raise AdapterError(f"{folder}/{INFO_FILE}: not readable: {error.strerror}") from None
    except ValidationError as error:
        raise AdapterError(f"{folder}/{INFO_FILE}: not readable as adapter info ({describe_problem(error)})") from None
    if not list(folder.glob("*.safetensors")):
        raise AdapterError(f"{folder}: its .safetensors file is missing; train the run again")
    return info


def check_finite(numbers: np.ndarray, place: str) -> None:
    """Raises AdapterError if a number is NaN or infinite, since no threshold applies to such an answer."""
    if not np.isfinite(numbers).all():
        raise AdapterError(
            f"{place}: some numbers are NaN or infinite, as after a training that diverged; train the run again "
            "with a lower learning rate"
        )


def _check_files(folder: Path) -> None:
    """Check the files before a library opens any. Subfolders are never read. Raises AdapterError."""
    try:
        check_contained(folder, folder.parent)
        for file in folder.iterdir():
            if file.suffix.lower() in UNSAFE_SUFFIXES:
                raise AdapterError(
                    f"{folder}: '{file.name}' is a pickle, which can run code when it is loaded; "
                    "only safetensors adapters are accepted"
                )
            check_contained(file, folder)
            if not stat.S_ISREG(file.stat().st_mode) and not file.is_dir():
                raise AdapterError(f"{folder}: '{file.name}' is not a regular file; remove it")
    except OSError as error:
        raise AdapterError(f"{error.filename or folder}: not readable: {error.strerror}") from None


def adapter_bytes(folder: Path) -> int:
    """Size of the trained weights on disk."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
