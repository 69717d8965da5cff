"""Macro-F1 against costs: points as in the table, the front, names, and readable axes."""

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.charts.costs import cost_scatter
from emocore.evaluation.costs import pareto_front
from emocore.evaluation.verdicts import Verdicts
from tests.support.chart_tables import cost_rows, ends, named

FRONT = "best for at most this cost"


def draw(table: pd.DataFrame, cost: str = "train_seconds", **options: object) -> object:
    return cost_scatter(table, pareto_front(table, cost, Verdicts.join([])), cost, "the cost", **options)


def dots(figure: object) -> list[object]:
    return [trace for trace in figure.data if trace.mode == "markers"]


def test_each_series_has_a_point_named_in_the_legend_with_the_interval_of_its_f1() -> None:
    figure = draw(cost_rows())
    points = [(dot.name, dot.x[0], dot.y[0]) for dot in dots(figure)]
    assert points == [("LoRA", 60, 0.4), ("IA3", 120, 0.42), ("LoRA (rows 250)", 180, 0.44)]
    assert ends(dots(figure)[0])[0] == pytest.approx([0.37, 0.42])
    assert figure.layout.showlegend and all(dot.showlegend is not False for dot in dots(figure))
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_the_front_is_a_step_line_through_what_no_other_beats() -> None:
    table = cost_rows(4)
    table.loc[1, "f1_macro"] = 0.3  # IA3: dearer than LoRA and worse
    line = named(draw(table.sample(frac=1, random_state=0)), FRONT)
    assert line.line.shape == "hv"
    assert list(line.x)[:3] == [60, 180, 240]
    assert list(line.y) == pytest.approx([0.4, 0.44, 0.46, 0.46])
    hovers = {dot.name: dot.hovertext[0] for dot in dots(draw(table))}
    assert "no cheaper one is as good" in hovers["LoRA"]
    assert "no cheaper one is as good" not in hovers["IA3"]


def test_the_hover_has_score_interval_cost_and_seeds() -> None:
    told = "<b>IA3</b><br>macro-F1 0.420, 95 % interval 0.390 to 0.440<br>the cost 2 min 0 s<br>mean of 3 seeds"
    assert dots(draw(cost_rows()))[1].hovertext[0].startswith(told)


@pytest.mark.parametrize(
    ("cost", "values", "kind", "some_ticks"),
    [
        ("train_seconds", (103, 180, 284), "linear", {"2 min", "4 min"}),
        ("train_seconds", (2, 60, 5000), "log", {"10 s", "1 min", "10 min", "1 h"}),
        ("latency_seconds", (0.0008, 0.011, 0.022), "log", {"1 ms", "10 ms"}),
        ("peak_memory_bytes", (2e9, 3.4e9, 4.5e9), "linear", {"2 GB", "3 GB", "4 GB"}),
        ("adapter_bytes", (2e4, 1.4e6, 2e7), "log", {"100 kB", "1 MB", "10 MB"}),
        ("trainable_parameters", (4235, 340_000, 4_900_000), "log", {"10,000", "100,000", "1 M"}),
        ("adapter_parameters", (1e6, 2e6, 3.4e6), "linear", {"1 M", "2 M", "3 M"}),
    ],
)
def test_ticks_are_round_and_in_the_units_of_the_cost(
    cost: str, values: tuple[float, ...], kind: str, some_ticks: set[str]
) -> None:
    axis = draw(cost_rows().assign(**{cost: values}), cost).layout.xaxis
    assert axis.type == kind
    assert some_ticks <= set(axis.ticktext)
    assert 2 <= len(axis.ticktext) <= 8
    low, high = (10 ** np.array(axis.range)) if kind == "log" else axis.range
    assert low < min(values) < max(values) < high


def test_a_cost_of_nothing_has_a_place_at_the_left_end_of_a_logarithmic_axis() -> None:
    figure = draw(cost_rows().assign(trainable_parameters=[0, 4235, 4_900_000]), "trainable_parameters")
    axis = figure.layout.xaxis
    none, small, _ = dots(figure)
    assert 10 ** axis.range[0] < none.x[0] < small.x[0]
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True))["0"] == pytest.approx(none.x[0])
    assert "the cost 0<br>" in none.hovertext[0]


def test_series_of_unknown_cost_are_named_below_the_axis() -> None:
    table = cost_rows()
    table.loc[1, "train_seconds"] = np.nan
    figure = draw(table)
    assert [dot.name for dot in dots(figure)] == ["LoRA", "LoRA (rows 250)"]
    assert figure.layout.xaxis.title.text == snapshot("the cost<br>not known of IA3")
    nothing = draw(table.assign(train_seconds=np.nan))
    assert dots(nothing) == []
    assert nothing.layout.xaxis.title.text.endswith("not known of LoRA, IA3, LoRA (rows 250)")


def test_equal_costs_and_a_single_series_have_an_axis_too() -> None:
    for table in (cost_rows(1), cost_rows().assign(train_seconds=60.0), cost_rows().assign(train_seconds=0.0)):
        low, high = draw(table).layout.xaxis.range
        assert low < table["train_seconds"].iloc[0] < high


def test_a_point_without_an_interval_has_no_error_bar() -> None:
    (dot,) = dots(draw(cost_rows(1).assign(f1_macro_low=np.nan, f1_macro_high=np.nan)))
    assert np.isnan(ends(dot)).all()
    assert "no interval" in dot.hovertext[0]
