"""What models of one `model_type` have in common. Imports neither torch nor transformers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Quantization = Literal[False, "nf4", "int8"]
"""In which few bits a base is stored: 4 with NF4, 8 with LLM.int8(), or none of these."""
Pooling = Literal["stock", "cls", "mean", "last"]
"""How token states become one vector: as the stock class does it, the first token's, their mean, or the last one's."""

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
    """Properties of every model of one `model_type`: its default target layers (ends of module names). What is empty
    is found from the model when it is loaded.

    `pooling` is what the stock class does: "last" of decoders, else "stock";
    `ia3_feedforward` are the IA3 targets whose input, not output, is rescaled (Liu et al. 2022);
    `shared_inputs` are lists of layers that read the same input, and are computed together;
    `head` is the name of the classification layer in the stock class; `norms` are those of its normalisations;
    `full_layers` are linear layers outside of the blocks, which are not quantised; `widths` are the numbers of inputs
    and outputs of those within.
    """

    pooling: Pooling = "stock"
    lora_targets: tuple[str, ...] = ()
    ia3_targets: tuple[str, ...] = ()
    ia3_feedforward: tuple[str, ...] = ()
    shared_inputs: tuple[tuple[str, ...], ...] = ()
    head: str = ""
    norms: tuple[str, ...] = ()
    full_layers: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()


DECODER = Family("last", LLAMA_LINEAR, LLAMA_IA3, ("down_proj",), LLAMA_SHARED, "score", LLAMA_NORMS)
ENCODER = Family("stock", BERT_LINEAR, BERT_IA3, ("output.dense",), BERT_SHARED, "classifier", ("LayerNorm",))
FOUND_ENCODER, FOUND_DECODER = Family(), Family("last")
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
