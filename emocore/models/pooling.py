"""Other poolings than that of a stock class: whichever token the class reads, it then finds the pooled state there.

The names of all parameters stay those of the stock class, so an adapter trained here fits that class too; the adapter's
model card shows the lines that pool by hand.
"""

from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from emocore.models.families import Pooling


def set_pooling(model: PreTrainedModel, pooling: Pooling) -> None:
    """Let the stock class read what `pooling` makes of the token states. A pooler of the base model is taken out, since
    nothing would read it."""
    if getattr(model.base_model, "pooler", None) is not None:
        model.base_model.pooler = nn.Identity()
    model.base_model.register_forward_hook(partial(_replace_states, pooling), with_kwargs=True)


def pool(states: torch.Tensor, attention_mask: torch.Tensor | None, pooling: Pooling) -> torch.Tensor:
    """(batch, tokens, hidden) -> (batch, hidden). `attention_mask` is 0 at padding, which may be on either side."""
    if attention_mask is None:
        attention_mask = torch.ones(states.shape[:2], device=states.device, dtype=torch.long)
    if pooling == "mean":
        mask = attention_mask.unsqueeze(-1).to(torch.float32)
        return ((states.float() * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)).to(states.dtype)
    places = torch.arange(states.shape[1], device=states.device)
    if pooling == "cls":
        places = places.flip(0)
    found = ((places + 1) * (attention_mask != 0)).argmax(dim=-1)
    return states[torch.arange(len(states), device=states.device), found]


def _replace_states(
    pooling: Pooling, base_model: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: ModelOutput
) -> ModelOutput:
    mask = named.get("attention_mask", inputs[1] if len(inputs) > 1 else None)
    states = output["last_hidden_state"]
    pooled = pool(states, mask, pooling)
    output["last_hidden_state"] = pooled.unsqueeze(1).expand_as(states)
    if hasattr(output, "pooler_output"):
        output["pooler_output"] = pooled
    return output
