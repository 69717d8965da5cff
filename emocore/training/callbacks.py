"""Trainer's log -> the tracker, under our names, and a readable line in the run's log."""

import logging
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from emocore.tracking.tracker import Tracker

TRAIN_VALUES = ("loss", "grad_norm", "learning_rate")
SKIPPED = ("epoch", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second")

logger = logging.getLogger(__name__)


class LogToTracker(TrainerCallback):
    """`loss` becomes `train/loss`, `eval_f1_macro` becomes `validation/f1_macro`."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._losses: list[float] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._tracker.begin(state.max_steps)
        logger.info("Training: %d steps", state.max_steps)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        values = rename(logs or {})
        if not values:
            return
        self._tracker.log(state.global_step, state.epoch or 0.0, values)
        if "train/loss" in values:
            self._losses.append(values["train/loss"])
        if "validation/f1_macro" in values:
            logger.info(
                "Epoch %.0f of %d: training loss %.3f, validation loss %.3f, macro-F1 %.3f, micro-F1 %.3f",
                state.epoch or 0,
                round(state.num_train_epochs),
                sum(self._losses) / max(1, len(self._losses)),
                values["validation/loss"],
                values["validation/f1_macro"],
                values["validation/f1_micro"],
            )
            self._losses = []


def rename(logs: dict[str, float]) -> dict[str, float]:
    """Trainer's names in ours; its own timings are left out."""
    values = {f"train/{name}": float(logs[name]) for name in TRAIN_VALUES if name in logs}
    for name, value in logs.items():
        if name.startswith("eval_") and name not in SKIPPED:
            values[f"validation/{name.removeprefix('eval_')}"] = float(value)
    return values
