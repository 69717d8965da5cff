"""Predictions of runs for the same texts, from which every figure of a comparison is computed.

Runs can be paired text by text only if they were scored on the same texts with the same true labels; others are kept
apart. Runs of W&B have no predictions. Where some of the runs know groups of texts, such as those of an author, these
hold for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from emocore.evaluation.results import PredictedResult
from emocore.metrics import sigmoid
from emocore.run.config import RunConfig
from emocore.thresholds import USUAL_THRESHOLD, cross_fit, tune

ThresholdPolicy = Literal["tuned", "fixed"]
POLICY_TITLES: dict[ThresholdPolicy, str] = {"tuned": "tuned by emotion", "fixed": "fixed"}
POLICY_DESCRIPTIONS: dict[ThresholdPolicy, str] = {
    "tuned": "Each emotion's own threshold, tuned on the validation split: the one with the highest F1 to be expected "
    "on other texts.",
    "fixed": f"The threshold that a run was launched with, {USUAL_THRESHOLD} if it was launched with tuned ones.",
}


@dataclass(frozen=True)
class Predictions:
    """`runs`, `series`, `methods` and `draws` have one entry per run; runs of equal draws learned from the same texts.
    Arrays: truth bool (texts, labels); probabilities float64 and predicted bool, both (runs, texts, labels); thresholds
    (runs, labels), which are means if they were cross-fitted; groups int (texts,), the number of each text's group,
    counted from 0, or None if every text stands for itself; `halves` the runs of these series that learned from halves
    of the training texts, which only show how far other texts would move the scores, or None if there are none."""

    runs: tuple[str, ...]
    series: tuple[str, ...]
    methods: tuple[str, ...]
    draws: tuple[str, ...]
    labels: tuple[str, ...]
    row_ids: tuple[str, ...]
    texts: tuple[str, ...]
    truth: np.ndarray
    probabilities: np.ndarray
    predicted: np.ndarray
    thresholds: np.ndarray
    groups: np.ndarray | None = None
    halves: "Predictions | None" = None

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """Name of each series -> the indices of its runs."""
        groups: dict[str, list[int]] = {}
        for place, name in enumerate(self.series):
            groups.setdefault(name, []).append(place)
        return groups

    @cached_property
    def draws_of(self) -> dict[str, dict[str, list[int]]]:
        """Name of each series -> each of its draws -> the indices of its runs (its seeds)."""
        found: dict[str, dict[str, list[int]]] = {}
        for place, (name, draw) in enumerate(zip(self.series, self.draws, strict=True)):
            found.setdefault(name, {}).setdefault(draw, []).append(place)
        return found

    @cached_property
    def repetitions(self) -> dict[str, list[list[int]]]:
        """Name of each series -> its independent repetitions, each as the indices of its runs.

        They are its draws, of which several seeds are averaged, or its seeds if all of them learned from one draw.
        """
        return {
            name: list(draws.values()) if len(draws) > 1 else [[place] for place in self.members[name]]
            for name, draws in self.draws_of.items()
        }

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of series that can be compared. One with several draws of the training texts and one with a single
        draw cannot: the seeds of the latter do not show what the choice of the texts does."""
        return [
            pair
            for pair in combinations(self.members, 2)
            if self.has_several_draws(pair[0]) == self.has_several_draws(pair[1])
        ]

    def has_several_draws(self, name: str) -> bool:
        """Whether the runs of a series learned from several draws of the training texts."""
        return len(self.draws_of.get(name, {})) > 1

    def share_draws(self, first: str, second: str) -> list[list[list[int]]] | None:
        """Of both series the runs of each draw that they have in common, in the same order; None without two."""
        one, other = self.draws_of.get(first, {}), self.draws_of.get(second, {})
        shared = [draw for draw in one if draw in other]
        return [[own[draw] for draw in shared] for own in (one, other)] if len(shared) > 1 else None

    @cached_property
    def method_of(self) -> dict[str, str]:
        """Name of each series -> its method."""
        return dict(zip(self.series, self.methods, strict=True))

    @property
    def support(self) -> np.ndarray:
        """(labels,): how many texts have each emotion."""
        return np.asarray(self.truth.sum(axis=0))

    @property
    def units(self) -> int:
        """How many units chance draws independently of each other: groups, or texts without groups."""
        return len(self.truth) if self.groups is None else int(self.groups.max()) + 1

    @property
    def text_freedom(self) -> float:
        """Degrees of freedom of a variance over texts: one less than the number of groups of equal size that tell as
        much, (sum of sizes)^2 / sum of sizes^2 (Kish 1965); infinite without groups, since texts are many."""
        if self.groups is None:
            return np.inf
        sizes = np.bincount(self.groups)
        return max(float(sizes.sum() ** 2 / (sizes**2).sum()) - 1, 1.0)

    @property
    def unit_support(self) -> np.ndarray:
        """(labels,): how many units have each emotion in a text."""
        return np.asarray(self.sum_units(self.truth).astype(bool).sum(axis=0))

    def sum_units(self, values: np.ndarray) -> np.ndarray:
        """(texts, ...) -> (units, ...): sums over the texts of each unit."""
        if self.groups is None:
            return values
        order = np.argsort(self.groups, kind="stable")
        starts = np.searchsorted(self.groups[order], np.arange(self.units))
        return np.asarray(np.add.reduceat(values[order], starts, axis=0, dtype=float))


def launched_policy(config: RunConfig) -> ThresholdPolicy:
    """The policy of the scores that a run has stored."""
    return "tuned" if config.threshold is None else "fixed"


def load_predictions(
    results: Sequence[PredictedResult], series: dict[str, str], split: str, policy: ThresholdPolicy
) -> list[Predictions]:
    """The runs with the same texts together, in the order of their first runs; `series` names each run's series.

    Raises RunError if predictions are missing or damaged.
    """
    groups: dict[str, list[PredictedResult]] = {}
    for result in results:
        groups.setdefault(result.hash_texts(split), []).append(result)
    return [_join_with_halves(members, series, split, policy) for members in groups.values()]


def _join_with_halves(
    results: Sequence[PredictedResult], series: dict[str, str], split: str, policy: ThresholdPolicy
) -> Predictions:
    """The runs on whole sets of training rows, with those on halves of them apart, which all have a series there."""
    whole = [result for result in results if not result.config.learns_half]
    halves = [result for result in results if result.config.learns_half]
    joined = _join(whole, series, split, policy)
    return replace(joined, halves=_join(halves, series, split, policy)) if halves else joined


def _join(
    results: Sequence[PredictedResult], series: dict[str, str], split: str, policy: ThresholdPolicy
) -> Predictions:
    first = results[0]
    probabilities = np.stack([sigmoid(result.logits(split)) for result in results])
    used = np.stack([_used_thresholds(result, split, policy) for result in results])
    return Predictions(
        runs=tuple(result.id for result in results),
        series=tuple(series[result.id] for result in results),
        methods=tuple(result.config.method for result in results),
        draws=tuple(str(result.provenance.split_sha256) for result in results),
        labels=tuple(first.labels),
        row_ids=tuple(first.row_ids(split)),
        texts=tuple(first.texts(split)),
        truth=first.truth(split).astype(bool),
        probabilities=probabilities,
        predicted=probabilities >= used,
        thresholds=used.mean(axis=1),
        groups=_join_groups(results, split),
    )


def _join_groups(results: Sequence[PredictedResult], split: str) -> np.ndarray | None:
    """(texts,) the number of each text's group; None if no run knows groups.

    Runs with different group columns may put the same texts into different groups. Texts that any of them puts together
    then stay together, directly or through other texts, so that the rest is independent by all of them.
    """
    named = [names for result in results if (names := result.groups(split)) is not None]
    partitions = {codes.tobytes(): codes for names in named for codes in [pd.factorize(np.array(names, object))[0]]}
    if not partitions:
        return None
    joined, *others = partitions.values()
    for other in others:
        links = coo_array((np.ones(len(joined)), (joined, other + joined.max() + 1)))
        nodes = joined.max() + other.max() + 2
        links.resize(nodes, nodes)
        joined = pd.factorize(connected_components(links, directed=False)[1][joined])[0]
    return np.asarray(joined)


def _used_thresholds(result: PredictedResult, split: str, policy: ThresholdPolicy) -> np.ndarray:
    """(texts, labels) thresholds of a policy, never tuned on the texts that they are used for."""
    truth = result.truth(split)
    if policy == "fixed":
        return np.full(truth.shape, result.config.threshold or USUAL_THRESHOLD)
    if split == "validation":
        return cross_fit(truth, result.logits(split))
    return np.broadcast_to(tune(result.truth("validation"), result.logits("validation")), truth.shape)
