"""Figures show the numbers of their tables, in fixed colours, on axes that hide nothing."""

import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from emocore.charts.comparison import emotion_bars, emotion_heatmap
from emocore.charts.curves import metric_curves
from emocore.charts.probabilities import probability_bars
from emocore.charts.style import NO_SKILL_COLOR, method_color, series_ranks
from emocore.emotions import EMOTION_COLORS
from emocore.models.methods import METHODS

EMOTIONS = ("joy", "anger", "trust")  # by support, as `emotion_table` has them
SERIES = (("LoRA", "lora"), ("IA3", "ia3"), ("LoRA (1f)", "lora"))


def emotion_rows() -> pd.DataFrame:
    rows = [
        {
            "series": series,
            "method": method,
            "source": "here",
            "emotion": emotion,
            "f1": round(0.9 - 0.2 * rank - 0.1 * place, 3),
            "precision": 0.5,
            "recall": 0.25,
            "average_precision": 0.75,
            "support": 1000 // (rank + 1),
            "no_skill_f1": 0.4 - 0.1 * rank,
            "seeds": 1,
        }
        for rank, emotion in enumerate(EMOTIONS)
        for place, (series, method) in enumerate(SERIES)
    ]
    return pd.DataFrame(rows)


def curve_rows(points: int = 3, **values: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"series": "LoRA", "method": "lora", "epoch": np.arange(1.0, points + 1), **values})
    return pd.concat([frame, frame.assign(series="IA3", method="ia3")], ignore_index=True)


def answer() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "emotion": ["anger", "joy", "wistfulness"],
            "probability": [0.123, 0.9, 0.4],
            "threshold": [0.5, 0.5, 0.3],
            "predicted": [False, True, True],
        }
    )


def traces(figure: go.Figure, kind: str) -> list[Any]:
    return [trace for trace in figure.data if trace.type == kind]


FIGURES = {
    "bars": lambda: emotion_bars(emotion_rows()),
    "heatmap": lambda: emotion_heatmap(emotion_rows()),
    "curves": lambda: metric_curves(curve_rows(loss=[3, 2, 1.0]), "loss", "loss"),
    "probabilities": lambda: probability_bars(answer()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_valid_and_takes_the_background_of_its_page(name: str) -> None:
    figure = FIGURES[name]()
    content = json.loads(figure.to_json())
    assert content["data"]
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.xaxis.automargin  # long names are never cut
    assert figure.layout.yaxis.automargin


def test_bars_show_the_f1_of_every_emotion_in_the_order_of_the_table() -> None:
    table = emotion_rows()
    bars = traces(emotion_bars(table), "bar")
    assert [bar.name for bar in bars] == [series for series, _ in SERIES]
    for bar in bars:
        assert tuple(bar.x) == EMOTIONS
        assert list(bar.y) == table.loc[table["series"] == bar.name, "f1"].tolist()


def test_bars_have_the_colour_of_their_method_and_a_pattern_where_it_repeats() -> None:
    lora, ia3, other_lora = traces(emotion_bars(emotion_rows()), "bar")
    assert lora.marker.color == other_lora.marker.color == METHODS["lora"].color
    assert ia3.marker.color == METHODS["ia3"].color
    assert lora.marker.pattern.shape != other_lora.marker.pattern.shape


def test_the_no_skill_line_is_dashed_and_grey() -> None:
    (line,) = traces(emotion_bars(emotion_rows()), "scatter")
    assert "no skill" in line.name
    assert (line.line.dash, line.line.color) == ("dash", NO_SKILL_COLOR)
    assert tuple(line.x) == EMOTIONS
    assert list(line.y) == pytest.approx([0.4, 0.3, 0.2])


def test_series_of_w_and_b_are_points_beside_the_bars() -> None:
    table = emotion_rows()
    elsewhere = table[table["series"] == "LoRA"].assign(series="LoRA · W&B", source="W&B", f1=0.6)
    figure = emotion_bars(pd.concat([table, elsewhere]))
    assert [bar.name for bar in traces(figure, "bar")] == [series for series, _ in SERIES]
    points = [trace for trace in traces(figure, "scatter") if trace.mode == "markers"]
    assert [trace.name for trace in points] == ["LoRA · W&B"]
    assert list(points[0].y) == [0.6] * 3
    assert points[0].marker.color == METHODS["lora"].color
    assert points[0].error_y.array is None
    places = [trace.offsetgroup for trace in figure.data if trace.xaxis != "x2"]
    assert len(set(places)) == 4, "each series has a place of its own"
    assert figure.layout.scattermode == "group"


def test_the_f1_axis_goes_from_0_to_1_whatever_the_scores() -> None:
    assert tuple(emotion_bars(emotion_rows().assign(f1=0.01)).layout.yaxis.range) == (0, 1)


def test_the_hover_has_precision_recall_and_support() -> None:
    bar = traces(emotion_bars(emotion_rows()), "bar")[0]
    assert np.array(bar.customdata).tolist()[1] == [0.5, 0.25, 0.75, 500]
    assert all(word in bar.hovertemplate for word in ("precision", "recall", "average precision", "support"))


def test_a_series_without_an_emotion_leaves_a_gap_and_shifts_nothing() -> None:
    table = emotion_rows().drop(index=0)  # LoRA has no joy
    bars = {bar.name: bar for bar in traces(emotion_bars(table), "bar")}
    assert set(bars["LoRA"].x) == set(EMOTIONS)
    scores = dict(zip(bars["LoRA"].x, bars["LoRA"].y, strict=True))
    assert np.isnan(scores["joy"])
    assert scores["anger"] == 0.7
    assert bars["LoRA"].marker.color == METHODS["lora"].color


def test_a_heatmap_has_a_cell_for_every_emotion_and_series() -> None:
    (heatmap,) = emotion_heatmap(emotion_rows()).data
    assert list(heatmap.x) == [series for series, _ in SERIES]
    assert list(heatmap.y) == ["joy  (1,000)", "anger  (500)", "trust  (333)"]
    assert np.array(heatmap.z) == pytest.approx(np.array([[0.9, 0.8, 0.7], [0.7, 0.6, 0.5], [0.5, 0.4, 0.3]]))
    assert (heatmap.zmin, heatmap.zmax) == (0, 1)


def test_a_heatmap_has_the_commonest_emotion_on_top_and_says_who_is_best() -> None:
    figure = emotion_heatmap(emotion_rows())
    assert figure.layout.yaxis.autorange == "reversed"
    hover = figure.data[0].hovertext
    assert "best" in hover[0][0]
    assert "-10.0 points to the best" in hover[0][1]
    assert "support 1,000 texts" in hover[0][0]


def test_a_heatmap_of_one_series_is_best_everywhere() -> None:
    table = emotion_rows()
    (heatmap,) = emotion_heatmap(table[table["series"] == "LoRA"]).data
    assert all("best" in row[0] for row in heatmap.hovertext)


def test_few_points_are_marked_and_shown_as_they_are() -> None:
    figure = metric_curves(curve_rows(f1=[0.1, 0.3, 0.2]), "f1", "F1", y_range=(0, 1))
    assert [line.name for line in figure.data] == ["LoRA", "IA3"]
    for line in figure.data:
        assert list(line.x) == [1, 2, 3]
        assert list(line.y) == [0.1, 0.3, 0.2]
        assert line.mode == "lines+markers"
        assert line.line.color == method_color(line.name.lower())
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_a_long_curve_is_thin_and_raw_under_its_running_mean() -> None:
    noise = np.random.default_rng(0).normal(1, 0.3, 200)
    raw, mean, *_ = metric_curves(curve_rows(200, **{"train/loss": noise}), "train/loss", "loss").data
    assert list(raw.y) == noise.tolist()
    assert (raw.showlegend, mean.showlegend, mean.name) == (False, True, "LoRA")
    assert np.std(mean.y) < np.std(raw.y) / 2
    assert list(mean.x) == list(raw.x)


def test_rows_without_the_metric_are_left_out_of_its_curve() -> None:
    rows = curve_rows(f1=[np.nan, 0.3, np.nan])
    for line in metric_curves(rows, "f1", "F1").data:
        assert (list(line.x), list(line.y)) == ([2], [0.3])


@pytest.mark.parametrize("rows", [curve_rows(loss=[1.0, 2.0, 3.0]), curve_rows(f1=[np.nan] * 3)])
def test_a_metric_that_has_not_come_yet_is_an_empty_chart_with_its_series(rows: pd.DataFrame) -> None:
    figure = metric_curves(rows, "f1", "F1")
    assert [line.name for line in figure.data] == ["LoRA", "IA3"]
    assert all([y for y in line.y if y is not None] == [] for line in figure.data)


def test_series_of_one_method_differ_by_their_dash() -> None:
    rows = curve_rows(f1=[0.1, 0.2, 0.3]).assign(method="lora")
    first, second = metric_curves(rows, "f1", "F1").data
    assert first.line.color == second.line.color
    assert first.line.dash != second.line.dash


def test_probabilities_show_every_emotion_in_order_with_its_threshold() -> None:
    figure = probability_bars(answer())
    (bars,) = traces(figure, "bar")
    (ticks,) = [trace for trace in traces(figure, "scatter") if trace.mode == "markers"]
    assert list(bars.y) == list(ticks.y) == ["anger", "joy", "wistfulness"]
    assert list(bars.x) == [0.123, 0.9, 0.4]
    assert list(ticks.x) == [0.5, 0.5, 0.3]
    assert list(figure.layout.yaxis.tickvals) == list(bars.y)
    assert list(figure.layout.yaxis.ticktext) == ["anger  12%", "joy  90%", "wistfulness  40%"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_what_is_under_its_threshold_is_pale() -> None:
    (bars,) = traces(probability_bars(answer()), "bar")
    pale, *strong = bars.marker.opacity
    assert strong == [1, 1]
    assert pale < 0.5
    assert bars.marker.color[1] == EMOTION_COLORS["joy"]


def test_ranks_count_the_series_of_each_method() -> None:
    assert series_ranks([*SERIES, *SERIES]) == {"LoRA": 0, "IA3": 0, "LoRA (1f)": 1}


def test_a_method_that_is_gone_from_the_catalogue_is_grey() -> None:
    assert method_color("withdrawn") == NO_SKILL_COLOR
