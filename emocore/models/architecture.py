"""The sizes of a base, from its `config.json` alone, and its layers, weights and adapters counted from them.

Building the model without weights (on the device "meta") would give the same numbers, but takes seconds of imports,
too long for a form that changes at every keystroke. Covered: encoders built like BERT and decoders built like Llama.
Not covered: other types, whose config names its sizes otherwise; `read_architecture` refuses them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emocore.errors import BaseModelError
from emocore.models.base_files import CONFIG_FILE, read_object
from emocore.models.bases import Base
from emocore.models.bundled import GGUF_FILE, converted_folder, find_package
from emocore.system.hub import fetch_file
from emocore.text import first_line

ENCODERS = frozenset({"bert", "roberta", "xlm-roberta"})
DECODERS = frozenset({"gemma", "gemma2", "llama", "mistral", "qwen2", "qwen3"})


@dataclass(frozen=True)
class Linear:
    """A linear layer of a block, by the end of its name; its weight is (outputs, inputs)."""

    name: str
    inputs: int
    outputs: int

    @property
    def weights(self) -> int:
        return self.inputs * self.outputs


@dataclass(frozen=True)
class Architecture:
    """`hidden` are the numbers of a token's state, `queries` and `keys` those of its queries and of its keys (or
    values), `inner` those between the layers of the feed-forward part. `positions` and `types` are rows of learned
    embeddings. `is_pooled` says whether an encoder has a pooler."""

    is_decoder: bool
    layers: int
    hidden: int
    queries: int
    keys: int
    heads: int
    inner: int
    vocabulary: int
    positions: int = 0
    types: int = 0
    is_pooled: bool = False

    @property
    def linear(self) -> tuple[Linear, ...]:
        """The linear layers of one block."""
        hidden, inner = self.hidden, self.inner
        if self.is_decoder:
            return (
                Linear("q_proj", hidden, self.queries),
                Linear("k_proj", hidden, self.keys),
                Linear("v_proj", hidden, self.keys),
                Linear("o_proj", self.queries, hidden),
                Linear("gate_proj", hidden, inner),
                Linear("up_proj", hidden, inner),
                Linear("down_proj", inner, hidden),
            )
        return (
            Linear("attention.self.query", hidden, hidden),
            Linear("attention.self.key", hidden, hidden),
            Linear("attention.self.value", hidden, hidden),
            Linear("attention.output.dense", hidden, hidden),
            Linear("intermediate.dense", hidden, inner),
            Linear("output.dense", inner, hidden),
        )

    @property
    def linear_weights(self) -> int:
        """Numbers in the weights of the linear layers of all blocks, without biases."""
        return self.layers * sum(linear.weights for linear in self.linear)

    @property
    def norm_weights(self) -> int:
        """Numbers in the weights of the normalisations; gemma2 has twice as many."""
        return self.hidden * (2 * self.layers + 1)

    @property
    def biases(self) -> int:
        """Numbers in the biases of an encoder's blocks and normalisations. A decoder has none; the few types that do
        are counted without."""
        if self.is_decoder:
            return 0
        return self.layers * sum(linear.outputs for linear in self.linear) + self.norm_weights

    @property
    def other_weights(self) -> int:
        """Numbers in everything else: embeddings, normalisations, biases and an encoder's pooler."""
        embeddings = (self.vocabulary + self.positions + self.types) * self.hidden
        if self.is_decoder:
            return embeddings + self.norm_weights
        return embeddings + self.norm_weights + self.biases + self.is_pooled * self.hidden * (self.hidden + 1)

    @property
    def weights(self) -> int:
        """Numbers in all weights, without the new head."""
        return self.linear_weights + self.other_weights

    def find_linear(self, targets: Iterable[str]) -> list[Linear]:
        """The linear layers of one block whose names end with a target, as PEFT finds them."""
        ends = tuple(f".{target}" for target in targets)
        return [linear for linear in self.linear if f".{linear.name}".endswith(ends)]


def read_architecture(base: Base) -> Architecture:
    """The sizes of a base whose `config.json` is at hand. Raises BaseModelError if it is not, or if the base is of a
    type that is not covered."""
    return _read(base, locate_folder(base))


def locate_folder(base: Base) -> Path | None:
    """The folder of a base that is on this machine: a local folder, or that of a bundled base which needs no
    conversion any more. Raises BaseModelError if a bundled base is not installed."""
    if base.source == "bundled":
        package = find_package(base)
        return converted_folder() if (package / GGUF_FILE).is_file() else package / "model"
    return Path(base.location) if base.source == "folder" else None


@lru_cache(maxsize=64)
def _read(base: Base, folder: Path | None) -> Architecture:
    try:
        file = folder / CONFIG_FILE if folder else fetch_file(base.location, CONFIG_FILE)
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base '{base.name}': its {CONFIG_FILE} cannot be fetched ({first_line(error)})") from None
    if file is None or not file.is_file():
        raise BaseModelError(f"base '{base.name}': its {CONFIG_FILE} is not on this machine yet")
    return describe_architecture(base, read_object(file))


def describe_architecture(base: Base, config: dict[str, Any]) -> Architecture:
    """The sizes in the content of a `config.json`. Raises BaseModelError if one is missing or the type is not
    covered."""
    kind = config.get("model_type")
    if kind not in ENCODERS | DECODERS:
        raise BaseModelError(f"base '{base.name}' is of type '{kind}', whose sizes are not known")
    try:
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        head = config.get("head_dim") or hidden // heads
        sizes = {
            "layers": config["num_hidden_layers"],
            "hidden": hidden,
            "queries": heads * head,
            "keys": (config.get("num_key_value_heads") or heads) * head,
            "heads": heads,
            "inner": config["intermediate_size"],
            "vocabulary": config["vocab_size"],
        }
    except (KeyError, TypeError, ZeroDivisionError) as error:
        raise BaseModelError(f"base '{base.name}', {CONFIG_FILE}: a size is missing or wrong ({error})") from None
    if kind in DECODERS:
        return Architecture(is_decoder=True, **sizes)
    return Architecture(
        is_decoder=False,
        positions=config.get("max_position_embeddings") or 0,
        types=config.get("type_vocab_size") or 0,
        is_pooled=base.pooling == "stock" and kind == "bert",
        **sizes,
    )
