"""Which of two series is better, overall and for each emotion: the verdicts on all pairs of a comparison.

A pair is tested by a paired bootstrap over texts, widened by the spread between seeds or between draws of the training
texts (emocore.evaluation.paired_tests, emocore.evaluation.seed_spread). So a verdict is about methods, not about two
adapters; with seeds alone, about methods that learn from these training texts.

p-values are corrected by Holm (1979) for all that runs on the same texts could show: overall for the number of pairs,
by emotion for the number of pairs times emotions. So among series that do not differ, at most about one comparison in
20 finds a difference overall, and one in 20 for any emotion. `make coverage` measures how often a verdict is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from emocore.evaluation.bootstrap import Scores
from emocore.evaluation.intervals import FEWEST_POSITIVES, LEVEL
from emocore.evaluation.paired_tests import Target
from emocore.evaluation.predictions import Predictions

ALPHA = 1 - LEVEL
MARGIN = 0.01  # a difference of macro-F1 that does not matter

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
    overall, by_emotion = (
        Target.of_macro(predictions, scores, samples),
        Target.of_emotions(predictions, scores, samples),
    )
    rows = [
        {
            "first": first,
            "second": second,
            "first_method": predictions.method_of[first],
            "second_method": predictions.method_of[second],
            **row,
        }
        for first, second in predictions.pairs
        for target in (overall, by_emotion)
        for row in target.compare(first, second)
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *SPREAD_COLUMNS])
    is_overall = table["emotion"] == ""
    is_tested = ~is_overall & (table["support"] >= FEWEST_POSITIVES)
    for family in (is_overall, is_tested):
        table.loc[family, "p_adjusted"] = adjust_holm(table.loc[family, "p_value"].to_numpy())
    is_clear = table["p_adjusted"] <= ALPHA
    table["verdict"] = np.where(is_clear, np.where(table["difference"] > 0, "better", "worse"), "tie")
    return Verdicts(table)


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down correction of p-values (..., m): the k-th smallest of m times m - k + 1, never decreasing, at
    most 1."""
    order = np.argsort(p_values, axis=-1, kind="stable")
    steps = np.take_along_axis(p_values, order, axis=-1) * np.arange(p_values.shape[-1], 0, -1)
    adjusted = np.empty(p_values.shape)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=-1), 1), axis=-1)
    return adjusted
