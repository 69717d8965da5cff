"""The test of one pair of series: p-values and intervals of differences between their means over seeds.

All series are scored on the same resampled texts. The deviation of resampled differences from the observed difference
shows the effect of chance: the p-value is the share of resamples that deviate at least as much as zero does, and the 95
% interval contains 95 % of them (it is symmetric, so it contains zero exactly if p > 0.05). Resamples vary only the
texts; the spread between seeds (emocore.evaluation.seed_spread) widens them to the sum of both variances, with heavier
tails for few seeds.

Two series that err on the same texts show no variance over texts, as where both never predict a rare emotion. It is
taken to be at least that of one text which only one of them gets right, as Agresti and Min (2005) add one such text to
the counts of a difference between paired proportions. So no interval has a width of zero.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from emocore.evaluation.bootstrap import Scores
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
    sample_variances,
)

# With fewer texts (12 to 40), two models with the same macro-F1 got a verdict in 8 to 11 % of simulations.
FEWEST_TEXTS = 100


@dataclass(frozen=True)
class Target:
    """What series are compared in: one column for the overall macro-F1, or one column per emotion for F1.

    Of each series, `means` is (columns,), `samples` (resamples, columns), and `of_one_text` (columns,) is by how much
    one text moves its score. `assumption` is the least spread of the `single` series, which have one seed;
    `is_of_others` is as in `Verdicts`.
    """

    names: tuple[str, ...]
    support: np.ndarray
    fewest: int
    means: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    of_one_text: dict[str, np.ndarray]
    spreads: dict[str, SeedSpread]
    single: list[str]
    assumption: Assumption
    is_of_others: bool

    @classmethod
    def of_macro(cls, predictions: Predictions, scores: Scores, samples: Scores) -> "Target":
        """macro-F1. One text moves it by what it moves the F1 of an average emotion, divided by their number."""
        seen, drawn = scores.metrics["f1_macro"][:, None], samples.metrics["f1_macro"][..., None]
        own = sample_variances(predictions.members, seen, drawn)
        moved = {name: np.sqrt([(f1**2).mean()]) / len(f1) for name, f1 in _f1_of_one_text(predictions).items()}
        spreads, texts = estimate_macro_spread(own), np.array([len(predictions.truth)])
        return cls._of(predictions, ("",), texts, FEWEST_TEXTS, seen, drawn, moved, own, spreads, MACRO_ASSUMPTION)

    @classmethod
    def of_emotions(cls, predictions: Predictions, scores: Scores, samples: Scores) -> "Target":
        """F1 of each emotion."""
        seen, drawn, support = scores.emotions, samples.emotions, predictions.support
        own = sample_variances(predictions.members, seen, drawn)
        moved, spreads = _f1_of_one_text(predictions), estimate_emotion_spread(own, support)
        names, fewest = predictions.labels, FEWEST_POSITIVES
        return cls._of(predictions, names, support, fewest, seen, drawn, moved, own, spreads, EMOTION_ASSUMPTION)

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
        own: dict[str, SampleVariance],
        spreads: dict[str, SeedSpread],
        assumption: Assumption,
    ) -> "Target":
        means = {series: seen[places].mean(axis=0) for series, places in predictions.members.items()}
        samples = {series: drawn[:, places].mean(axis=1) for series, places in predictions.members.items()}
        single = [series for series, variance in own.items() if variance.runs == 1]
        lent = has_lenders(own)
        return cls(names, support, fewest, means, samples, of_one_text, spreads, single, assumption, lent)

    def compare(self, first: str, second: str) -> Iterator[dict[str, object]]:
        """Rows of one pair, without columns that depend on other pairs."""
        difference = self.means[first] - self.means[second]
        moved = np.abs(self.samples[first] - self.samples[second] - difference)
        least = (self.of_one_text[first] ** 2 + self.of_one_text[second] ** 2) / 2
        p_value, reach = _test(difference, moved, least, [self.spreads[first], self.spreads[second]])
        is_thin = self.support < self.fewest
        alone = [series for series in (first, second) if series in self.single]
        for column, name in enumerate(self.names):
            notes = []
            if is_thin[column]:
                notes.append(f"only {self.support[column]} texts{' have it' if name else ''}, which is too few")
            if alone:
                spread = describe_spread(100 * self.assumption.deviation, self.is_of_others)
                notes.append(f"one seed of {' and of '.join(alone)}: its spread between seeds is {spread}")
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
