"""What thresholds are worth: the same runs as launched, at one tuned threshold and at one an emotion, side by side.

Thresholds are chosen on the validation split only; emocore.evaluation.predictions says how that split itself is scored.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.predictions import POLICY_TITLES, ThresholdPolicy

METRICS = ("f1_macro", "f1_micro", "jaccard")
# Where differences between policies are named, smaller ones than these points are no change.
LITTLE_POINTS = 0.05


def threshold_table(comparisons: Mapping[ThresholdPolicy, Comparison]) -> pd.DataFrame:
    """Long: series, method, policy, metric, value, low, high; `comparisons` are of the same runs and split."""
    parts = [
        comparison.scores[comparison.scores["metric"].isin(METRICS)].assign(policy=policy)
        for policy, comparison in comparisons.items()
    ]
    columns = ["series", "method", "policy", "metric", "value", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns]


def chosen_thresholds(comparison: Comparison) -> pd.DataFrame:
    """The thresholds of the comparison's policy, means over seeds; long: series, emotion, threshold."""
    rows = [
        {"series": name, "emotion": label, "threshold": threshold}
        for predictions in comparison.groups
        for name, places in predictions.members.items()
        for label, threshold in zip(predictions.labels, predictions.thresholds[places].mean(axis=0), strict=True)
    ]
    return pd.DataFrame(rows, columns=["series", "emotion", "threshold"])


def describe_tuning(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """Whether the lead of the best series as launched survives tuning, in one or two sentences."""
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
        return f"{gains} The thresholds decide part of the comparison: {leader} against {'; '.join(lost)}."
    return f"{gains} Every verdict on {leader} stays the same at all of them."


def _describe_verdict(row: pd.Series) -> str:
    return f"{row['verdict']}, {100 * row['difference']:+.1f} points"


def _describe_gains(comparisons: Mapping[ThresholdPolicy, Comparison]) -> str:
    """By how many points of macro-F1 the tuned thresholds raise the series, from the least to the most."""
    launched = comparisons["launch"].ranking().set_index("series")["value"]
    told = []
    for policy, comparison in comparisons.items():
        if policy != "launch":
            gains = 100 * (comparison.ranking().set_index("series")["value"] - launched).dropna()
            span = f"{gains.min():+.1f} to {gains.max():+.1f}"
            is_even = np.ptp(gains) < LITTLE_POINTS
            told.append(f"{POLICY_TITLES[policy]}: {f'{gains.mean():+.1f}' if is_even else span} points of macro-F1")
    return f"Against the thresholds as launched, {'; '.join(told)}."
