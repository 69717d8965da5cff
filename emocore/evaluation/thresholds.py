"""The effect of thresholds: the same runs as launched, at one tuned threshold, and at one per emotion.

Thresholds are tuned only on the validation split; emocore.evaluation.predictions says how that split itself is scored.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.predictions import POLICY_TITLES, ThresholdPolicy

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
    """The thresholds of the comparison's policy, means over seeds: series, emotion, threshold."""
    rows = [
        {"series": name, "emotion": label, "threshold": threshold}
        for predictions in comparison.groups
        for name, places in predictions.members.items()
        for label, threshold in zip(predictions.labels, predictions.thresholds[places].mean(axis=0), strict=True)
    ]
    return pd.DataFrame(rows, columns=["series", "emotion", "threshold"])


def describe_tuning(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """One or two sentences: does the best series as launched keep its lead with tuned thresholds?"""
    launched = comparisons["launch"]
    gains = _describe_gains(comparisons)
    if not launched.tested:
        return gains
    leader, *others = launched.tested
    rivals = [name for name in others if launched.verdicts.find(leader, name)]
    verdicts = {
        policy: {rival: comparison.verdicts.between(leader, rival) for rival in rivals}
        for policy, comparison in comparisons.items()
    }
    lost = [
        f"{rival} ({POLICY_TITLES[policy]}: {_describe_verdict(rows[rival])})"
        for policy, rows in verdicts.items()
        for rival in rivals
        if verdicts["launch"][rival]["verdict"] != rows[rival]["verdict"]
    ]
    if lost:
        return f"{gains} Some verdicts depend on the thresholds: {leader} against {'; '.join(lost)}."
    return f"{gains} Every verdict on {leader} is the same at all these thresholds."


def _describe_verdict(row: pd.Series) -> str:
    return f"{row['verdict']}, {100 * row['difference']:+.1f} points"


def _describe_gains(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """By how many points tuned thresholds raise the macro-F1 of the series, from the least to the most."""
    launched = comparisons["launch"].ranking().set_index("series")["value"]
    told = []
    for policy, comparison in comparisons.items():
        if policy != "launch":
            gains = 100 * (comparison.ranking().set_index("series")["value"] - launched).dropna()
            span = f"{gains.min():+.1f} to {gains.max():+.1f}"
            is_even = np.ptp(gains) < LITTLE_POINTS
            told.append(f"{POLICY_TITLES[policy]}: {f'{gains.mean():+.1f}' if is_even else span} points of macro-F1")
    return f"Compared with the thresholds as launched, {'; '.join(told)}."
