"""The effect of thresholds: the same runs at tuned thresholds and at fixed ones.

Thresholds are tuned only on the validation split; emocore.thresholds says how, and how that split itself is scored.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.emotions import display_order
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.verdicts import UNDECIDED, Verdicts

METRICS = ("f1_macro", "f1_micro", "jaccard")
# Differences between policies below this many points count as no change.
LITTLE_POINTS = 0.05


def threshold_table(comparisons: Mapping[ThresholdPolicy, Comparison]) -> pd.DataFrame:
    """One row per series, policy and metric: series, method, policy, metric, value, low, high. `comparisons` have the
    same runs and split."""
    parts = [
        comparison.scores[comparison.scores["metric"].isin(METRICS)].assign(policy=policy)
        for policy, comparison in comparisons.items()
    ]
    columns = ["series", "method", "policy", "metric", "value", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns]


def chosen_thresholds(comparison: Comparison) -> pd.DataFrame:
    """The thresholds of the comparison's policy, means over seeds: one row per emotion, one column per series."""
    columns = [
        pd.Series(predictions.thresholds[places].mean(axis=0), predictions.labels, name=name)
        for predictions in comparison.groups
        for name, places in predictions.members.items()
    ]
    table = pd.concat(columns, axis=1)
    return table.loc[display_order(table.index)].rename_axis(index="emotion")


def describe_tuning(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """One or two sentences: does the best series at tuned thresholds keep its lead at fixed ones?"""
    tuned, fixed = comparisons["tuned"].verdicts, comparisons["fixed"].verdicts
    gains = _describe_gains(comparisons)
    if not comparisons["tuned"].tested:
        return gains
    leader = tuned.find_leader(comparisons["tuned"].tested)
    rivals = [name for name in comparisons["tuned"].tested if tuned.find(leader, name)]
    flipped = [
        f"{rival} ({_describe_verdict(tuned.between(leader, rival))}, at tuned thresholds, but "
        f"{_describe_verdict(fixed.between(leader, rival))}, at fixed ones)"
        for rival in rivals
        if _find_decided(tuned, leader, rival) != _find_decided(fixed, leader, rival)
    ]
    if flipped:
        return f"{gains} Some verdicts depend on the thresholds: {leader} against {'; '.join(flipped)}."
    return f"{gains} Every verdict on {leader} is the same at tuned and at fixed thresholds."


def _find_decided(verdicts: Verdicts, leader: str, rival: str) -> str | None:
    """The verdict on a pair, or "open" for a word that is none."""
    word = verdicts.find(leader, rival)
    return "open" if word in UNDECIDED else word


def _describe_verdict(row: pd.Series) -> str:
    return f"{row['verdict']}, {100 * row['difference']:+z.1f} points"


def _describe_gains(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """By how many points tuned thresholds raise the macro-F1 of the series, from the least to the most."""
    tuned, fixed = (comparisons[policy].ranking().set_index("series")["value"] for policy in ("tuned", "fixed"))
    gains = 100 * (tuned - fixed).dropna()
    span = f"{gains.min():+z.1f} to {gains.max():+z.1f}"
    is_even = np.ptp(gains) < LITTLE_POINTS
    return f"Tuned thresholds move macro-F1 by {f'{gains.mean():+z.1f}' if is_even else span} points."
