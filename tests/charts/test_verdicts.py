"""Verdicts: differences in points, their intervals, and a word or sign in addition to every colour."""

import numpy as np
import pandas as pd
import pytest

from emocore.charts.style import NO_SKILL_COLOR
from emocore.charts.verdicts import VERDICT_COLORS, difference_forest, verdict_matrix
from emocore.evaluation.verdicts import OPPOSITES
from emocore.models.methods.catalogue import METHODS
from tests.support.chart_tables import ends, named, traces, verdicts_of
from tests.support.label_counts import LABELS_BY_COUNT


def test_the_forest_has_every_pair_in_points_with_its_interval() -> None:
    figure = difference_forest(verdicts_of().overall)
    assert list(figure.layout.yaxis.ticktext) == ["LoRA − IA3", "LoRA − LoRA (rows 250)", "IA3 − LoRA (rows 250)"]
    dot = named(figure, "LoRA − IA3")
    assert list(dot.x) == pytest.approx([6])
    assert ends(dot, "x")[0] == pytest.approx([3, 9])
    (zero,) = figure.layout.shapes
    assert (zero.x0, zero.x1) == (0, 0)
    start, end = figure.layout.xaxis.range
    assert start < 0 < 9 < end


def test_the_forest_tells_each_verdict_by_word_shape_and_colour() -> None:
    table = verdicts_of().overall
    table.loc[table["second"] == "IA3", ["verdict", "difference"]] = ["worse", -0.034]
    table.loc[table["first"] == "IA3", ["verdict", "difference"]] = ["equal", 0.001]
    figure = difference_forest(table)
    assert [note.text for note in figure.layout.annotations] == ["worse  -3.4", "better  +6.0", "equal  +0.1"]
    assert [note.y for note in figure.layout.annotations] == [dot.y[0] for dot in figure.data]
    assert [dot.marker.color for dot in figure.data] == [VERDICT_COLORS[word] for word in ("worse", "better", "equal")]
    assert len({dot.marker.symbol for dot in figure.data}) == 3


def test_the_colours_of_verdicts_are_no_methods() -> None:
    own = {VERDICT_COLORS["better"], VERDICT_COLORS["worse"]}
    assert not own & {method.color for method in METHODS.values()}
    assert {VERDICT_COLORS[word] for word in OPPOSITES} - own == {NO_SKILL_COLOR}


def test_the_hover_has_difference_interval_probability_support_and_note() -> None:
    table = verdicts_of().overall.assign(note="one seed of LoRA")
    assert difference_forest(table).data[0].hovertext[0].split("<br>") == [
        "<b>macro-F1, all emotions</b>", "LoRA is better than IA3", "+6.0 points, corrected 95 % interval +3.0 to +9.0",
        "P(LoRA is better) 0.970", "support 1,000 labels", "one seed of LoRA",
    ]  # fmt: skip


def test_the_matrix_has_emotions_by_support_and_pairs() -> None:
    figure = verdict_matrix(verdicts_of(LABELS_BY_COUNT[11]).by_emotion)
    assert list(figure.layout.yaxis.ticktext) == list(LABELS_BY_COUNT[11])
    pairs = ["LoRA<br>− IA3", "LoRA<br>− LoRA (rows 250)", "IA3<br>− LoRA (rows 250)"]
    assert list(figure.layout.xaxis.ticktext) == pairs
    assert sum(len(cells.x) for cells in traces(figure, "bar")) == 33


def test_clear_differences_are_coloured_and_signed_and_others_are_faint() -> None:
    figure = verdict_matrix(verdicts_of(("joy", "anger", "trust")).by_emotion)
    clear, others = traces(figure, "bar")
    clear_text, other_text = traces(figure, "scatter")
    assert {who[0] for who in clear.customdata} == {"joy"}
    assert {who[0] for who in others.customdata} == {"anger", "trust"}
    assert set(clear_text.text) == {"<b>▲ +6.0</b>"}
    assert set(other_text.text) == {"· -2.0"}
    thin = next(hover for who, hover in zip(others.customdata, others.hovertext, strict=True) if who[0] == "trust")
    told = "open whether LoRA or IA3 is better<br>-2.0 points, no interval"
    assert thin == f"<b>trust</b><br>{told}<br>support 250 texts<br>only 4 texts have it"


def test_the_colours_are_symmetric_about_zero() -> None:
    table = verdicts_of().by_emotion
    table.loc[table["emotion"] == "joy", "difference"] = [0.02, 0.12, -0.3]
    marker = traces(verdict_matrix(table), "bar")[0].marker
    assert (marker.cmin, marker.cmax) == (-30, 30)
    assert [color for _, color in marker.colorscale][::2] == [VERDICT_COLORS["worse"], VERDICT_COLORS["better"]]
    small = traces(verdict_matrix(table.assign(difference=0.001)), "bar")[0].marker
    assert small.cmax == 5, "a difference of nothing is not shown as a large one"


def test_a_pair_that_is_turned_round_is_told_from_the_other_side() -> None:
    figure = verdict_matrix(verdicts_of(("joy", "trust")).among(["IA3", "LoRA"]).by_emotion)
    assert list(figure.layout.xaxis.ticktext) == ["IA3<br>− LoRA"]
    clear = traces(figure, "bar")[0]
    assert list(clear.customdata[0]) == ["joy", "IA3", "LoRA"]
    assert list(clear.marker.color) == pytest.approx([-6])
    assert traces(figure, "scatter")[0].text == ("<b>▼ -6.0</b>",)
    assert "IA3 is worse than LoRA" in clear.hovertext[0]
    assert "-6.0 points, corrected 95 % interval -9.0 to -3.0" in clear.hovertext[0]


def test_many_pairs_show_only_signs() -> None:
    names = [f"LoRA {number}" for number in range(6)]
    table = verdicts_of(("joy",), series=2).by_emotion
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    figure = verdict_matrix(pd.concat([table.assign(first=a, second=b) for a, b in pairs]))
    assert len(figure.layout.xaxis.ticktext) == 15
    assert traces(figure, "scatter")[0].text == ("▲",) * 15


def test_no_pair_is_an_empty_chart() -> None:
    empty = verdicts_of(series=1)
    assert difference_forest(empty.overall).data == ()
    assert verdict_matrix(empty.by_emotion).data == ()
    assert np.isfinite(verdict_matrix(empty.by_emotion).layout.height)
