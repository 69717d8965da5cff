"""The test of one pair of series: p-values and intervals of differences between their means over repetitions.

All series are scored on the same resampled texts. The deviation of resampled differences from the observed difference
shows the effect of chance: the p-value is the share of resamples that deviate at least as much as zero does, and the 95
% interval contains 95 % of them (it is symmetric, so it contains zero exactly if p > 0.05). Resamples vary only the
texts; the spread between seeds (emocore.evaluation.seed_spread) widens them to the sum of both variances, with heavier
tails for few seeds. Series that learned from the same draws of the training texts are compared draw by draw instead:
their differences by draw have a spread of their own, without what a draw does to both.

Two series that err on the same texts show no variance over texts, as where both never predict a rare emotion. It is
taken to be at least that of one text which only one of them gets right, as Agresti and Min (2005) add one such text to
the counts of a difference between paired proportions. So no interval has a width of zero.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import scipy

from emocore.evaluation.bootstrap import Scores, average_runs
from emocore.evaluation.intervals import FEWEST_POSITIVES, LEVEL, NORMAL_QUANTILE
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.seed_spread import (
    EMOTION_ASSUMPTION,
    MACRO_ASSUMPTION,
    Assumption,
    SampleVariance,
    SeedSpread,
    combined_freedom,
    describe_spread,
    estimate_emotion_spread,
    estimate_macro_spread,
    has_lenders,
)

# With fewer texts (12 to 40), two models with the same macro-F1 got a verdict in 8 to 11 % of simulations.
FEWEST_TEXTS = 100

Sides = tuple[str, ...]
"""One series, or a pair."""
Repetitions = Sequence[Sequence[Sequence[int]]]
"""Of each side its repetitions, each as the places of its runs."""
Estimate = Callable[..., dict[Sides, SeedSpread]]


@dataclass(frozen=True)
class Target:
    """What series are compared in: one column for the overall macro-F1, or one column per emotion for F1.

    `seen` is (runs, columns) and `drawn` (resamples, runs, columns); `of_one_text` (columns,) is by how much one text
    moves the score of a series. `spreads` are of single series and of pairs that share draws of the training texts.
    `assumption` is the least spread of the `single` series, which have one seed; `is_of_others` is as in `Verdicts`.
    """

    predictions: Predictions
    names: tuple[str, ...]
    support: np.ndarray
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
        seen, drawn = scores.metrics["f1_macro"][:, None], samples.metrics["f1_macro"][..., None]
        moved = {name: np.sqrt([(f1**2).mean()]) / len(f1) for name, f1 in _f1_of_one_text(predictions).items()}
        texts = np.array([len(predictions.truth)])
        return cls._of(
            predictions, ("",), texts, FEWEST_TEXTS, seen, drawn, moved, estimate_macro_spread, MACRO_ASSUMPTION
        )

    @classmethod
    def of_emotions(cls, predictions: Predictions, scores: Scores, samples: Scores) -> "Target":
        """F1 of each emotion."""
        names, support, moved = predictions.labels, predictions.support, _f1_of_one_text(predictions)
        estimate = partial(estimate_emotion_spread, support=support)
        return cls._of(
            predictions, names, support, FEWEST_POSITIVES, scores.emotions, samples.emotions, moved, estimate,
            EMOTION_ASSUMPTION,
        )  # fmt: skip

    @classmethod
    def _of(
        cls,
        predictions: Predictions,
        names: tuple[str, ...],
        support: np.ndarray,
        fewest: int,
        seen: np.ndarray,
        drawn: np.ndarray,
        of_one_text: dict[str, np.ndarray],
        estimate: Estimate,
        assumption: Assumption,
    ) -> "Target":
        def vary(repetitions: Repetitions) -> SampleVariance:
            return SampleVariance.of(_difference(seen, repetitions), _difference(drawn, repetitions, axis=1))

        own: dict[Sides, SampleVariance] = {
            (name,): vary([repetitions]) for name, repetitions in predictions.repetitions.items()
        }
        pairs: dict[Sides, SampleVariance] = {
            pair: vary(sides) for pair in predictions.pairs if (sides := predictions.share_draws(*pair))
        }
        spreads = estimate(own, independent=1.0)
        if pairs:
            spreads |= estimate(pairs, independent=_count_independent(pairs) / len(pairs))
        single = [name for name, repetitions in predictions.repetitions.items() if len(repetitions) == 1]
        lent = has_lenders(own)
        return cls(predictions, names, support, fewest, seen, drawn, of_one_text, spreads, single, assumption, lent)

    def compare(self, first: str, second: str) -> Iterator[dict[str, object]]:
        """Rows of one pair, without columns that depend on other pairs."""
        shared = self.predictions.share_draws(first, second)
        sides = shared or [self.predictions.repetitions[first], self.predictions.repetitions[second]]
        spreads = [self.spreads[first, second]] if shared else [self.spreads[first,], self.spreads[second,]]
        (mean, resampled), (other_mean, other_resampled) = map(self._average, sides)
        difference = mean - other_mean
        moved = np.abs(resampled - other_resampled - difference)
        least = (self.of_one_text[first] ** 2 + self.of_one_text[second] ** 2) / 2
        p_value, reach = _test(difference, moved, least, spreads)
        is_thin = self.support < self.fewest
        alone = [series for series in (first, second) if series in self.single]
        for column, name in enumerate(self.names):
            notes = []
            if is_thin[column]:
                notes.append(f"only {self.support[column]} texts{' have it' if name else ''}, which is too few")
            if alone:
                spread = describe_spread(100 * self.assumption.deviation, self.is_of_others)
                notes.append(f"one seed of {' and of '.join(alone)}: its spread between seeds is {spread}")
            if shared and any(len(self.predictions.draws_of[name]) > len(sides[0]) for name in (first, second)):
                notes.append(f"compared by the {len(sides[0])} draws of training texts that both have")
            yield {
                "emotion": name,
                "difference": difference[column],
                "low": np.nan if is_thin[column] else difference[column] - reach[column],
                "high": np.nan if is_thin[column] else difference[column] + reach[column],
                "p_value": 1.0 if is_thin[column] else p_value[column],
                "p_adjusted": 1.0,
                "verdict": "tie",
                "note": "; ".join(notes),
                "support": int(self.support[column]),
                "assumed_spread": 100 * self.assumption.deviation if alone else np.nan,
                "is_spread_of_others": bool(alone) and self.is_of_others,
            }

    def _average(self, side: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """The mean over these repetitions of a series, (columns,) and (resamples, columns); each is needed for several
        pairs."""
        key = tuple(map(tuple, side))
        if key not in self._averages:
            resampled = average_runs(self.drawn, side, axis=1).mean(axis=1)
            self._averages[key] = average_runs(self.seen, side).mean(axis=0), resampled
        return self._averages[key]


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


def _test(
    difference: np.ndarray, moved: np.ndarray, least: np.ndarray, seeds: Sequence[SeedSpread]
) -> tuple[np.ndarray, np.ndarray]:
    """p-values and half the widths of the intervals, (columns,) each, from `moved` (resamples, columns).

    Each bootstrap deviation is mapped to the t-distribution with the same tail probability, so that the variances of
    texts, at least `least` (columns,), and of seeds are combined.
    """
    resampled = (moved.astype(float) ** 2).mean(axis=0)
    total = np.maximum(resampled, least) + sum(spread.variance for spread in seeds)
    freedom, error = combined_freedom(total, seeds), np.sqrt(total)
    beyond = scipy.stats.t.sf(np.abs(difference) / error, freedom)
    with np.errstate(invalid="ignore"):  # if no resample differs
        count = (moved >= scipy.stats.norm.isf(beyond) * np.sqrt(resampled)).sum(axis=0)
    ends = np.quantile(moved, LEVEL, axis=0)
    normal = np.full_like(error, NORMAL_QUANTILE)
    ends = np.divide(ends, np.sqrt(resampled), out=normal, where=resampled > 0)
    p_value = (1 + count) / (1 + len(moved))
    # Resamples cannot show p-values below one of them, and after correction for many pairs none would be significant.
    p_value = np.where(count == 0, np.minimum(2 * beyond, p_value), p_value)
    p_value = np.where(resampled == 0, 2 * beyond, p_value)
    return p_value, scipy.stats.t.isf(scipy.stats.norm.sf(ends), freedom) * error
