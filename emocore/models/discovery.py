"""What a model consists of, found from the model itself: layers that adapters go on, normalisations, head, and what its
checkpoint lacks.

Covered: every class that AutoModelForSequenceClassification makes with a head outside of the base model. Adapters go on
linear layers of the blocks that read text. Weights that are not in linear layers, such as those of XLNet's attention or
of a mixture's experts, get none.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from peft.utils.constants import (
    TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING as PEFT_FEEDFORWARD,
)
from peft.utils.constants import (
    TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING as PEFT_IA3,
)
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from emocore.errors import BaseModelError
from emocore.models.bases import Base
from emocore.models.families import Family

PEFT_PREFIX = "base_model.model."  # of a module of the stock class in PEFT's names
# Last parts of the names of projections to keys or values, alone or joined with the one to queries.
KEY_OR_VALUE = re.compile(r"(k|key|v|value)(_?(proj|lin|linear|layer|head))?")
JOINED = re.compile(r"qkv|wqkv|qkv_proj|query_key_value|c_attn|in_proj", re.IGNORECASE)
OTHER_SENSES = re.compile(r"vision|visual|image|audio|multi_modal|connector")  # of models that read more than text


def complete_family(base: Base, model: PreTrainedModel) -> Family:
    """The family of a base with everything that it leaves open, found from its model with or without weights. Raises
    BaseModelError if the model has no head of its own."""
    linear: dict[str, Any] = _list_linear(model)
    keys = [name for name in linear if _is_in_attention(name) and _is_key_or_value(name.rpartition(".")[2])]
    hidden = model.config.get_text_config().hidden_size
    feed_forward = [
        name
        for name, module in linear.items()
        if not _is_in_attention(name) and _is_second_feed_forward(module, hidden)
    ]
    names = [name for name, _ in model.named_modules()]
    if keys and feed_forward:
        feed_forward_names = name_exactly(feed_forward, names)
        ia3 = (*name_exactly(keys, names), *feed_forward_names)
    else:
        ia3 = tuple(PEFT_IA3.get(model.config.model_type, ()))
        feed_forward_names = tuple(PEFT_FEEDFORWARD.get(model.config.model_type, ()))
    found: dict[str, Any] = {
        "lora_targets": name_exactly(linear, names),
        "ia3_targets": ia3,
        "ia3_feedforward": feed_forward_names,
        "head": _find_head(base, model),
        "norms": name_exactly(_list_norms(model), names),
        "widths": tuple(sorted({size for layer in linear.values() for size in layer.weight.shape})),
        "full_layers": tuple(
            name for name, module in model.named_modules() if isinstance(module, nn.Linear) and name not in linear
        ),
    }
    missing = {field: value for field, value in found.items() if not getattr(base.family, field)}
    return replace(base.family, **missing)


def list_parts(model: PreTrainedModel) -> list[str]:
    """The names of the modules with weights that the stock class adds to the base model."""
    return [
        name
        for name, module in model.named_children()
        if name != model.base_model_prefix and any(True for _ in module.parameters())
    ]


def list_poolers(model: PreTrainedModel) -> list[str]:
    """The names of the parts of the base model that come after its blocks and have linear layers of their own."""
    blocks, prefix = _list_blocks(model), model.base_model_prefix
    return [
        f"{prefix}.{name}"
        for name, module in model.base_model.named_children()
        if any(isinstance(part, nn.Linear | Conv1D) for part in module.modules())
        and not any(isinstance(part, nn.Embedding) for part in module.modules())
        and not any(_is_within(block, f"{prefix}.{name}") for block in blocks)
    ]


def find_new_modules(base: Base, model: PreTrainedModel, missing: Collection[str]) -> tuple[str, ...]:
    """The names of the modules that start at random and are therefore trained whole: the head, and what has a weight
    that the checkpoint lacks. Raises BaseModelError if that is a weight of the base model's embeddings or blocks."""
    parts, poolers = list_parts(model), list_poolers(model)
    new, torn = {base.family.head}, []
    for weight in sorted(missing):
        module = next((name for name in (*parts, *poolers) if _is_within(weight, name)), None)
        if module is None:
            torn.append(weight)
        else:
            new.add(module)
    if torn:
        raise BaseModelError(
            f"base '{base.name}': its files lack {len(torn)} weights that a model of type '{model.config.model_type}' "
            f"has, such as {torn[0]}; they are damaged, or of another model than its config.json says"
        )
    return tuple(name for name in (*poolers, *parts) if name in new)


def is_in_new(parameter: str, new_modules: Iterable[str]) -> bool:
    """Whether a parameter belongs to a module that is trained whole, by its name in the stock class or in PEFT's model
    of it."""
    return is_within_any(parameter.removeprefix(PEFT_PREFIX), new_modules)


def name_exactly(wanted: Collection[str], names: Iterable[str]) -> tuple[str, ...]:
    """The shortest ends of names, at a dot, that together fit the wanted modules and no other ones."""
    return _shorten(wanted, names, lambda name, end: name == end or name.endswith(f".{end}"))


def name_for_peft(new_modules: Collection[str], model: PreTrainedModel) -> list[str]:
    """The same for PEFT's `modules_to_save`, which fit any end of a name."""
    names = [f"{PEFT_PREFIX}{name}" for name, _ in model.named_modules() if name]
    wanted = [f"{PEFT_PREFIX}{name}" for name in new_modules]
    return list(_shorten(wanted, names, str.endswith))


def _shorten(wanted: Collection[str], names: Iterable[str], fits: Callable[[str, str], bool]) -> tuple[str, ...]:
    others = set(names).difference(wanted)
    ends: dict[str, None] = {}  # in the order in which they were found
    for name in wanted:
        if any(fits(name, end) for end in ends):
            continue
        parts = name.split(".")
        candidates = [".".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        ends[next((end for end in candidates if not any(fits(other, end) for other in others)), name)] = None
    return tuple(ends)


def _find_head(base: Base, model: PreTrainedModel) -> str:
    """The name of the last module of the stock class that answers for the labels. Raises BaseModelError."""
    for name in reversed(list_parts(model)):
        layers = [module for module in getattr(model, name).modules() if isinstance(module, nn.Linear)]
        if any(layer.out_features == model.config.num_labels for layer in layers):
            return name
    raise BaseModelError(
        f"base '{base.name}' is of type '{model.config.model_type}', whose classifier has no head outside of its base "
        "model that an adapter could bring; choose a base of another type"
    )


def _list_blocks(model: PreTrainedModel) -> list[str]:
    """The names of the outermost lists of layers in the base model."""
    found: list[str] = []
    for name, module in model.named_modules():
        is_inner = any(_is_within(name, outer) for outer in found)
        if isinstance(module, nn.ModuleList) and _is_within(name, model.base_model_prefix) and not is_inner:
            found.append(name)
    return [name for name in found if not OTHER_SENSES.search(name)]


def _list_linear(model: PreTrainedModel) -> dict[str, nn.Module]:
    """The linear layers of the blocks, by name. Routers of mixtures stay as they are."""
    blocks = _list_blocks(model)
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and any(_is_within(name, block) for block in blocks)
    }


def _list_norms(model: PreTrainedModel) -> list[str]:
    """The normalisations of the base model, by their class; every author has an own one."""
    poolers = list_poolers(model)
    return [
        name
        for name, module in model.named_modules()
        if re.search("norm", type(module).__name__, re.IGNORECASE)
        and isinstance(getattr(module, "weight", None), nn.Parameter)
        and not any(True for _ in module.children())
        and _is_within(name, model.base_model_prefix)
        and not OTHER_SENSES.search(name)
        and not is_within_any(name, poolers)
    ]


def is_within_any(name: str, modules: Iterable[str]) -> bool:
    """Whether a module is one of these or within one."""
    return any(_is_within(name, module) for module in modules)


def _is_within(name: str, outer: str) -> bool:
    return name == outer or name.startswith(f"{outer}.")


def _is_in_attention(name: str) -> bool:
    return re.search("attn|attention", name.rpartition(".")[0], re.IGNORECASE) is not None


def _is_key_or_value(last: str) -> bool:
    return KEY_OR_VALUE.fullmatch(last) is not None or JOINED.fullmatch(last) is not None


def _is_second_feed_forward(layer: Any, hidden: int) -> bool:
    """Whether a layer goes from more numbers back to those of a token's state."""
    first, second = layer.weight.shape
    inputs, outputs = (first, second) if isinstance(layer, Conv1D) else (second, first)
    return bool(inputs > outputs == hidden)
