"""What a training run logs to: the metrics file first, then W&B."""

import time
from typing import Any

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.tracking.metrics_file import MetricsFile
from emocore.tracking.wandb_log import WandbLog


class Tracker:
    """Rows of metrics, in order of their step."""

    def __init__(self, file: MetricsFile, wandb: WandbLog) -> None:
        self._total_steps = 0
        self._began = time.monotonic()
        self._file = file
        self._wandb = wandb

    @classmethod
    def open(cls, run: RunFolder, config: RunConfig) -> "Tracker":
        """Open the run's metrics file, then set its W&B run up."""
        return cls(MetricsFile.begin(run.metrics), WandbLog.open(run, config))

    def begin(self, total_steps: int, done_steps: int = 0) -> None:
        """The training begins, or goes on after `done_steps`: what an earlier attempt logged of later steps
        is cut off, and `seconds` count on from its last row."""
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

    def summarize(self, values: dict[str, Any]) -> None:
        """Final values, which W&B keeps with the run; the local ones are in `result.json`."""
        self._wandb.summarize(values)

    def close(self, exit_code: int) -> None:
        self._file.close()
        self._wandb.finish(exit_code)
