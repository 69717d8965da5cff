"""Cells about verdicts: studies of methods whose gaps are known, and how many of their verdicts are false or true.

A study has seeds of one draw of the training texts, or replicates: all methods are trained on the same draws, with one
seed on each. With tuned thresholds, all runs tune theirs on one draw of the validation texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from benchmarks.coverage.cells import Cell
from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.predictions import Predictions, ThresholdPolicy
from emocore.evaluation.verdicts import MARGIN, Verdicts, compare_pairs
from tests.support.simulated import GAIN_OF_A_POINT, tune_on, use_thresholds

# The words of a verdict that can be false, as seen from the first of a pair, and the ends of a pair's 95 % interval.
SIGNS, EQUAL = {"better": 1, "worse": -1}, "equal"
LOW, HIGH = "low_95", "high_95"
MARGIN_POINTS = 100 * MARGIN

COUNTED = ("false overall", "false emotions", "true overall", "true emotions", "above", "below", "equal", "false equal")


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyCell(Cell):
    """A study of methods whose macro-F1 lies `gaps` points below the best; `runs` are each method's seeds or, with
    `is_by_draw`, the replicates that all of them have."""

    runs: Sequence[int]
    gaps: Sequence[float]
    is_by_draw: bool
    thresholds: ThresholdPolicy

    @property
    def columns(self) -> tuple[str, ...]:
        """COUNTED, and the right verdicts on pairs of each gap.

        "above" and "below" count pairs without a gap whose interval lies above and below zero; "equal" counts pairs
        that are called equal and are within the margin, "false equal" those that are not within it.
        """
        return *COUNTED, *(f"found {gap:g}" for gap in self.pairs_of_gap if gap)

    @property
    def pairs_of_gap(self) -> dict[float, int]:
        """Points between two methods, smallest first -> how many pairs are so far apart."""
        apart = [round(abs(first - second), 6) for first, second in combinations(self.gaps, 2)]
        return {gap: apart.count(gap) for gap in sorted(set(apart))}

    def is_near(self, gap: float) -> bool:
        """Whether methods that are so many points apart are equal for all purposes: within the margin."""
        return abs(gap) < MARGIN_POINTS

    def simulate(self, number: int) -> list[float]:
        predictions = self.draw(np.random.default_rng([13, number]))
        verdicts = compare_pairs(predictions, score(predictions), resample(predictions, self.resamples, seed=number))
        counts = self.count(predictions, verdicts)
        return [float(counts[column]) for column in self.columns]

    def draw(self, random: np.random.Generator) -> Predictions:
        """The answers of one study."""
        if self.is_by_draw:
            trained = self.world.draw_replicates(random, len(self.gaps), self.runs[0])
        else:
            trained = [self.world.draw_seeds(random, own) for own in self.runs]
        gains = [-GAIN_OF_A_POINT[self.thresholds] * gap for gap in self.gaps]
        models = [(*own, gain) for own, gain in zip(trained, gains, strict=True)]
        predictions = self.world.draw(random, models)
        if self.is_by_draw:
            predictions = replace(predictions, draws=tuple(map(str, range(self.runs[0]))) * len(self.gaps))
        if self.thresholds == "tuned":
            predictions = use_thresholds(predictions, tune_on(self.world.draw_validation(random, models)))
        return predictions

    def count(self, predictions: Predictions, verdicts: Verdicts) -> dict[str, float]:
        """By the names in `columns`. An emotion has the sign of the overall gap, since a gain moves all emotions."""
        gap_of = dict(zip(predictions.members, self.gaps, strict=True))
        counts: dict[str, float] = {}
        for kind, rows in (("overall", verdicts.overall), ("emotions", verdicts.by_emotion)):
            apart = [
                gap_of[second] - gap_of[first] for first, second in zip(rows["first"], rows["second"], strict=True)
            ]
            ahead = pd.Series(apart, index=rows.index, dtype=float).round(6)
            sign = rows["verdict"].map(SIGNS).fillna(0)
            is_equal, is_near = rows["verdict"] == EQUAL, ahead.map(self.is_near)
            is_right = (sign != 0) & (sign == np.sign(ahead))
            counts[f"false {kind}"] = ((sign != 0) & ~is_right).sum()
            counts[f"true {kind}"] = is_right.sum()
            if kind == "overall":  # the gap of one emotion may be within the margin although the overall one is not
                counts["false overall"] += (is_equal & ~is_near).sum()
                counts |= {"equal": (is_equal & is_near).sum(), "false equal": (is_equal & ~is_near).sum()}
                counts |= _count_misses(rows[ahead == 0])
                counts |= {f"found {gap:g}": is_right[ahead.abs() == gap].sum() for gap in self.pairs_of_gap}
        return counts


def _count_misses(equal: pd.DataFrame) -> dict[str, float]:
    """Pairs without a gap whose interval lies above and below zero."""
    return {"above": (equal[LOW] > 0).sum(), "below": (equal[HIGH] < 0).sum()}
