"""Puts the fused steps into a model, layer by layer; whatever is not known here stays as it is.

Covered: linear layers with LoRA or IA3 of any model; dropout, and on a CPU plain ("eager") attention, of BERT and of
decoders that are built like Llama; norms and gated units of the latter.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import ModulesToSaveWrapper
from torch import Tensor, nn
from transformers.activations import SiLUActivation
from transformers.models.bert.modeling_bert import BertSelfAttention
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaMLP, LlamaRMSNorm
from transformers.models.mistral.modeling_mistral import MistralAttention, MistralMLP, MistralRMSNorm
from transformers.models.qwen2.modeling_qwen2 import Qwen2Attention, Qwen2MLP, Qwen2RMSNorm

from emocore.models.families import Family
from emocore.models.fused.functions import Attention, Dropout, GatedUnit, RootMeanSquareNorm
from emocore.models.fused.linear import ADAPTER, Group, join_layers
from emocore.models.fused.weights import Weights, choose_weights

NORMS = (LlamaRMSNorm, MistralRMSNorm, Qwen2RMSNorm)
SILU = (nn.SiLU, SiLUActivation)  # of older and of newer versions of Transformers
GATED_UNITS = (LlamaMLP, MistralMLP, Qwen2MLP)
DECODER_ATTENTIONS = (LlamaAttention, MistralAttention, Qwen2Attention)


def fuse(model: nn.Module, family: Family, shares_base: bool = False) -> None:
    """Replace the forward passes of modules that are known, and have the trained head compute in fp32. The model still
    trains, and its adapter and head are saved and loaded as before. Unless other models share its base, the base's own
    weights may be given up."""
    make_weights = choose_weights(model, shares_base)
    is_on_cpu = next(model.parameters()).device.type == "cpu"
    modules = list(model.modules())
    whole_head = getattr(model, family.head, None)  # of a model without an adapter
    inner = {
        part
        for module in modules
        if isinstance(module, BaseTunerLayer | ModulesToSaveWrapper)
        for part in module.modules()
    }
    for module in modules:
        groups = {} if module in inner else _join_children(module, family, make_weights)
        if isinstance(module, nn.LayerNorm):
            _widen(module)
        if isinstance(module, ModulesToSaveWrapper):
            head = module.modules_to_save[ADAPTER]
            head.forward = _InFp32(head)
        elif module is whole_head:
            module.forward = _InFp32(module)
        elif type(module) in NORMS and not module.weight.requires_grad:
            module.forward = _Norm(module)
        elif type(module) in GATED_UNITS and isinstance(module.act_fn, SILU):
            _fuse_gated_unit(module, groups)
        elif is_on_cpu and type(module) is nn.Dropout:
            module.forward = _Drop(module)  # type: ignore[assignment]
        elif type(module) in (BertSelfAttention, *DECODER_ATTENTIONS):
            _fuse_attention(module, groups)


def _join_children(
    parent: nn.Module, family: Family, make_weights: Callable[[Sequence[Any]], Weights]
) -> dict[str, Group]:
    """Join the children that read the same input. Returns the groups by the name of their first layer."""
    children = dict(parent.named_children())
    joined = [names for names in family.shared_inputs if set(names) <= children.keys()]
    alone = [(name,) for name in children if not any(name in names for names in joined)]
    found = {names[0]: join_layers([children[name] for name in names], make_weights) for names in (*joined, *alone)}
    return {name: group for name, group in found.items() if group}


def _widen(norm: nn.LayerNorm) -> None:
    """Give a normalisation whose bias is trained, in fp32, a weight in fp32 of its own: PyTorch takes no two types."""
    if norm.bias is not None and norm.bias.dtype != norm.weight.dtype:
        norm.weight = nn.Parameter(norm.weight.detach().float(), requires_grad=norm.weight.requires_grad)


class _InFp32:
    """The head's part of the work is too small to be worth the rounding."""

    def __init__(self, module: nn.Module) -> None:
        self._forward = module.forward

    def __call__(self, x: Tensor, *others: Any, **named: Any) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            result: Tensor = self._forward(x.float(), *others, **named)
            return result


class _Norm:
    def __init__(self, norm: Any) -> None:
        self._weight, self._epsilon = norm.weight, norm.variance_epsilon

    def __call__(self, x: Tensor) -> Tensor:
        result: Tensor = RootMeanSquareNorm.apply(x, self._weight, self._epsilon)
        return result


class _Drop:
    def __init__(self, dropout: nn.Dropout) -> None:
        self._dropout = dropout

    def __call__(self, x: Tensor) -> Tensor:
        if not self._dropout.training or not self._dropout.p:
            return x
        result: Tensor = Dropout.apply(x, self._dropout.p)
        return result


def _fuse_gated_unit(unit: Any, groups: dict[str, Group]) -> None:
    group, usual = groups.get("gate_proj"), unit.forward
    if group is None:
        return

    def forward(x: Tensor) -> Tensor:
        if group.drops_inputs:
            return usual(x)
        return unit.down_proj(GatedUnit.apply(group.joined_output(x)))

    unit.forward = forward


def _fuse_attention(attention: Any, groups: dict[str, Group]) -> None:
    is_bert = isinstance(attention, BertSelfAttention)
    group, usual = groups.get("query" if is_bert else "q_proj"), attention.forward
    if group is None or attention.config._attn_implementation != "eager":
        return
    heads = attention.config.num_attention_heads
    key_heads = heads if is_bert else attention.config.num_key_value_heads

    def forward(
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        past_key_values: Any = None,
        **others: Any,
    ) -> tuple[Tensor, None]:
        if group.drops_inputs or past_key_values is not None:
            if not is_bert:
                others["position_embeddings"] = position_embeddings
            return usual(hidden_states, attention_mask=attention_mask, past_key_values=past_key_values, **others)
        rate = attention.dropout.p if is_bert else attention.attention_dropout
        result = Attention.apply(
            group.joined_output(hidden_states), position_embeddings, attention_mask, heads, key_heads,
            attention.scaling, rate if attention.training else 0.0,
        )  # fmt: skip
        return (result if is_bert else attention.o_proj(result)), None

    attention.forward = forward
