"""How two series compare, overall and for each emotion: the verdicts on all pairs of a comparison, in four words.

- *Better* (or *worse*): the interval of the difference leaves out zero, corrected by Holm (1979) for all that runs on
  the same texts could show: overall for the number of pairs, by emotion for the number of pairs times emotions. If a
  study has a plan, all pairs of the plan count, even if fewer are shown. So among series that do not differ, at most
  about one comparison in 20 finds a difference overall, and one in 20 for any emotion.
- *Equal*: not better, and the pair's own 90 % interval lies within the margin, which is that of the study. These are
  two one-sided tests at 5 % (Schuirmann 1987). They are not corrected, because several series are only called equal
  if every pair is.
- *Leans* better (or worse): neither, but the pair's own 95 % interval leaves out zero. This is no verdict.
- *Open*: anything else.

A pair is tested by a paired bootstrap over texts, widened by the spread between seeds or between draws of the training
texts (emocore.evaluation.paired_tests, emocore.evaluation.seed_spread). So a verdict is about methods, not about two
adapters; with seeds alone, about methods that learn from these training texts. `make coverage` measures how often a
verdict is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from emocore.evaluation.bootstrap import Scores
from emocore.evaluation.deviations import Deviations
from emocore.evaluation.intervals import FEWEST_POSITIVES, LEVEL
from emocore.evaluation.paired_tests import Target
from emocore.evaluation.predictions import Predictions

ALPHA = 1 - LEVEL
EQUAL_ALPHA = 2 * ALPHA  # of an interval with ALPHA on each side
MARGIN = 0.01  # a difference of macro-F1 that does not matter, unless a study says otherwise

# Which interval decided, and so stands beside the word.
CORRECTED, OWN, OF_EQUALITY = "corrected 95 %", "95 %", "90 %"

COLUMNS = [
    "first", "second", "first_method", "second_method", "emotion", "verdict", "difference", "low", "high", "interval",
    "probability", "p_value", "p_adjusted", "note", "support",
]  # fmt: skip
SPREAD_COLUMNS = ["assumed_spread", "is_spread_of_others"]
# The ends of each interval that a pair has; `low` and `high` are those of one of the others.
ENDS = [("low", "high"), ("low_95", "high_95"), ("low_90", "high_90")]
FURTHER_COLUMNS = ["evidence", *SPREAD_COLUMNS, *(end for ends in ENDS[1:] for end in ends)]
OPPOSITES = {
    "better": "worse",
    "worse": "better",
    "equal": "equal",
    "leans better": "leans worse",
    "leans worse": "leans better",
    "open": "open",
}
UNDECIDED = ("leans better", "leans worse", "open")


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts on pairs of series, as seen from the first of each pair.

    `rows` has one row per pair and target, with COLUMNS and FURTHER_COLUMNS; an empty `emotion` stands for macro-F1.
    `difference` is the first's mean over seeds minus the second's, `verdict` a key of OPPOSITES, and `low`, `high` and
    `interval` are of the interval that decided on it. `probability` is that of the first being better, given the data
    alone (the share of the t-distribution above zero). `note` says why the evidence is thin, if it is; with too few
    texts there is no interval and no probability, and the pair is open. `support` is the number of texts or, by
    emotion, of texts that have it; `evidence` is that number in words, or the number of groups if texts have groups.
    `assumed_spread`, in points, is the smallest spread that was assumed for a series
    with one seed, NaN if both have several; `is_spread_of_others` says whether it was taken from other series of the
    comparison. `margin` is the largest difference, of macro-F1 or of F1, between equals.
    """

    rows: pd.DataFrame
    margin: float = MARGIN

    @property
    def margin_text(self) -> str:
        """The margin in words: 1 point; 0.5 points."""
        return f"{100 * self.margin:g} {'point' if self.margin == MARGIN else 'points'}"

    @classmethod
    def join(cls, parts: Sequence["Verdicts"]) -> "Verdicts":
        """All parts, which have the same margin, in this order; empty if there are none."""
        if not parts:
            return cls(pd.DataFrame(columns=[*COLUMNS, *FURTHER_COLUMNS]))
        tables = [part.rows for part in parts if len(part.rows)] or [parts[0].rows]
        return replace(parts[0], rows=pd.concat(tables, ignore_index=True))

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
        return replace(self, rows=self.rows[(self.rows["first"] == series) | (self.rows["second"] == series)])

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
            probability=rows["probability"].where(~is_late, 1 - rows["probability"]),
            verdict=rows["verdict"].where(~is_late, rows["verdict"].map(OPPOSITES)),
            **{low: rows[low].where(~is_late, -rows[high]) for low, high in ENDS},
            **{high: rows[high].where(~is_late, -rows[low]) for low, high in ENDS},
        )
        order = turned["first"].map(places) * len(places) + turned["second"].map(places)
        return replace(self, rows=turned.loc[order.sort_values(kind="stable").index])

    def between(self, first: str, second: str) -> pd.Series:
        """The verdict on macro-F1 of two series that were tested, as seen from `first`: a row of `overall`."""
        return self._overall_by_pair[first, second]

    def find(self, first: str, second: str, emotion: str | None = None) -> str | None:
        """The verdict on macro-F1 or on an emotion, as seen from `first`; None if the pair was not tested."""
        return self._by_pair.get((first, second, emotion or ""))

    def find_leader(self, series: Sequence[str]) -> str:
        """The first of `series`, the best first, that no other is better than. Usually this is the very first; but a
        pair is compared only by the draws of training texts that both have, which the mean over all draws is not."""
        return next((name for name in series if all(self.find(other, name) != "better" for other in series)), series[0])

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
    def _overall_by_pair(self) -> dict[tuple[str, str], pd.Series]:
        """First and second -> their row of `overall`, with each pair in both orders."""
        names = list(dict.fromkeys(self.rows[["first", "second"]].to_numpy().ravel()))
        tables = [self.among(order).overall for order in (names, names[::-1])]
        return {(row["first"], row["second"]): row for table in tables for _, row in table.iterrows()}

    @cached_property
    def _by_pair(self) -> dict[tuple[str, str, str], str]:
        """First, second and emotion -> verdict, with each pair in both orders."""
        seen = list(self.rows[["first", "second", "emotion", "verdict"]].itertuples(index=False, name=None))
        turned = {(second, first, emotion): OPPOSITES[verdict] for first, second, emotion, verdict in seen}
        return turned | {(first, second, emotion): verdict for first, second, emotion, verdict in seen}


def compare_pairs(
    predictions: Predictions, scores: Scores, samples: Scores, margin: float = MARGIN, family_pairs: int = 0
) -> Verdicts:
    """The verdicts on all pairs of series; `scores` and `samples` are those of `predictions`.

    Corrected for as many pairs as there are or, if those are more, for `family_pairs`. With too few texts
    (FEWEST_TEXTS overall, FEWEST_POSITIVES with an emotion), there is no interval and the pair is open.
    """
    if not predictions.pairs:
        return Verdicts(Verdicts.join([]).rows, margin)
    overall, by_emotion = (
        Target.of_macro(predictions, scores, samples),
        Target.of_emotions(predictions, scores, samples),
    )
    rows: list[dict[str, object]] = []
    parts = []
    for first, second in predictions.pairs:
        pair = {
            "first": first,
            "second": second,
            "first_method": predictions.method_of[first],
            "second_method": predictions.method_of[second],
        }
        for target in (overall, by_emotion):
            found, deviations = target.compare(first, second)
            rows += [pair | row for row in found]
            parts.append(deviations)
    table = pd.DataFrame(rows, columns=[*COLUMNS, *FURTHER_COLUMNS])
    is_overall, is_tested = table["emotion"] == "", table["p_value"].notna()
    pairs = max(len(predictions.pairs), family_pairs)
    for family, size in (
        (is_overall & is_tested, pairs),
        (~is_overall & is_tested, pairs * int((predictions.unit_support >= FEWEST_POSITIVES).sum())),
    ):
        table.loc[family, "p_adjusted"] = adjust_holm(table.loc[family, "p_value"].to_numpy(float), size)
    return _judge(table, Deviations.join(parts), margin)


def _judge(table: pd.DataFrame, deviations: Deviations, margin: float) -> Verdicts:
    """The rows with their words, intervals and probabilities; `deviations` has one column per row."""
    difference = table["difference"].to_numpy(float)
    p_value, p_adjusted = (table[column].to_numpy(float) for column in ("p_value", "p_adjusted"))
    is_known = ~np.isnan(p_value)
    # The level at which Holm tests this difference.
    corrected = ALPHA * np.divide(p_value, p_adjusted, out=np.ones_like(p_value), where=p_adjusted > 0)
    reach = {
        interval: np.where(is_known, deviations.reach(alpha), np.nan)
        for interval, alpha in (
            (CORRECTED, corrected),
            (OWN, np.full_like(p_value, ALPHA)),
            (OF_EQUALITY, np.full_like(p_value, EQUAL_ALPHA)),
        )
    }
    is_clear = p_adjusted <= ALPHA
    is_equal = ~is_clear & (np.abs(difference) + reach[OF_EQUALITY] < margin)
    leans = ~is_clear & ~is_equal & (p_value <= ALPHA)
    interval = np.select([is_clear & (p_adjusted > p_value), is_equal, is_known], [CORRECTED, OF_EQUALITY, OWN], "")
    half = np.select([interval == name for name in reach], list(reach.values()), np.nan)
    sides = np.where(difference > 0, "better", "worse")
    judged = table.assign(
        verdict=np.select([is_clear, is_equal, leans], [sides, "equal", np.char.add("leans ", sides)], "open"),
        interval=interval,
        **{
            name: np.clip(difference + sign * width, -1, 1)
            for (low, high), width in zip(ENDS, (half, reach[OWN], reach[OF_EQUALITY]), strict=True)
            for name, sign in ((low, -1), (high, 1))
        },
        probability=np.where(difference > 0, 1 - p_value / 2, p_value / 2),
    )
    verdicts = Verdicts(judged, margin)
    small = f"surely by less than {verdicts.margin_text}"
    for place in judged.index[is_clear & (np.abs(difference) + half < margin)]:
        judged.loc[place, "note"] = "; ".join(filter(None, [small, judged.loc[place, "note"]]))
    return verdicts


def adjust_holm(p_values: np.ndarray, size: int | None = None) -> np.ndarray:
    """Holm's step-down correction of p-values (..., m): the k-th smallest of m times m - k + 1, never decreasing, at
    most 1. If `size` tests were planned, it takes the place of m."""
    order = np.argsort(p_values, axis=-1, kind="stable")
    planned = p_values.shape[-1] if size is None else size
    steps = np.take_along_axis(p_values, order, axis=-1) * (planned - np.arange(p_values.shape[-1]))
    adjusted = np.empty(p_values.shape)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=-1), 1), axis=-1)
    return adjusted
