"""Adapters that change the base when they are added, saved as ones that do not.

PiSSA (Meng et al. 2024) takes s B0 A0, the largest singular values of a weight W, out of the base and starts from them:
W - s B0 A0 + s B A. This is W + s [B, -B0] [A; A0], plain LoRA of twice the rank on the base as everybody has it.
"""

from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from emocore.models.fused.linear import ADAPTER

DOWN, UP = f"lora_A.{ADAPTER}.weight", f"lora_B.{ADAPTER}.weight"


def copy_factors(model: PeftModel) -> dict[str, Tensor]:
    """The factors that the adapter took out of the base, by their names in the state of a model whose training has not
    begun."""
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.endswith((DOWN, UP))}


def save_for_usual_base(model: PreTrainedModel | PeftModel, taken: dict[str, Tensor], folder: Path) -> None:
    """Save the adapter for the base as it was before. `taken` are the factors that `copy_factors` kept; without any,
    the model is saved as it is: only the adapter, if there is one."""
    if not taken:
        model.save_pretrained(str(folder), safe_serialization=True)
        return
    assert isinstance(model, PeftModel)
    config = model.peft_config[ADAPTER]
    assert isinstance(config, LoraConfig)
    state = model.state_dict()
    for name, value in taken.items():
        parts = [state[name], value if name.endswith(DOWN) else -value]
        state[name] = torch.cat(parts, dim=0 if name.endswith(DOWN) else 1)
    model.peft_config[ADAPTER] = replace(
        config, r=2 * config.r, lora_alpha=2 * config.lora_alpha, init_lora_weights=True
    )
    try:
        model.save_pretrained(str(folder), safe_serialization=True, state_dict=state)
    finally:
        model.peft_config[ADAPTER] = config
