"""One metric of all series: the best on top, intervals, named lines of no skill."""

import numpy as np
import pytest

from emocore.charts.scores import score_dots
from emocore.charts.style import NO_SKILL_COLOR
from emocore.models.methods import METHODS
from tests.support.chart_tables import ends, named, score_rows


def test_a_line_a_series_with_the_best_on_top_and_its_value_beside_its_name() -> None:
    figure = score_dots(score_rows(), "f1_macro", "macro-F1")
    assert list(figure.layout.yaxis.ticktext) == ["LoRA (rows 250)  0.600", "IA3  0.550", "LoRA  0.500"]
    first, last = figure.layout.yaxis.range
    assert first > last
    assert [(dot.name, dot.x[0], dot.y[0]) for dot in figure.data] == [
        ("LoRA (rows 250)", 0.6, 0), ("IA3", 0.55, 1), ("LoRA", 0.5, 2),
    ]  # fmt: skip
    assert tuple(figure.layout.xaxis.range) == (0, 1)


def test_dots_have_intervals_the_colour_of_their_method_and_a_symbol_where_it_repeats() -> None:
    figure = score_dots(score_rows(), "jaccard", "Jaccard")
    lora, other = named(figure, "LoRA"), named(figure, "LoRA (rows 250)")
    assert ends(lora, "x")[0] == pytest.approx([0.47, 0.52])
    assert lora.marker.color == other.marker.color == lora.error_x.color == METHODS["lora"].color
    assert lora.marker.symbol != other.marker.symbol
    assert lora.hovertext[0] == "<b>LoRA</b><br>Jaccard 0.500, 95 % interval 0.470 to 0.520<br>mean of 3 seeds"


def test_a_dot_of_w_and_b_has_no_interval_and_says_why() -> None:
    table = score_rows(1).assign(source="W&B", low=np.nan, high=np.nan)
    (dot,) = score_dots(table, "f1_macro", "macro-F1").data
    assert np.isnan(ends(dot, "x")).all()
    assert "no interval: trained elsewhere" in dot.hovertext[0]


def test_lines_of_no_skill_are_dashed_and_named_each_on_a_line_of_its_own() -> None:
    levels = {"always-on": 0.354, "silence": 0.0, "unknown": np.nan}
    figure = score_dots(score_rows(), "f1_macro", "macro-F1", levels)
    line = named(figure, "no skill (always-on)")
    assert (line.line.dash, line.line.color, list(line.x)) == ("dash", NO_SKILL_COLOR, [0.354, 0.354])
    names = {note.text: note.yshift for note in figure.layout.annotations}
    assert set(names) == {"no skill (silence) 0.000", "no skill (always-on) 0.354"}
    assert len(set(names.values())) == 2
    assert figure.layout.margin.t > max(names.values())
