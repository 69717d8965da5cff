"""Which of two series is better, overall and for each emotion: a paired bootstrap over texts, widened by seeds.

All series are scored on the same resampled texts. The deviation of resampled differences from the observed difference
shows the effect of chance: the p-value is the share of resamples that deviate at least as much as zero does, and the 95
% interval contains 95 % of them (it is symmetric, so it contains zero exactly if p > 0.05). Resamples vary only the
texts; the spread between seeds (see emocore.evaluation.intervals) widens them to the sum of both variances, with
heavier tails for few seeds.

A series with one seed shows no spread. It gets the spread of the other series with several seeds, and at least
SEED_DEVIATION, since a few seeds may be similar by chance or because of their method; the note says so. So a verdict is
about methods, not about two adapters.

p-values are corrected by Holm (1979): overall for the number of pairs, by emotion for the number of emotions.
`make coverage` measures how often a verdict is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from emocore.evaluation.bootstrap import Scores
from emocore.evaluation.intervals import (
    FEWEST_POSITIVES,
    LEVEL,
    NORMAL_QUANTILE,
    Variances,
    degrees_of_freedom,
    split_variance,
)
from emocore.evaluation.predictions import Predictions

ALPHA = 1 - LEVEL
# With fewer texts (12 to 40), two models with the same macro-F1 got a verdict in 8 to 11 % of simulations.
FEWEST_TEXTS = 100
# Standard deviation between seeds of macro-F1 and of one emotion's F1: the root mean squares over LoRA, IA3, QLoRA and
# Head were 0.0064 and 0.0195 (minilm-l6, 1,000 texts of SemEval-2018 E-c, three seeds each, as launched).
SEED_DEVIATION = 0.007
SEED_DEVIATION_OF_EMOTION = 0.02

COLUMNS = [
    "first", "second", "first_method", "second_method", "emotion", "difference", "low", "high",
    "p_value", "p_adjusted", "verdict", "note", "support",
]  # fmt: skip
SPREAD_COLUMNS = ["assumed_spread", "is_spread_of_others"]
OPPOSITES = {"better": "worse", "worse": "better", "tie": "tie"}


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts on pairs of series, as seen from the first of each pair.

    `rows` has one row per pair and target, with COLUMNS and SPREAD_COLUMNS; an empty `emotion` stands for macro-F1.
    `difference` is the first's mean over seeds minus the second's, and `verdict` is "better", "worse" or "tie". `note`
    says why the evidence is thin, if it is. `support` is the number of texts or, by emotion, of texts that have it.
    `assumed_spread`, in points, is the smallest spread that was assumed for a series with one seed, NaN if both have
    several; `is_spread_of_others` says whether it was taken from other series of the comparison.
    """

    rows: pd.DataFrame

    @classmethod
    def join(cls, parts: Sequence["Verdicts"]) -> "Verdicts":
        """All parts in this order; empty if there are none."""
        tables = [part.rows for part in parts] or [pd.DataFrame(columns=[*COLUMNS, *SPREAD_COLUMNS])]
        return cls(pd.concat(tables, ignore_index=True))

    @cached_property
    def overall(self) -> pd.DataFrame:
        """One row per pair: the verdicts on macro-F1."""
        return self.rows[self.rows["emotion"] == ""].drop(columns="emotion").reset_index(drop=True)

    @cached_property
    def by_emotion(self) -> pd.DataFrame:
        """One row per pair and emotion."""
        return self.rows[self.rows["emotion"] != ""].reset_index(drop=True)

    def to_table(self, overall: str = "") -> pd.DataFrame:
        """COLUMNS for a file or a page, with each pair's verdict on macro-F1 first and `overall` as its `emotion`."""
        emotion = self.rows["emotion"]
        return self.rows[COLUMNS].assign(emotion=emotion.where(emotion != "", overall))

    def of(self, series: str) -> "Verdicts":
        """The pairs that a series is part of, unchanged."""
        return Verdicts(self.rows[(self.rows["first"] == series) | (self.rows["second"] == series)])

    def among(self, series: Sequence[str]) -> "Verdicts":
        """The pairs of these series in their order; a pair is reversed if its first series comes after its second."""
        places = {name: place for place, name in enumerate(series)}
        rows = self.rows[self.rows["first"].isin(places) & self.rows["second"].isin(places)]
        is_late = rows["first"].map(places) > rows["second"].map(places)
        turned = rows.assign(
            first=rows["second"].where(is_late, rows["first"]),
            second=rows["first"].where(is_late, rows["second"]),
            first_method=rows["second_method"].where(is_late, rows["first_method"]),
            second_method=rows["first_method"].where(is_late, rows["second_method"]),
            difference=rows["difference"].where(~is_late, -rows["difference"]),
            low=rows["low"].where(~is_late, -rows["high"]),
            high=rows["high"].where(~is_late, -rows["low"]),
            verdict=rows["verdict"].where(~is_late, rows["verdict"].map(OPPOSITES)),
        )
        order = turned["first"].map(places) * len(places) + turned["second"].map(places)
        return Verdicts(turned.loc[order.sort_values(kind="stable").index])

    def between(self, first: str, second: str) -> pd.Series:
        """The verdict on macro-F1 of two series that were tested, as seen from `first`: a row of `overall`."""
        return self.among([first, second]).overall.iloc[0]

    def find(self, first: str, second: str, emotion: str | None = None) -> str | None:
        """The verdict on macro-F1 or on an emotion, as seen from `first`; None if the pair was not tested."""
        return self._by_pair.get((first, second, emotion or ""))

    def ties_of(self, series: str) -> list[str]:
        """The series that were tested against `series` and tie with it overall."""
        return [
            second
            for (first, second, emotion), verdict in self._by_pair.items()
            if first == series and not emotion and verdict == "tie"
        ]

    def group(self, series: Sequence[str]) -> list[list[str]]:
        """Group `series`, which all have verdicts, by their texts: within a group every pair was tested."""
        groups: list[list[str]] = []
        for name in series:
            home = next((group for group in groups if self.find(group[0], name)), None)
            if home is None:
                groups.append([name])
            else:
                home.append(name)
        return groups

    @cached_property
    def _by_pair(self) -> dict[tuple[str, str, str], str]:
        """First, second and emotion -> verdict, with each pair in both orders."""
        seen = list(self.rows[["first", "second", "emotion", "verdict"]].itertuples(index=False, name=None))
        turned = {(second, first, emotion): OPPOSITES[verdict] for first, second, emotion, verdict in seen}
        return turned | {(first, second, emotion): verdict for first, second, emotion, verdict in seen}


def compare_pairs(predictions: Predictions, scores: Scores, samples: Scores) -> Verdicts:
    """The verdicts on all pairs of series; `scores` and `samples` are those of `predictions`.

    With too few texts (FEWEST_TEXTS overall, FEWEST_POSITIVES with an emotion), there is no interval and a tie.
    """
    texts, names, support = np.array([len(predictions.truth)]), predictions.labels, predictions.support
    macro, drawn = scores.metrics["f1_macro"][:, None], samples.metrics["f1_macro"][..., None]
    overall = _Target.of(predictions, ("",), texts, FEWEST_TEXTS, macro, drawn, SEED_DEVIATION)
    f1, f1s = scores.emotions, samples.emotions
    by_emotion = _Target.of(predictions, names, support, FEWEST_POSITIVES, f1, f1s, SEED_DEVIATION_OF_EMOTION)
    rows = [
        {
            "first": first,
            "second": second,
            "first_method": predictions.method_of[first],
            "second_method": predictions.method_of[second],
            **row,
        }
        for first, second in combinations(predictions.members, 2)
        for target in (overall, by_emotion)
        for row in target.compare(first, second)
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *SPREAD_COLUMNS])
    is_overall = table["emotion"] == ""
    table.loc[is_overall, "p_adjusted"] = adjust_holm(table.loc[is_overall, "p_value"].to_numpy())
    is_tested = ~is_overall & (table["support"] >= FEWEST_POSITIVES)
    for _, pair in table[is_tested].groupby(["first", "second"], sort=False):
        table.loc[pair.index, "p_adjusted"] = adjust_holm(pair["p_value"].to_numpy())
    is_clear = table["p_adjusted"] <= ALPHA
    table["verdict"] = np.where(is_clear, np.where(table["difference"] > 0, "better", "worse"), "tie")
    return Verdicts(table)


def describe_spread(points: float, is_of_others: bool) -> str:
    """Words for the spread that was assumed for a series with one seed; see `Verdicts`."""
    return f"{'taken from the other methods, at least' if is_of_others else 'assumed,'} {points:.1f} points"


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down correction: the k-th smallest of m p-values times m - k + 1, never decreasing, at most 1."""
    order = np.argsort(p_values, kind="stable")
    steps = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(steps, 1)
    return adjusted


@dataclass(frozen=True)
class _Target:
    """What series are compared in: one column for the overall macro-F1, or one column per emotion for F1.

    `means` is (columns,) and `samples` (resamples, columns) of each series. `assumed` (columns,) is the variance
    between seeds of a series with one seed, at least that of `deviation`; `is_of_others` is as in `Verdicts`.
    """

    names: tuple[str, ...]
    support: np.ndarray
    fewest: int
    means: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    variances: dict[str, Variances]
    assumed: np.ndarray
    deviation: float
    is_of_others: bool

    @classmethod
    def of(
        cls,
        predictions: Predictions,
        names: tuple[str, ...],
        support: np.ndarray,
        fewest: int,
        scores: np.ndarray,
        samples: np.ndarray,
        deviation: float,
    ) -> "_Target":
        variances = {s: split_variance(scores[places], samples[:, places]) for s, places in predictions.members.items()}
        several = [v for v in variances.values() if v.runs > 1]
        assumed = np.full(len(names), deviation**2)
        if several:
            weights = sum(v.runs - 1 for v in several)
            assumed = np.maximum(assumed, sum(v.seeds * v.runs * (v.runs - 1) for v in several) / weights)
        means = {series: scores[places].mean(axis=0) for series, places in predictions.members.items()}
        drawn = {series: samples[:, places].mean(axis=1) for series, places in predictions.members.items()}
        return cls(names, support, fewest, means, drawn, variances, assumed, deviation, bool(several))

    def compare(self, first: str, second: str) -> Iterator[dict[str, object]]:
        """Rows of one pair, without columns that depend on other pairs."""
        difference = self.means[first] - self.means[second]
        moved = np.abs(self.samples[first] - self.samples[second] - difference)
        p_value, reach = self._test(difference, moved, [self._with_seeds(first), self._with_seeds(second)])
        is_thin = self.support < self.fewest
        alone = [series for series in (first, second) if self.variances[series].runs == 1]
        for column, name in enumerate(self.names):
            notes = []
            if is_thin[column]:
                notes.append(f"only {self.support[column]} texts{' have it' if name else ''}, which is too few")
            if alone:
                spread = describe_spread(100 * self.deviation, self.is_of_others)
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
                "assumed_spread": 100 * self.deviation if alone else np.nan,
                "is_spread_of_others": bool(alone) and self.is_of_others,
            }

    @staticmethod
    def _test(difference: np.ndarray, moved: np.ndarray, seeds: list[Variances]) -> tuple[np.ndarray, np.ndarray]:
        """p-values and half the widths of the intervals, (columns,) each, from `moved` (resamples, columns).

        Each bootstrap deviation is mapped to the t-distribution with the same tail probability, so that the variances
        of texts and seeds are combined.
        """
        texts = (moved.astype(float) ** 2).mean(axis=0)
        freedom = degrees_of_freedom([Variances(texts, np.zeros_like(texts), 1), *seeds])
        error = np.sqrt(texts + sum(part.seeds for part in seeds))
        never = np.where(difference == 0, 0, np.inf)  # an impossible deviation
        seen = np.divide(np.abs(difference), error, out=never, where=error > 0)
        beyond = scipy.stats.t.sf(seen, freedom)
        with np.errstate(invalid="ignore"):  # if no resample differs
            count = (moved >= scipy.stats.norm.isf(beyond) * np.sqrt(texts)).sum(axis=0)
        ends = np.quantile(moved, LEVEL, axis=0)
        ends = np.divide(ends, np.sqrt(texts), out=np.full_like(error, NORMAL_QUANTILE), where=texts > 0)
        p_value = (1 + count) / (1 + len(moved))
        # Resamples cannot show p-values below one of them, and after correction for many pairs none would be
        # significant.
        p_value = np.where(count == 0, np.minimum(2 * beyond, p_value), p_value)
        p_value = np.where(texts == 0, 2 * beyond, p_value)
        return p_value, scipy.stats.t.isf(scipy.stats.norm.sf(ends), freedom) * error

    def _with_seeds(self, series: str) -> Variances:
        """Only the variance over seeds; that of the texts belongs to the difference, since both series share them."""
        own = self.variances[series]
        seeds = own.seeds if own.runs > 1 else self.assumed
        return Variances(np.zeros_like(seeds), seeds, own.runs)
