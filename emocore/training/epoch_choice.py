"""Which epoch a run keeps with keep=best: the first with the best validation metric, of those that patience allows.

The weights and the validation logits of the best epoch are in memory and in every checkpoint, never in a file of their
own, so a checkpoint and its best epoch are written and lost together. Transformers' `load_best_model_at_end` instead
keeps a whole checkpoint with its optimizer, which it finds by the path at which it was written, and
`EarlyStoppingCallback` begins to count anew when a run is resumed.
"""

import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerState

from emocore.run.config import RunConfig
from emocore.run.result import KeptEpoch
from emocore.training.checkpoints import BestEpoch
from emocore.training.trained import Chosen

BEST_FILE = "best_epoch.safetensors"
LOGITS = "validation_logits"  # in that file, next to the weights by the names of their parameters


class EpochChoice:
    """The best epoch of a training so far, from its evaluations in their order."""

    def __init__(self, config: RunConfig) -> None:
        self._metric = config.keep_metric
        self._patience = config.patience
        self._tensors: dict[str, Tensor] = {}
        self.best: BestEpoch | None = None

    @property
    def is_over(self) -> bool:
        """Whether patience ends the training here."""
        return bool(self._patience and self.best and self.best.epochs_since >= self._patience)

    def judge(self, state: TrainerState, scores: dict[str, float], logits: np.ndarray, model: nn.Module) -> None:
        """Take an epoch's validation scores and logits (texts, labels), and copy the trained weights of `model` if it
        is the best so far. NaN is the worst of all values."""
        value = scores[self._metric]
        if self.best and self._rate(value) <= self._rate(self.best.value):
            self.best = self.best.model_copy(update={"epochs_since": self.best.epochs_since + 1})
            return
        self.best = BestEpoch(step=state.global_step, epoch=float(state.epoch or 0), value=value)
        self._tensors = {name: weight.detach().to("cpu", copy=True) for name, weight in _trained(model).items()}
        self._tensors[LOGITS] = torch.tensor(logits)

    def _rate(self, value: float) -> float:
        """Higher is better."""
        return -math.inf if math.isnan(value) else -value if self._metric == "loss" else value

    def save(self, checkpoint: Path) -> None:
        """Add the best epoch, if there is one yet, to the files of a checkpoint."""
        if self.best:
            save_file(self._tensors, checkpoint / BEST_FILE)

    def restore(self, checkpoint: Path, best: BestEpoch | None) -> None:
        """Go on from a complete checkpoint, whose progress says `best`."""
        self.best = best
        self._tensors = load_file(checkpoint / BEST_FILE) if best else {}

    def conclude(self, model: nn.Module, state: TrainerState) -> Chosen:
        """Give `model` the weights of the best epoch, when the training is over."""
        assert self.best, "every training ends with an evaluation"
        with torch.no_grad():
            for name, weight in _trained(model).items():
                weight.copy_(self._tensors[name])
        trained_epochs = float(state.epoch or 0)
        is_whole = state.global_step == state.max_steps
        kept = KeptEpoch(
            metric=self._metric,
            value=self.best.value,
            epoch=self.best.epoch,
            trained_epochs=trained_epochs,
            planned_epochs=trained_epochs * (1 if is_whole else state.max_steps / state.global_step),
        )
        return Chosen(kept, self._tensors[LOGITS].numpy())


def _trained(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
