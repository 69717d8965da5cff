"""Rules for every figure: no background, no cut names, one colour per method, correct error bars."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from inline_snapshot import snapshot

from emocore.charts import style
from emocore.charts.calibration import precision_recall_curves, reliability_curves
from emocore.charts.costs import cost_scatter
from emocore.charts.datasets import dataset_dots
from emocore.charts.emotions import emotion_bars, emotion_heatmap
from emocore.charts.scores import score_dots
from emocore.charts.style import NO_SKILL_COLOR, describe_interval, describe_points, error_bars
from emocore.charts.sweeps import sweep_curves
from emocore.charts.texts import agreement_heatmap, co_occurrence_heatmap
from emocore.charts.thresholds import threshold_lines
from emocore.charts.verdicts import difference_forest, verdict_matrix
from emocore.evaluation.costs import pareto_front
from emocore.evaluation.verdicts import Verdicts
from emocore.models.methods.catalogue import METHODS
from tests.support import chart_tables as tables
from tests.support.chart_tables import SERIES, named
from tests.support.label_counts import LABELS_BY_COUNT

LEVELS = {"always-on": 0.31, "silence": np.nan}
FIGURES: dict[str, Callable[..., go.Figure]] = {
    "bars": lambda labels, series: emotion_bars(tables.emotion_rows(labels, series)),
    "heatmap": lambda labels, series: emotion_heatmap(tables.emotion_rows(labels, series)),
    "dots": lambda labels, series: score_dots(tables.score_rows(series), "f1_macro", "macro-F1", LEVELS),
    "forest": lambda labels, series: difference_forest(tables.verdicts_of(labels, series).overall),
    "matrix": lambda labels, series: verdict_matrix(tables.verdicts_of(labels, series).by_emotion),
    "thresholds": lambda labels, series: threshold_lines(tables.threshold_rows(series), "f1_macro", "F1", LEVELS),
    "reliability": lambda _, series: reliability_curves(
        tables.reliability_rows(series), tables.calibration_rows(series)
    ),
    "precision and recall": lambda labels, series: precision_recall_curves(tables.precision_recall_rows(series)),
    "costs": lambda labels, series: draw_costs(tables.cost_rows(series)),
    "agreement": lambda labels, series: agreement_heatmap(tables.agreement_square(series)),
    "co-occurrence": lambda labels, series: co_occurrence_heatmap(tables.co_occurrence_rows(labels), "LoRA", "with"),
    "datasets": lambda labels, series: dataset_dots(tables.dataset_rows(labels, series)),
    "sweep": lambda labels, series: sweep_curves(tables.sweep_rows(series=series), "training rows"),
}


def draw_costs(costs: pd.DataFrame) -> go.Figure:
    return cost_scatter(
        costs, pareto_front(costs, "train_seconds", Verdicts.join([])), "train_seconds", "training time", LEVELS
    )


@pytest.mark.parametrize(("labels", "series"), [(2, 5), (7, 5), (11, 3), (28, 5), (28, 1), (100, 5)])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_valid_at_any_size_and_takes_the_background_of_its_page(
    name: str, labels: int, series: int
) -> None:
    figure = FIGURES[name](LABELS_BY_COUNT[labels], series)
    layout = json.loads(figure.to_json())["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert "color" not in layout["font"], "text takes the colour of its page"
    assert all(layout[axis]["automargin"] for axis in ("xaxis", "yaxis")), "long names are never cut"
    assert all("color" not in note.get("font", {}) for note in layout.get("annotations", []))


@pytest.mark.parametrize(
    ("name", "line", "axis", "levels"),
    [
        ("dots", "no skill (always-on)", "x", {0.31}),
        ("bars", "no skill (always predicted)", "y", {0.4, 0.3, 0.2}),
        ("thresholds", "no skill (always-on) 0.310", "y", {0.31}),
        ("reliability", "perfectly calibrated", "y", {0, 1}),
        ("precision and recall", "no skill (share of the texts) 0.200", "y", {0.2}),
        ("costs", "no skill (always-on) 0.310", "y", {0.31}),
        ("sweep", "no skill (always predicted)", "y", {0.31}),
    ],
)
def test_the_line_of_no_skill_is_dashed_and_grey_and_missing_where_it_is_not_known(
    name: str, line: str, axis: str, levels: set[float]
) -> None:
    figure = FIGURES[name](LABELS_BY_COUNT[7][:3], 3)
    floor = named(figure, line)
    assert (floor.line.dash, floor.line.color) == ("dash", NO_SKILL_COLOR)
    assert {round(level, 9) for level in floor[axis] if np.isfinite(level)} == levels
    assert not any("silence" in trace.name for trace in figure.data)


@pytest.mark.parametrize(
    ("name", "colors", "mark"),
    [
        ("bars", ["marker.color", "error_y.color"], "marker.pattern.shape"),
        ("dots", ["marker.color", "error_x.color"], "marker.symbol"),
        ("datasets", ["marker.color", "error_x.color"], "marker.symbol"),
        ("costs", ["marker.color"], "marker.symbol"),
        ("thresholds", ["line.color"], "line.dash"),
        ("thresholds", ["line.color"], "marker.symbol"),
        ("reliability", ["line.color"], "line.dash"),
        ("precision and recall", ["line.color"], "line.dash"),
    ],
)
def test_series_of_a_method_share_its_colour_and_differ_by_dash_symbol_or_pattern(
    name: str, colors: list[str], mark: str
) -> None:
    series = {trace.name.split(" (E")[0].split(" (av")[0]: trace for trace in FIGURES[name](LABELS_BY_COUNT[7], 3).data}
    lora, ia3, other = (series[name] for name, _ in SERIES[:3])
    for color in colors:
        assert lora[color] == other[color] == METHODS["lora"].color
        assert ia3[color] == METHODS["ia3"].color
    assert lora[mark] != other[mark]


def test_error_bars_reach_from_low_to_high_and_are_missing_where_an_end_is() -> None:
    rows = pd.DataFrame({"f1": [0.5, 0.6, 0.7], "low": [0.4, np.nan, 0.72], "high": [0.55, 0.7, 0.8]})
    bars = error_bars(rows, "f1", "#000001")
    assert bars["symmetric"] is False
    assert np.array(bars["arrayminus"]) == pytest.approx([0.1, np.nan, -0.02], nan_ok=True)
    assert np.array(bars["array"]) == pytest.approx([0.05, 0.1, 0.1])
    assert np.array(error_bars(rows, "f1", "#000001", scale=100)["array"]) == pytest.approx([5, 10, 10])


def test_an_interval_is_told_with_three_decimals_or_with_why_there_is_none() -> None:
    assert describe_interval(0.1234, 0.5678) == snapshot("95 % interval 0.123 to 0.568")
    assert describe_interval(np.nan, np.nan, "too few texts") == snapshot("no interval: too few texts")
    assert describe_interval(np.nan, np.nan) == "no interval"
    assert describe_interval(0.1, 0.2, "one seed") == snapshot("95 % interval 0.100 to 0.200<br>one seed")


def test_a_difference_is_told_in_points_with_its_sign() -> None:
    assert describe_points(-0.0123, -0.03, 0.005, "90 %") == snapshot("-1.2 points, 90 % interval -3.0 to +0.5")
    assert describe_points(0.02, np.nan, np.nan, "") == "+2.0 points, no interval"


def test_series_of_one_method_share_its_colour_and_differ_by_point_and_dash() -> None:
    table = pd.DataFrame([*SERIES[:3], *SERIES[:3]], columns=["series", "method"])
    lora, ia3, other = style.split_series(table)
    assert [one.name for one in (lora, ia3, other)] == ["LoRA", "IA3", "LoRA (rows 250)"]
    assert all(len(one.rows) == 2 for one in (lora, ia3, other))
    assert (lora.symbol, lora.dash) == (ia3.symbol, ia3.dash) == (style.POINTS[0], style.DASHES[0])
    assert (other.color, other.symbol, other.dash) == (lora.color, style.POINTS[1], style.DASHES[1])


def test_a_method_that_is_gone_from_the_catalogue_is_grey() -> None:
    assert style.method_color("withdrawn") == NO_SKILL_COLOR
