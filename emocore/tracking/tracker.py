"""Logs a training run to the metrics file and to W&B."""

import time
from typing import Any

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.tracking.metrics_file import MetricsFile
from emocore.tracking.wandb_log import WandbLog


class Tracker:
    """Logs rows of metrics in the order of their steps."""

    def __init__(self, file: MetricsFile, wandb: WandbLog) -> None:
        self._total_steps = 0
        self._began = time.monotonic()
        self._file = file
        self._wandb = wandb

    @classmethod
    def open(cls, run: RunFolder, config: RunConfig) -> "Tracker":
        """Open the run's metrics file, then its W&B run."""
        return cls(MetricsFile.begin(run.metrics), WandbLog.open(run, config))

    def begin(self, total_steps: int, done_steps: int = 0) -> None:
        """Call this when the training starts, or continues after `done_steps`: rows that an earlier attempt logged for
        later steps are removed, and `seconds` continue from its last row."""
        self._total_steps = total_steps
        kept = self._file.keep_steps(done_steps)
        self._began = time.monotonic() - (kept[-1]["seconds"] if kept else 0.0)

    def log(self, step: int, epoch: float, values: dict[str, float]) -> None:
        row = {
            "step": step,
            "total_steps": self._total_steps,
            "epoch": round(epoch, 4),
            "seconds": round(time.monotonic() - self._began, 3),
            **values,
        }
        self._file.append(row)
        self._wandb.log(row)

    def log_end(self, step: int, epoch: float, values: dict[str, float]) -> None:
        """Log what is measured after the last step, unless an attempt that was interrupted later has done so."""
        if not self._total_steps:  # nothing was left to train
            self.begin(step, done_steps=step)
        if not any(row["step"] == step and values.keys() <= row.keys() for row in self._file.read()):
            self.log(step, epoch, values)

    def summarize(self, values: dict[str, Any]) -> None:
        """Send final values to W&B, which keeps them with the run; locally they are in `result.json`."""
        self._wandb.summarize(values)

    def close(self, exit_code: int) -> None:
        self._file.close()
        self._wandb.finish(exit_code)
