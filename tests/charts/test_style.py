"""What every figure keeps to: no background of its own, no name cut, one colour a method, honest error bars."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from emocore.charts.calibration import precision_recall_curves, reliability_curves
from emocore.charts.costs import cost_scatter
from emocore.charts.emotions import emotion_bars, emotion_heatmap
from emocore.charts.scores import score_dots
from emocore.charts.style import (
    NO_SKILL_COLOR,
    describe_interval,
    describe_points,
    error_bars,
    method_color,
    series_ranks,
)
from emocore.charts.sweeps import sweep_curves
from emocore.charts.texts import agreement_heatmap, co_occurrence_heatmap
from emocore.charts.thresholds import threshold_lines
from emocore.charts.verdicts import difference_forest, verdict_matrix
from emocore.evaluation.costs import pareto_front
from tests.support.chart_tables import (
    LABEL_SETS,
    SERIES,
    agreement_square,
    calibration_rows,
    co_occurrence_rows,
    cost_rows,
    emotion_rows,
    precision_recall_rows,
    reliability_rows,
    score_rows,
    sweep_rows,
    threshold_rows,
    verdicts_of,
)

FIGURES: dict[str, Callable[[tuple[str, ...], int], go.Figure]] = {
    "bars": lambda labels, series: emotion_bars(emotion_rows(labels, series)),
    "heatmap": lambda labels, series: emotion_heatmap(emotion_rows(labels, series)),
    "dots": lambda labels, series: score_dots(score_rows(series), "f1_macro", "macro-F1", {"always-on": 0.3}),
    "forest": lambda labels, series: difference_forest(verdicts_of(labels, series).overall),
    "matrix": lambda labels, series: verdict_matrix(verdicts_of(labels, series).by_emotion),
    "thresholds": lambda labels, series: threshold_lines(threshold_rows(series), "f1_macro", "macro-F1"),
    "reliability": lambda labels, series: reliability_curves(reliability_rows(series), calibration_rows(series)),
    "precision and recall": lambda labels, series: precision_recall_curves(precision_recall_rows(series)),
    "costs": lambda labels, series: cost_scatter(
        cost_rows(series), pareto_front(cost_rows(series), "train_seconds"), "train_seconds", "training time"
    ),
    "agreement": lambda labels, series: agreement_heatmap(agreement_square(series)),
    "co-occurrence": lambda labels, series: co_occurrence_heatmap(co_occurrence_rows(labels), "LoRA", "with"),
    "sweep": lambda labels, series: sweep_curves(sweep_rows(series=series), "training rows"),
}


@pytest.mark.parametrize(("labels", "series"), [(7, 5), (11, 3), (28, 5), (28, 1)])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_valid_at_any_size_and_takes_the_background_of_its_page(
    name: str, labels: int, series: int
) -> None:
    figure = FIGURES[name](LABEL_SETS[labels], series)
    layout = json.loads(figure.to_json())["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert "color" not in layout["font"], "text takes the colour of its page"
    assert all(layout[axis]["automargin"] for axis in ("xaxis", "yaxis")), "long names are never cut"
    assert all("color" not in note.get("font", {}) for note in layout.get("annotations", []))


def test_error_bars_reach_from_low_to_high_and_are_missing_where_an_end_is() -> None:
    rows = pd.DataFrame({"f1": [0.5, 0.6, 0.7], "low": [0.4, np.nan, 0.72], "high": [0.55, 0.7, 0.8]})
    bars = error_bars(rows, "f1", "#000001")
    assert bars["symmetric"] is False
    assert np.array(bars["arrayminus"]) == pytest.approx([0.1, np.nan, -0.02], nan_ok=True)
    assert np.array(bars["array"]) == pytest.approx([0.05, 0.1, 0.1])
    assert np.array(error_bars(rows, "f1", "#000001", scale=100)["array"]) == pytest.approx([5, 10, 10])


def test_an_interval_is_told_with_three_decimals_or_with_why_there_is_none() -> None:
    assert describe_interval(0.1234, 0.5678) == "95 % interval 0.123 to 0.568"
    assert describe_interval(np.nan, np.nan, "too few texts") == "no interval: too few texts"
    assert describe_interval(np.nan, np.nan) == "no interval"
    assert describe_interval(0.1, 0.2, "one seed") == "95 % interval 0.100 to 0.200<br>one seed"


def test_a_difference_is_told_in_points_with_its_sign() -> None:
    assert describe_points(-0.0123, -0.03, 0.005) == "-1.2 points, 95 % interval -3.0 to +0.5"
    assert describe_points(0.02, np.nan, np.nan) == "+2.0 points, no interval"


def test_ranks_count_the_series_of_each_method() -> None:
    assert series_ranks([*SERIES[:3], *SERIES[:3]]) == {"LoRA": 0, "IA3": 0, "LoRA (rows 250)": 1}


def test_a_method_that_is_gone_from_the_catalogue_is_grey() -> None:
    assert method_color("withdrawn") == NO_SKILL_COLOR
