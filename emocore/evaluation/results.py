"""Finished runs, read from their folders or from a W&B project.

Runs from W&B have scores and costs but no predictions: a comparison shows them as points, without anything that is
computed from predictions.
"""

import contextlib
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from emocore.errors import ConfigError, RunError
from emocore.evaluation.predictions_file import GROUP_NAME, read_predictions
from emocore.models.methods.catalogue import method_title
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import look_at_runs
from emocore.run.provenance import Provenance
from emocore.run.records import AGAIN
from emocore.run.result import RunScores
from emocore.run.state import RunStatus
from emocore.tracking.team import TeamRun

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Result:
    """One finished run: its config, `result.json` and `provenance.json`."""

    id: str
    config: RunConfig
    scores: RunScores
    provenance: Provenance
    source: ClassVar[str]

    @property
    def method_title(self) -> str:
        return method_title(self.config.method)

    @property
    def labels(self) -> list[str]:
        return self.provenance.labels

    def supports(self, split: str) -> np.ndarray:
        """(labels,): how many texts of a split have each emotion."""
        return np.array([scores.support for scores in self.scores.splits[split].multilabel.per_emotion.values()])

    def rows(self, split: str) -> int | None:
        """How many texts a split has; None if unknown."""
        return self.provenance.rows.get(split)


@dataclass(frozen=True)
class TeamResult(Result):
    """A run of a W&B project, trained elsewhere; `url` is its page there."""

    url: str
    source: ClassVar[str] = "W&B"


@dataclass(frozen=True)
class PredictedResult(Result, ABC):
    """A result with predictions, so that everything can be computed from it."""

    source: ClassVar[str] = "here"

    @property
    @abstractmethod
    def predictions(self) -> pd.DataFrame:
        """One row per text, with columns as `read_predictions` has them."""

    def rows(self, split: str) -> int:
        return len(self.truth(split))

    def truth(self, split: str) -> np.ndarray:
        """True labels of a split, int8 (texts, labels)."""
        return self._rows(split)[[f"true.{label}" for label in self.labels]].to_numpy()

    def logits(self, split: str) -> np.ndarray:
        """Logits of a split, float (texts, labels)."""
        return self._rows(split)[[f"logit.{label}" for label in self.labels]].to_numpy()

    def row_ids(self, split: str) -> list[str]:
        return self._rows(split)["row_id"].astype(str).tolist()

    def texts(self, split: str) -> list[str]:
        return self._rows(split)["text"].tolist()

    def hash_texts(self, split: str) -> str:
        """Equal for runs that were scored on the same texts of a split, in the same order, with the same true labels.
        IDs do not count: rows without any are called by their place in the file, which changes with its order."""
        content = f"{self.texts(split)}{self.labels}".encode() + self.truth(split).tobytes()
        return hashlib.sha256(content).hexdigest()

    def groups(self, split: str) -> list[str] | None:
        """The group of each text, such as its author; None if the run had no group column."""
        rows = self._rows(split)
        return rows[GROUP_NAME].tolist() if GROUP_NAME in rows else None

    def _rows(self, split: str) -> pd.DataFrame:
        return self._by_split.get(split, self.predictions.iloc[:0])

    @cached_property
    def _by_split(self) -> dict[str, pd.DataFrame]:
        """Kept, since each of a text's columns is asked for on its own."""
        return {str(split): rows for split, rows in self.predictions.groupby("split", sort=False)}


@dataclass(frozen=True)
class RunResult(PredictedResult):
    """A run of this machine, with its predictions."""

    run: RunFolder

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The stored predictions. Raises RunError as `read_predictions` does."""
        return read_predictions(self.run, self.labels, list(self.scores.splits))


def load_result(run: RunFolder) -> RunResult:
    """The result of a run. Raises RunError that names the run's state if it has no result, or the file if one is
    missing or damaged. Predictions are read and checked on first use."""
    state = run.state
    if state.status != RunStatus.FINISHED:
        reason = f" ({state.reason})" if state.reason else ""
        raise RunError(f"run {run.id} is {state.status}{reason}; only finished runs can be compared or used")
    scores, provenance = run.scores, run.provenance
    if scores is None:
        raise RunError(f"run {run.id}: result.json is missing; {AGAIN}")
    if provenance is None:
        raise RunError(f"run {run.id}: provenance.json is missing, so its emotions are not known; {AGAIN}")
    if any(set(split.multilabel.per_emotion) != set(provenance.labels) for split in scores.splits.values()):
        raise RunError(f"run {run.id}: result.json is damaged: it is not of the emotions in provenance.json; {AGAIN}")
    return RunResult(run.id, run.config, scores, provenance, run)


def finished_configs(root: Path) -> list[RunConfig]:
    """The configs of all finished runs, without damaged ones, which the Runs page reports."""
    configs = []
    for run in look_at_runs(root).finished:
        with contextlib.suppress(ConfigError, RunError):
            configs.append(run.config)
    return configs


def of_one_table(results: Iterable[RunResult], sha256: str) -> list[RunResult]:
    """The runs that took the texts of all splits from one table, a file or a registered dataset, by its hash."""
    return [result for result in results if result.provenance.data_sha256 == {"data": sha256}]


def add_team_runs(local: Sequence[RunResult], team: Iterable[TeamRun]) -> list[Result]:
    """Local results, then those of W&B; a run that is in both places appears once, as the local one."""
    known = {result.id for result in local}
    others = [TeamResult(t.id, t.config, t.scores, t.provenance, t.url) for t in team if t.id not in known]
    return [*local, *others]


def shared_splits(results: Sequence[Result]) -> list[str]:
    """The evaluation splits that every one of the results has."""
    return [split for split in SPLITS if all(split in result.scores.splits for result in results)]
