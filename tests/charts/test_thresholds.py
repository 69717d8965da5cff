"""A metric at each threshold policy: the order of the policies, intervals, the line of no skill."""

import numpy as np
import pytest

from emocore.charts.style import NO_SKILL_COLOR
from emocore.charts.thresholds import threshold_lines
from emocore.evaluation.predictions import POLICY_TITLES
from emocore.models.methods import METHODS
from tests.support.chart_tables import ends, named, threshold_rows, traces


def test_a_line_a_series_over_the_policies_with_intervals() -> None:
    figure = threshold_lines(threshold_rows().sample(frac=1, random_state=0), "f1_macro", "macro-F1")
    assert list(figure.layout.xaxis.ticktext) == list(POLICY_TITLES.values())
    assert len(traces(figure, "scatter")) == 3
    for line in traces(figure, "scatter"):
        assert list(np.round(line.x)) == [0, 1, 2]
        assert list(line.y) == pytest.approx([0.4, 0.45, 0.5])
        assert np.array(ends(line)) == pytest.approx(np.array([[0.37, 0.42], [0.42, 0.47], [0.47, 0.52]]))
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_series_stand_beside_each_other_and_differ_by_colour_or_dash() -> None:
    figure = threshold_lines(threshold_rows(), "f1_macro", "macro-F1")
    lora, ia3, other = (named(figure, name) for name in ("LoRA", "IA3", "LoRA (rows 250)"))
    assert len({line.x[0] for line in (lora, ia3, other)}) == 3
    assert lora.line.color == other.line.color == METHODS["lora"].color
    assert lora.line.dash != other.line.dash
    assert lora.marker.symbol != other.marker.symbol
    assert ia3.line.color == METHODS["ia3"].color


def test_a_policy_that_a_series_was_not_scored_at_is_a_gap() -> None:
    table = threshold_rows(2)
    figure = threshold_lines(table[(table["series"] == "LoRA") | (table["policy"] == "launch")], "f1_macro", "macro-F1")
    assert np.isnan(named(figure, "IA3").y[1:]).all()
    figure = threshold_lines(table[table["policy"] != "common"], "f1_macro", "macro-F1")
    assert list(figure.layout.xaxis.ticktext) == [POLICY_TITLES["launch"], POLICY_TITLES["by_emotion"]]


def test_the_hover_names_policy_value_and_interval() -> None:
    figure = threshold_lines(threshold_rows(), "jaccard", "Jaccard")
    assert named(figure, "IA3").hovertext[1] == (
        "<b>IA3</b>, one tuned threshold<br>Jaccard 0.450, 95 % interval 0.420 to 0.470"
    )


def test_the_line_of_no_skill_is_dashed_and_named() -> None:
    figure = threshold_lines(threshold_rows(), "f1_macro", "macro-F1", {"always-on": 0.31, "silence": np.nan})
    line = named(figure, "no skill (always-on) 0.310")
    assert (line.line.dash, line.line.color, list(line.y)) == ("dash", NO_SKILL_COLOR, [0.31, 0.31])
    assert len(figure.data) == 4
