"""Predictions of runs for the same texts, from which every figure of a comparison is computed.

Runs can be paired text by text only if they were scored on the same texts with the same true labels; others form
separate groups. Runs of W&B have no predictions and are in no group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from emocore.evaluation.results import RunResult
from emocore.metrics import sigmoid
from emocore.thresholds import tune_by_emotion, tune_common

ThresholdPolicy = Literal["launch", "common", "by_emotion"]
POLICY_TITLES: dict[ThresholdPolicy, str] = {
    "launch": "as launched",
    "common": "one tuned threshold",
    "by_emotion": "tuned by emotion",
}
POLICY_DESCRIPTIONS: dict[ThresholdPolicy, str] = {
    "launch": "The threshold that the runs were launched with, 0.5 unless it was changed.",
    "common": "One threshold for all emotions, the best for macro-F1 on the validation split.",
    "by_emotion": "Each emotion's own threshold, the best for its F1 on the validation split.",
}
FOLDS = 5


@dataclass(frozen=True)
class Predictions:
    """`runs` and `series` have one entry per run. Arrays: truth bool (texts, labels); probabilities float64 and
    predicted bool, both (runs, texts, labels); thresholds (runs, labels), which are means if they were cross-fitted."""

    runs: tuple[str, ...]
    series: tuple[str, ...]
    methods: tuple[str, ...]
    labels: tuple[str, ...]
    row_ids: tuple[str, ...]
    texts: tuple[str, ...]
    truth: np.ndarray
    probabilities: np.ndarray
    predicted: np.ndarray
    thresholds: np.ndarray

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """Name of each series -> the indices of its runs (its seeds)."""
        groups: dict[str, list[int]] = {}
        for place, name in enumerate(self.series):
            groups.setdefault(name, []).append(place)
        return groups

    @cached_property
    def method_of(self) -> dict[str, str]:
        """Name of each series -> its method."""
        return dict(zip(self.series, self.methods, strict=True))

    @property
    def support(self) -> np.ndarray:
        """(labels,): how many texts have each emotion."""
        return np.asarray(self.truth.sum(axis=0))


def load_predictions(
    results: Sequence[RunResult], series: dict[str, str], split: str, policy: ThresholdPolicy
) -> list[Predictions]:
    """Groups of runs with the same texts, in the order of their first runs; `series` names each run's series.

    Raises RunError if predictions are missing or damaged.
    """
    groups: dict[tuple[object, ...], list[RunResult]] = {}
    for result in results:
        truth, row_ids = result.truth(split), tuple(result.row_ids(split))
        groups.setdefault((row_ids, truth.tobytes(), tuple(result.labels)), []).append(result)
    return [_join(members, series, split, policy) for members in groups.values()]


def _join(results: Sequence[RunResult], series: dict[str, str], split: str, policy: ThresholdPolicy) -> Predictions:
    first = results[0]
    probabilities = np.stack([sigmoid(result.logits(split)) for result in results])
    used = np.stack([_used_thresholds(result, split, policy) for result in results])
    return Predictions(
        runs=tuple(result.id for result in results),
        series=tuple(series[result.id] for result in results),
        methods=tuple(result.config.method for result in results),
        labels=tuple(first.labels),
        row_ids=tuple(first.row_ids(split)),
        texts=tuple(first.texts(split)),
        truth=first.truth(split).astype(bool),
        probabilities=probabilities,
        predicted=probabilities >= used,
        thresholds=used.mean(axis=1),
    )


def _used_thresholds(result: RunResult, split: str, policy: ThresholdPolicy) -> np.ndarray:
    """(texts, labels) thresholds of a policy, never tuned on the texts that they are used for.

    On the validation split itself they are cross-fitted: those of each fifth are tuned on the other four fifths.
    """
    truth, shape = result.truth(split), result.truth(split).shape
    if policy == "launch":
        return np.full(shape, result.config.threshold)
    tune = tune_common if policy == "common" else tune_by_emotion
    if split != "validation":
        return np.broadcast_to(tune(result.truth("validation"), sigmoid(result.logits("validation"))), shape)
    probabilities, used = sigmoid(result.logits(split)), np.empty(shape)
    folds = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    for fold in range(FOLDS):
        used[folds == fold] = tune(truth[folds != fold], probabilities[folds != fold])
    return used
