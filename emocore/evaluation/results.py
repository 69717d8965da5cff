"""Finished runs, read from their folders or from a W&B project.

What came from W&B has scores and costs but no predictions: a comparison shows it as points, without whatever
is computed from predictions.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from emocore.config import RunConfig
from emocore.errors import ConfigError, RunError
from emocore.folder import RunFolder, list_finished
from emocore.models.methods import method_title
from emocore.states import RunStatus
from emocore.tracking.team import TeamRun

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Result:
    """One finished run: its config, `result.json` and `provenance.json`."""

    id: str
    config: RunConfig
    result: dict[str, Any]
    provenance: dict[str, Any]
    source: ClassVar[str]

    @property
    def method_title(self) -> str:
        return method_title(self.config.method)

    @property
    def labels(self) -> list[str]:
        return list(self.provenance["labels"])

    def supports(self, split: str) -> np.ndarray:
        """(labels,) how many texts of a split have each emotion."""
        return np.array([scores["support"] for scores in self.result[split]["multilabel"]["per_emotion"].values()])

    def rows(self, split: str) -> int | None:
        """How many texts a split has; None where that is not known."""
        return self.provenance.get("rows", {}).get(split)


@dataclass(frozen=True)
class TeamResult(Result):
    """A run of a W&B project, trained elsewhere; `url` is its page there."""

    url: str
    source: ClassVar[str] = "W&B"


@dataclass(frozen=True)
class RunResult(Result):
    """A run of this machine, with its predictions."""

    run: RunFolder
    source: ClassVar[str] = "here"

    def rows(self, split: str) -> int:
        return len(self.truth(split))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """`predictions.parquet`; see emocore.training.process for its columns. Raises RunError."""
        try:
            return pd.read_parquet(self.run.predictions)
        except (OSError, ValueError) as error:
            raise RunError(f"run {self.run.id}: predictions.parquet is missing or damaged ({error})") from None

    def truth(self, split: str) -> np.ndarray:
        """True labels of a split, int8 (texts, labels)."""
        return self._rows(split)[[f"true.{label}" for label in self.labels]].to_numpy()

    def logits(self, split: str) -> np.ndarray:
        """Stored logits of a split, float32 (texts, labels)."""
        return self._rows(split)[[f"logit.{label}" for label in self.labels]].to_numpy()

    def row_ids(self, split: str) -> list[str]:
        return self._rows(split)["row_id"].astype(str).tolist()

    def texts(self, split: str) -> list[str]:
        return self._rows(split)["text"].tolist()

    def _rows(self, split: str) -> pd.DataFrame:
        return self.predictions[self.predictions["split"] == split]


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
    return RunResult(run.id, run.config, result, provenance, run)


def finished_configs(root: Path) -> list[RunConfig]:
    """Of all finished runs; damaged ones, which the Runs page tells of, are left out."""
    configs = []
    for run in list_finished(root):
        with contextlib.suppress(ConfigError, RunError):
            configs.append(run.config)
    return configs


def add_team_runs(local: Sequence[RunResult], team: Iterable[TeamRun]) -> list[Result]:
    """Local results, then those of W&B; a run that is in both places is there once, as the local one."""
    known = {result.id for result in local}
    others = [TeamResult(t.id, t.config, t.result, t.provenance, t.url) for t in team if t.id not in known]
    return [*local, *others]


def shared_splits(results: Sequence[Result]) -> list[str]:
    """The evaluation splits that every one of the results has."""
    return [split for split in SPLITS if all(result.result.get(split) for result in results)]
