"""Scores of all series as dots, at each threshold policy and over one setting: points, intervals, hovers, axes."""

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.charts.scores import score_dots
from emocore.charts.sweeps import sweep_curves
from emocore.charts.thresholds import threshold_lines
from emocore.evaluation.predictions import POLICY_TITLES
from emocore.models.methods.catalogue import METHODS
from tests.support.chart_tables import ends, named, score_rows, sweep_rows, threshold_rows, traces


def test_dots_have_one_line_per_series_with_the_best_on_top_and_its_value_next_to_its_name() -> None:
    figure = score_dots(score_rows(), "f1_macro", "macro-F1")
    assert list(figure.layout.yaxis.ticktext) == ["LoRA (rows 250)  0.600", "IA3  0.550", "LoRA  0.500"]
    first, last = figure.layout.yaxis.range
    assert first > last
    points = [(dot.name, dot.x[0], dot.y[0]) for dot in figure.data]
    assert points == [("LoRA (rows 250)", 0.6, 0), ("IA3", 0.55, 1), ("LoRA", 0.5, 2)]
    assert ends(figure.data[2], "x")[0] == pytest.approx([0.47, 0.52])
    assert tuple(figure.layout.xaxis.range) == (0, 1)


def test_thresholds_have_one_line_per_series_over_the_policies_with_intervals() -> None:
    figure = threshold_lines(threshold_rows().sample(frac=1, random_state=0), "f1_macro", "macro-F1")
    assert list(figure.layout.xaxis.ticktext) == list(POLICY_TITLES.values())
    lines = traces(figure, "scatter")
    assert len({line.x[0] for line in lines}) == len(lines) == 3, "they stand next to each other"
    for line in lines:
        assert list(np.round(line.x)) == [0, 1]
        assert list(line.y) == pytest.approx([0.4, 0.45])
        assert np.array(ends(line)) == pytest.approx(np.array([[0.37, 0.42], [0.42, 0.47]]))
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_a_sweep_has_one_line_per_method_with_intervals_in_the_order_of_the_values() -> None:
    figure = sweep_curves(sweep_rows().sample(frac=1, random_state=0), "training rows")
    line = named(figure, "LoRA")
    assert list(line.x) == pytest.approx([250, 500, 1000], rel=0.02)
    assert line.x[2] != named(figure, "IA3").x[2], "they stand a little apart"
    assert list(line.y) == pytest.approx([0.3, 0.35, 0.4])
    assert np.array(ends(line)) == pytest.approx(np.array([[0.27, 0.32], [0.32, 0.37], [0.37, 0.42]]))
    assert line.line.color == METHODS["lora"].color
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_the_hover_has_the_true_value_with_its_interval() -> None:
    dot = named(score_dots(score_rows(), "jaccard", "Jaccard"), "LoRA")
    assert dot.hovertext[0] == snapshot("<b>LoRA</b><br>Jaccard 0.500, 95 % interval 0.470 to 0.520<br>mean of 3 seeds")
    line = named(threshold_lines(threshold_rows(), "jaccard", "Jaccard"), "IA3")
    tuned = "<b>IA3</b>, fixed<br>Jaccard 0.450, 95 % interval 0.420 to 0.470"
    assert line.hovertext[1] == tuned
    for name in ("LoRA", "IA3"):
        point = named(sweep_curves(sweep_rows(), "training rows"), name).hovertext[2]
        score = "macro-F1 0.400, 95 % interval 0.370 to 0.420<br>1 seed"
        assert point == f"<b>{name}</b>, training rows 1,000<br>{score}"


def test_points_without_an_interval_have_no_error_bar_and_those_of_w_and_b_say_why() -> None:
    table = score_rows(1).assign(source="W&B", low=np.nan, high=np.nan)
    (dot,) = score_dots(table, "f1_macro", "macro-F1").data
    assert np.isnan(ends(dot, "x")).all()
    assert "no interval: trained elsewhere" in dot.hovertext[0]
    line = named(sweep_curves(sweep_rows().assign(low=np.nan, high=np.nan), "training rows"), "LoRA")
    assert np.isnan(ends(line)).all()
    assert "no interval" in line.hovertext[0]


def test_lines_of_no_skill_are_named_each_on_a_line_of_its_own() -> None:
    levels = {"always-on": 0.354, "silence": 0.0, "unknown": np.nan}
    figure = score_dots(score_rows(), "f1_macro", "macro-F1", levels)
    names = {note.text: note.yshift for note in figure.layout.annotations}
    assert set(names) == {"no skill (silence) 0.000", "no skill (always-on) 0.354"}
    assert len(set(names.values())) == 2
    assert figure.layout.margin.t > max(names.values())


def test_a_policy_that_a_series_was_not_scored_at_is_a_gap() -> None:
    table = threshold_rows(2)
    figure = threshold_lines(table[(table["series"] == "LoRA") | (table["policy"] == "tuned")], "f1_macro", "macro-F1")
    assert np.isnan(named(figure, "IA3").y[1:]).all()
    figure = threshold_lines(table[table["policy"] != "fixed"], "f1_macro", "macro-F1")
    assert list(figure.layout.xaxis.ticktext) == [POLICY_TITLES["tuned"]]


@pytest.mark.parametrize(
    ("values", "kind", "names"),
    [
        ((250, 500, 1000), "log", ["250", "500", "1,000"]),
        ((1e-4, 5e-4, 1e-2), "log", ["0.0001", "0.0005", "0.01"]),
        ((800, 1000, 1200), "linear", ["800", "1,000", "1,200"]),
        ((1000,), "linear", ["1,000"]),
    ],
)
def test_the_axis_of_a_sweep_is_logarithmic_where_the_values_ask_for_it_and_names_each(
    values: tuple[float, ...], kind: str, names: list[str]
) -> None:
    axis = sweep_curves(sweep_rows(values), "setting").layout.xaxis
    assert axis.type == kind
    assert list(axis.tickvals) == pytest.approx(values)
    assert list(axis.ticktext) == names
    low, high = (10 ** np.array(axis.range)) if kind == "log" else axis.range
    assert low < values[0] <= values[-1] < high


def test_the_line_of_no_skill_crosses_a_sweep_where_it_is_known() -> None:
    start, end = named(sweep_curves(sweep_rows(), "training rows"), "no skill (always predicted)").x
    assert start < 250 < 1000 < end
    unknown = sweep_curves(sweep_rows().assign(no_skill=np.nan), "training rows")
    assert [trace.name for trace in unknown.data] == ["IA3", "LoRA"]
