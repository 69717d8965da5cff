"""Gathers everything that a comparison's page shows for a report or a bundle, without users' texts."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.calibration import reliability_curves
from emocore.charts.costs import cost_scatter
from emocore.charts.emotions import emotion_bars, emotion_heatmap
from emocore.charts.scores import score_dots
from emocore.charts.sweeps import sweep_curves
from emocore.charts.texts import agreement_heatmap
from emocore.charts.thresholds import threshold_lines
from emocore.charts.verdicts import difference_forest, verdict_matrix
from emocore.evaluation.audit import describe_audit
from emocore.evaluation.calibration import calibration_table, reliability_table
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.costs import cost_table, describe_shared_times, pareto_front
from emocore.evaluation.departures import list_differences
from emocore.evaluation.headline import describe
from emocore.evaluation.predictions import POLICY_TITLES, Predictions, ThresholdPolicy
from emocore.evaluation.sweeps import find_swept_settings, sweep_table
from emocore.evaluation.texts import agreement_table, co_occurrence_errors, oracle_scores, unique_errors
from emocore.evaluation.thresholds import chosen_thresholds, describe_tuning, threshold_table
from emocore.export.content import ComparisonContent
from emocore.run.settings import audit_name

COST_TITLES = {
    "train_seconds": "training time",
    "peak_memory_bytes": "peak memory",
    "trainable_parameters": "trainable parameters",
    "adapter_bytes": "adapter size",
    "latency_seconds": "latency of one text",
}
MOST_PAIRS = 10  # next to each other in one figure


def gather(
    comparison: Comparison, audit: pd.DataFrame, title: str, compare_at: Callable[[ThresholdPolicy], Comparison]
) -> ComparisonContent:
    """The content of a comparison. `audit` is the fairness audit; `compare_at` makes the same comparison at other
    thresholds."""
    headline = describe(comparison)
    remarks, figures = [describe_audit(audit)], _score_figures(comparison)
    tables: dict[str, pd.DataFrame] = {}
    predictions = comparison.largest_group
    if predictions:
        at = {policy: compare_at(policy) for policy in POLICY_TITLES}
        remarks.insert(0, describe_tuning(at))
        tables |= _prediction_tables(comparison, predictions, at)
        figures |= _prediction_figures(comparison, predictions, tables)
    tables["Costs"] = costs = cost_table(comparison.scored, comparison.scores)
    remarks += describe_shared_times(comparison.scored, costs)
    for cost, name in COST_TITLES.items():
        if costs[cost].notna().any():
            figures[f"macro-F1 against {name}"] = cost_scatter(
                costs, pareto_front(costs, cost, comparison.verdicts), cost, name, comparison.floor("f1_macro")
            )
    for setting in find_swept_settings(comparison.whole):
        name = f"macro-F1 against {audit_name(setting)}"
        tables[name] = sweep_table(comparison.scores, comparison.whole, setting, comparison.always_on)
        figures[name] = sweep_curves(tables[name], audit_name(setting))
    return ComparisonContent(
        comparison,
        title,
        sentence=headline.sentence,
        numbers=headline.numbers,
        remarks=remarks,
        caveats=headline.caveats,
        audit=list_differences(comparison, audit),
        tables=tables,
        figures=figures,
    )


def _score_figures(comparison: Comparison) -> dict[str, go.Figure]:
    figures = {
        "macro-F1": score_dots(comparison.scores, "f1_macro", "macro-F1", comparison.floor("f1_macro")),
        "F1 by emotion": emotion_bars(comparison.emotions),
        "F1 by emotion and method": emotion_heatmap(comparison.emotions),
    }
    verdicts, tested = comparison.verdicts, comparison.tested
    if len(verdicts.overall) > MOST_PAIRS:
        verdicts = verdicts.of(tested[0])
    if tested:
        figures["Differences of macro-F1"] = difference_forest(verdicts.overall)
        figures["Differences by emotion"] = verdict_matrix(verdicts.among(tested).by_emotion)
    return figures


def _prediction_tables(
    comparison: Comparison, predictions: Predictions, at: dict[ThresholdPolicy, Comparison]
) -> dict[str, pd.DataFrame]:
    tables = {
        "What thresholds are worth": threshold_table(at),
        "Thresholds tuned by emotion": chosen_thresholds(at["tuned"]),
        "Calibration": calibration_table(predictions),
        "Reliability": reliability_table(predictions),
        "Emotions mixed up": co_occurrence_errors(predictions),
    }
    if len(predictions.members) > 1:
        tables["Agreement"] = agreement_table(predictions)
        tables["Errors of only one method"] = unique_errors(predictions)
        tables["Oracle: the right method for every cell"] = oracle_scores(predictions)
    return tables


def _prediction_figures(
    comparison: Comparison, predictions: Predictions, tables: dict[str, pd.DataFrame]
) -> dict[str, go.Figure]:
    figures = {
        "What thresholds are worth": threshold_lines(
            tables["What thresholds are worth"], "f1_macro", "macro-F1", comparison.floor("f1_macro")
        ),
        "Reliability": reliability_curves(tables["Reliability"], tables["Calibration"]),
    }
    if len(predictions.members) > 1:
        figures["Agreement"] = agreement_heatmap(tables["Agreement"])
    return figures
