"""The test of one pair of series: p-values and intervals of differences between their means over repetitions.

All series are scored on the same resampled texts, and the deviations of resampled differences from the observed one
show the effect of chance in the texts (emocore.evaluation.deviations). The spread between seeds
(emocore.evaluation.seed_spread) widens them. Series that learned from the same draws of the training texts are compared
draw by draw instead: their differences by draw have a spread of their own, without what a draw does to both. Where all
training texts were used, the differences of runs on the same halves of them have that spread.

Two series that err on the same texts show no variance over texts, as where both never predict a rare emotion. It is
taken to be at least that of one text which only one of them gets right, as Agresti and Min (2005) add one such text to
the counts of a difference between paired proportions. So no interval has a width of zero.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter

import numpy as np

from emocore.data.checks.groups import FEWEST_GROUPS
from emocore.evaluation.bootstrap import Scores, average_runs
from emocore.evaluation.deviations import Deviations
from emocore.evaluation.intervals import FEWEST_POSITIVES
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.seed_spread import (
    EMOTION_ASSUMPTION,
    MACRO_ASSUMPTION,
    Assumption,
    SampleVariance,
    SeedSpread,
    describe_spread,
    estimate_emotion_spread,
    estimate_macro_spread,
    has_lenders,
)
from emocore.evaluation.together import TOGETHER

# With fewer texts (12 to 40), two models with the same macro-F1 got a verdict in 8 to 11 % of simulations.
FEWEST_TEXTS = 100

Sides = tuple[str, ...]
"""One series, or a pair."""
Repetitions = Sequence[Sequence[Sequence[int]]]
"""Of each side its repetitions, each as the places of its runs."""
Pick = Callable[[Scores], np.ndarray]
"""Takes what is compared from scores: (..., runs, columns)."""
Estimate = Callable[..., dict[Sides, SeedSpread]]


@dataclass(frozen=True)
class Target:
    """What series are compared in: one column for the overall macro-F1, or one column per emotion for F1.

    `support` (columns,) counts texts. With fewer `units` (columns,), named `unit`, than `fewest` there is no test.
    `seen` is (runs, columns) and `drawn` (resamples, runs, columns); `of_one_text` (columns,) is by how much one text
    moves the score of a series. `spreads` are of single series and of pairs that share draws of the training texts.
    `assumption` is the least spread of the `single` series, which have one seed; `is_of_others` is as in `Verdicts`.
    """

    predictions: Predictions
    names: tuple[str, ...]
    support: np.ndarray
    units: np.ndarray
    unit: str
    fewest: int
    seen: np.ndarray
    drawn: np.ndarray
    of_one_text: dict[str, np.ndarray]
    spreads: dict[Sides, SeedSpread]
    single: list[str]
    assumption: Assumption
    is_of_others: bool
    _averages: dict[tuple[tuple[int, ...], ...], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of_macro(cls, predictions: Predictions, scores: Scores, samples: Scores) -> "Target":
        """macro-F1. One text moves it by what it moves the F1 of an average emotion, divided by their number."""
        moved = {name: np.sqrt([(f1**2).mean()]) / len(f1) for name, f1 in _f1_of_one_text(predictions).items()}
        texts = len(predictions.truth)
        has_groups = predictions.groups is not None and texts >= FEWEST_TEXTS
        units = predictions.units if has_groups else texts
        return cls._of(
            predictions, ("",), np.array([texts]), np.array([units]), FEWEST_GROUPS if has_groups else FEWEST_TEXTS,
            scores, samples, _pick_macro, moved, estimate_macro_spread, MACRO_ASSUMPTION,
        )  # fmt: skip

    @classmethod
    def of_emotions(cls, predictions: Predictions, scores: Scores, samples: Scores) -> "Target":
        """F1 of each emotion."""
        names, support, moved = predictions.labels, predictions.support, _f1_of_one_text(predictions)
        estimate = partial(estimate_emotion_spread, support=support)
        return cls._of(
            predictions, names, support, predictions.unit_support, FEWEST_POSITIVES, scores, samples,
            attrgetter("emotions"), moved, estimate, EMOTION_ASSUMPTION,
        )  # fmt: skip

    @classmethod
    def _of(
        cls,
        predictions: Predictions,
        names: tuple[str, ...],
        support: np.ndarray,
        units: np.ndarray,
        fewest: int,
        scores: Scores,
        samples: Scores,
        pick: Pick,
        of_one_text: dict[str, np.ndarray],
        estimate: Estimate,
        assumption: Assumption,
    ) -> "Target":
        seen, drawn = pick(scores), pick(samples)
        own, pairs = _find_variances(predictions, predictions.pairs, seen, drawn)
        if predictions.halves and scores.halves and samples.halves:
            arrays = pick(scores.halves), pick(samples.halves)
            of_halves = _find_variances(predictions.halves, predictions.pairs, *arrays)
            for known, others in zip((own, pairs), of_halves, strict=True):
                known |= {
                    sides: replace(variance, are_halves=True) for sides, variance in others.items() if variance.runs > 1
                }
        # A joint series says nothing that its members do not, so it borrows from them but lends nothing.
        joint = {name for name in predictions.members if predictions.method_of[name] == TOGETHER}
        spreads: dict[Sides, SeedSpread] = {}
        every = [(own, False), (own, True), (pairs, False), (pairs, True)]
        for known, are_halves in every:
            sampled = {sides: variance for sides, variance in known.items() if variance.are_halves == are_halves}
            plain = {sides: variance for sides, variance in sampled.items() if not joint & set(sides)}
            for part in (sampled, plain):
                independent = len(plain) if known is own else _count_independent(plain)
                if part:
                    spreads |= estimate(part, independent=max(1, independent) / len(part))
        single = [name for (name,), variance in own.items() if variance.runs == 1]
        lent = has_lenders({sides: variance for sides, variance in own.items() if not variance.are_halves})
        unit = "texts" if (units == support).all() else "groups of texts"
        return cls(
            predictions, names, support, units, unit, fewest, seen, drawn, of_one_text, spreads, single, assumption,
            lent,
        )  # fmt: skip

    def compare(self, first: str, second: str) -> tuple[list[dict[str, object]], Deviations]:
        """Rows of one pair, one per column, with what does not depend on other pairs; and what chance does to the
        differences in them. The p-value is NaN if too few texts or groups have the emotion."""
        shared = self.predictions.share_draws(first, second)
        sides = shared or [self.predictions.repetitions[first], self.predictions.repetitions[second]]
        of_pair = self.spreads.get((first, second))
        spreads = [of_pair] if of_pair else [self.spreads[first,], self.spreads[second,]]
        (mean, resampled), (other_mean, other_resampled) = map(self._average, sides)
        difference = mean - other_mean
        moved = np.abs(resampled - other_resampled - difference)
        least = (self.of_one_text[first] ** 2 + self.of_one_text[second] ** 2) / 2
        deviations = Deviations.of(difference, moved, least, spreads, self.predictions.text_freedom)
        alone = [series for series in (first, second) if series in self.single]
        rows = [
            {
                "emotion": name,
                "difference": difference[column],
                "p_value": np.nan if self.units[column] < self.fewest else deviations.p_value[column],
                "note": "; ".join(self._describe_evidence(first, second, column, alone, shared)),
                "support": int(self.support[column]),
                "evidence": f"{self.units[column]:,} {self.unit}",
                "assumed_spread": 100 * self.assumption.deviation if alone else np.nan,
                "is_spread_of_others": bool(alone) and self.is_of_others,
            }
            for column, name in enumerate(self.names)
        ]
        return rows, deviations

    def _describe_evidence(
        self, first: str, second: str, column: int, alone: list[str], shared: list[list[list[int]]] | None
    ) -> Iterator[str]:
        """Why the evidence on a pair is thin: `alone` are those of the two with one seed, `shared` the draws that both
        have."""
        if self.units[column] < self.fewest:
            have = " have it" if self.names[column] else ""
            yield f"only {self.units[column]:,} {self.unit}{have}, which is too few"
        if alone:
            spread = describe_spread(100 * self.assumption.deviation, self.is_of_others)
            yield f"one seed of {' and of '.join(alone)}: its spread between seeds is {spread}"
        if shared and any(len(self.predictions.draws_of[name]) > len(shared[0]) for name in (first, second)):
            yield f"compared by the {len(shared[0])} draws of training texts that both have"
        if (halves := self.predictions.halves) and (first, second) not in self.spreads:
            if halves.has_several_draws(first) and halves.has_several_draws(second):
                yield "no two halves of the training texts that both learned from, so their halves are not paired"
            else:
                yield "not both have several halves of the training texts, so it holds for these texts alone"

    def _average(self, side: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """The mean over these repetitions of a series, (columns,) and (resamples, columns); each is needed for several
        pairs."""
        key = tuple(map(tuple, side))
        if key not in self._averages:
            resampled = average_runs(self.drawn, side, axis=1).mean(axis=1)
            self._averages[key] = average_runs(self.seen, side).mean(axis=0), resampled
        return self._averages[key]


def measure_draws(predictions: Predictions, scores: Scores, samples: Scores) -> float:
    """The standard deviation of macro-F1 between draws of the training texts, the mean over series with several draws,
    or else halves, without text noise; NaN without such a series. Seeds differ between draws, too, and are part of
    it."""
    own, _ = _find_variances(predictions, [], _pick_macro(scores), _pick_macro(samples))
    variances = [
        max(float((variance.between - variance.own)[0]), 0.0)
        for (name,), variance in own.items()
        if predictions.has_several_draws(name)
    ]
    if not variances and predictions.halves and scores.halves and samples.halves:
        return measure_draws(predictions.halves, scores.halves, samples.halves)
    return float(np.sqrt(np.mean(variances))) if variances else np.nan


def _find_variances(
    predictions: Predictions, pairs: Sequence[tuple[str, str]], seen: np.ndarray, drawn: np.ndarray
) -> tuple[dict[Sides, SampleVariance], dict[Sides, SampleVariance]]:
    """Between the repetitions of each series, and between the differences of each of the pairs that shares draws."""

    def vary(repetitions: Repetitions) -> SampleVariance:
        return SampleVariance.of(_difference(seen, repetitions), _difference(drawn, repetitions, axis=1))

    own: dict[Sides, SampleVariance] = {
        (name,): vary([repetitions]) for name, repetitions in predictions.repetitions.items()
    }
    return own, {pair: vary(sides) for pair in pairs if (sides := predictions.share_draws(*pair))}


def _pick_macro(scores: Scores) -> np.ndarray:
    """(..., runs, 1)"""
    return scores.metrics["f1_macro"][..., None]


def _count_independent(pairs: Iterable[Sides]) -> int:
    """Of the pairs of n series, n - 1 are independent; series that share no draws are counted apart."""
    groups: list[set[str]] = []
    for pair in pairs:
        joined = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in joined] + [set(pair).union(*joined)]
    return sum(len(group) - 1 for group in groups)


def _difference(scores: np.ndarray, sides: Repetitions, axis: int = 0) -> np.ndarray:
    """The scores of each repetition of one side, or the differences to the same repetition of the other side."""
    first, *others = (average_runs(scores, side, axis) for side in sides)
    return first - others[0] if others else first


def _f1_of_one_text(predictions: Predictions) -> dict[str, np.ndarray]:
    """(labels,) by how much one more hit moves each series' F1 = 2 hits / (predicted + true)."""
    moved = {}
    for series, places in predictions.members.items():
        predicted = predictions.predicted[places].sum(axis=1).mean(axis=0)
        moved[series] = 2 / np.maximum(predicted + predictions.support, 2)
    return moved
