"""Finished runs, read from their folders."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from emocore.config import RunConfig
from emocore.errors import RunError
from emocore.folder import RunFolder
from emocore.models.methods import method_title
from emocore.states import RunStatus

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class RunResult:
    """One finished run: its config, `result.json` and `provenance.json`."""

    run: RunFolder
    config: RunConfig
    result: dict[str, Any]
    provenance: dict[str, Any]

    @property
    def method_title(self) -> str:
        return method_title(self.config.method)

    @property
    def labels(self) -> list[str]:
        return list(self.provenance["labels"])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """`predictions.parquet`; see emocore.training.process for its columns. Raises RunError."""
        try:
            return pd.read_parquet(self.run.predictions)
        except (OSError, ValueError) as error:
            raise RunError(f"run {self.run.id}: predictions.parquet is missing or damaged ({error})") from None

    def truth(self, split: str) -> np.ndarray:
        """True labels of a split, int8 (texts, labels)."""
        rows = self.predictions[self.predictions["split"] == split]
        return rows[[f"true.{label}" for label in self.labels]].to_numpy()

    def logits(self, split: str) -> np.ndarray:
        """Stored logits of a split, float32 (texts, labels)."""
        rows = self.predictions[self.predictions["split"] == split]
        return rows[[f"logit.{label}" for label in self.labels]].to_numpy()


def load_result(run: RunFolder) -> RunResult:
    """Raises RunError, with the run's state, if it has no result."""
    state = run.state
    result = run.read_json("result.json")
    if state.status != RunStatus.FINISHED or result is None:
        reason = f" ({state.reason})" if state.reason else ""
        raise RunError(f"run {run.id} is {state.status}{reason}; only finished runs can be compared or used")
    provenance = run.read_json("provenance.json")
    if provenance is None:
        raise RunError(f"run {run.id}: provenance.json is missing, so its labels are not known; run it again")
    return RunResult(run, run.config, result, provenance)


def shared_splits(results: list[RunResult]) -> list[str]:
    """The evaluation splits that every one of the results has."""
    return [split for split in SPLITS if all(result.result.get(split) for result in results)]
