"""What AdaLoRA does between steps: it spends a budget of ranks on the layers that need them.

AdaLoRA (Zhang et al. 2023, arXiv:2303.10512) begins with more ranks than asked for, B E A per layer with a diagonal E,
and removes those whose importance, a moving average, is lowest. PEFT computes that; what is here calls it at the right
time, adds the penalty that keeps A and B orthogonal, and stores the averages with a checkpoint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import AdaLoraConfig, AdaLoraModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from emocore.models.fused.linear import ADAPTER

STATE_FILE = "rank_allocation.safetensors"
# Shares of the steps before ranks are removed and after, as in most of the paper's trainings.
WARM_UP_SHARE, FINAL_SHARE = 0.1, 0.3
MOST_ALLOCATIONS = 100


class RankAllocation:
    """The allocation of one training of `total_steps`. `model` is PEFT's, with an AdaLoRA adapter."""

    def __init__(self, model: Any, total_steps: int) -> None:
        self._model: AdaLoraModel = model.base_model
        config = self._model.peft_config[ADAPTER]
        assert isinstance(config, AdaLoraConfig)
        self._config = config
        config.total_step = total_steps
        config.tinit = int(WARM_UP_SHARE * total_steps)
        # At least one step comes before the last removal, which needs an importance to go by.
        config.tfinal = max(0, min(total_steps - config.tinit - 2, round(FINAL_SHARE * total_steps)))
        config.deltaT = max(1, total_steps // MOST_ALLOCATIONS)
        matrices = [(name, p) for name, p in self._model.named_parameters() if ".lora_A." in name or ".lora_B." in name]
        self._matrices = [p if ".lora_A." in name else p.T for name, p in matrices]

    def penalty(self) -> Tensor:
        """The weighted mean distance (Frobenius norm) of A A' and B' B from the identity, as PEFT adds it to a loss."""
        distances = [torch.dist(matrix @ matrix.T, _identity(matrix)) for matrix in self._matrices]
        return self._config.orth_reg_weight * torch.stack(distances).mean()

    def update(self, step: int) -> None:
        """Call it after the optimizer's `step`, the first of which is 1, while the gradients are there. A training of a
        single step keeps all ranks."""
        if self._config.total_step > 1:
            self._model.update_and_allocate(step)

    def return_to(self, step: int) -> None:
        """Call it when the weights have become those after an earlier `step`: before the last removal all ranks are in
        use, since removed ones grow again until the next removal."""
        if step < self._config.total_step - self._config.tfinal:
            self._config.rank_pattern = None

    @contextmanager
    def saving_all_ranks(self) -> Iterator[None]:
        """PEFT saves a pruned adapter, which a training could not go on with; in this context it saves all ranks."""
        kept, self._config.rank_pattern = self._config.rank_pattern, None
        try:
            yield
        finally:
            self._config.rank_pattern = kept

    def save(self, folder: Path) -> None:
        """Write the averages, and which ranks are kept."""
        allocator, pattern = self._model.rankallocator, self._config.rank_pattern or {}
        tensors = {f"average.{name}": value for name, value in allocator.exp_avg_ipt.items()}
        tensors |= {f"uncertainty.{name}": value for name, value in allocator.exp_avg_unc.items()}
        tensors |= {f"kept.{name}": torch.tensor(ranks) for name, ranks in pattern.items()}
        save_file({name: value.contiguous() for name, value in tensors.items()}, folder / STATE_FILE)

    def restore(self, folder: Path) -> None:
        """Read what `save` wrote."""
        parts: dict[str, dict[str, Tensor]] = {"average": {}, "uncertainty": {}, "kept": {}}
        device = str(self._matrices[0].device)
        for key, value in load_file(folder / STATE_FILE, device=device).items():
            part, _, name = key.partition(".")
            parts[part][name] = value
        allocator = self._model.rankallocator
        allocator.exp_avg_ipt, allocator.exp_avg_unc = parts["average"], parts["uncertainty"]
        allocator.ipt = dict.fromkeys(parts["average"])  # computed anew at each step
        self._config.rank_pattern = {name: ranks.tolist() for name, ranks in parts["kept"].items()} or None


def _identity(matrix: Tensor) -> Tensor:
    return torch.eye(len(matrix), device=matrix.device, dtype=matrix.dtype)
