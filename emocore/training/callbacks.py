"""Callbacks between training steps: logging under Emocore's names, and checkpoints."""

import logging
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.system.faults import reach
from emocore.tracking.tracker import Tracker

if TYPE_CHECKING:
    from emocore.training.rank_allocation import RankAllocation
    from emocore.training.trainer import EmotionTrainer

TRAIN_VALUES = ("loss", "grad_norm", "learning_rate")

logger = logging.getLogger(__name__)


class LogToTracker(TrainerCallback):
    """`loss` becomes `train/loss`, `eval_f1_macro` becomes `validation/f1_macro`."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._losses: list[float] = []

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        self._tracker.begin(state.max_steps, done_steps=state.global_step)
        logger.info("Training: %d steps", state.max_steps)

    def on_log(self, args: Any, state: TrainerState, control: Any, logs: Any = None, **kwargs: Any) -> None:
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


class SaveCheckpoints(TrainerCallback):
    """Saves at the end of each epoch, after its evaluation, and in between when a checkpoint is due.

    It never saves at the last step of an epoch before the evaluation, because a resumed run would skip the evaluation.
    """

    def __init__(self, trainer: "EmotionTrainer", run: RunFolder) -> None:
        self._trainer = trainer
        self._run = run

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        self._trainer.restore_loss()

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        reach("step.done")
        if not self._run.path.is_dir():  # Trainer would create it again, without a config
            raise RunError(f"run {self._run.id}: its folder was removed while it trained, so it ends here")
        is_mid_epoch = float(state.epoch or 0) % 1 > 0 and not control.should_training_stop
        control.should_save = is_mid_epoch and self._trainer.is_checkpoint_due

    def on_epoch_end(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        control.should_save = True


class AllocateRanks(TrainerCallback):
    """Lets AdaLoRA move its ranks while the gradients of a step are there."""

    def __init__(self, allocation: "RankAllocation") -> None:
        self._allocation = allocation

    def on_optimizer_step(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        self._allocation.update(state.global_step + 1)


class LeaveLastEvaluation(TrainerCallback):
    """The validation texts are not scored after the last step, as they are when the saved adapter is reloaded."""

    def on_epoch_end(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        control.should_evaluate &= state.global_step < state.max_steps


def rename(logs: dict[str, float]) -> dict[str, float]:
    """Trainer's metrics under Emocore's names, without Trainer's own timings."""
    values = {f"train/{name}": float(logs[name]) for name in TRAIN_VALUES if name in logs}
    for name, value in logs.items():
        if name.startswith("eval_"):
            values[f"validation/{name.removeprefix('eval_')}"] = float(value)
    return values
