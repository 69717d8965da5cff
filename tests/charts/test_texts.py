"""Agreement and mixed-up emotions as cells."""

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.charts.texts import agreement_heatmap, co_occurrence_heatmap
from emocore.models.methods.catalogue import METHODS
from tests.support.chart_tables import agreement_square, co_occurrence_rows, traces
from tests.support.label_counts import LABELS_BY_COUNT


def test_agreement_of_each_pair_and_of_the_seeds_of_one_series() -> None:
    figure = agreement_heatmap(agreement_square())
    (cells,) = traces(figure, "bar")
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext)
    assert list(cells.marker.color)[:2] == [0.91, 0.62]
    assert cells.hovertext[0] == snapshot("<b>LoRA</b>, its seeds among themselves<br>agreement 0.910")
    assert cells.hovertext[1] == snapshot("<b>LoRA</b> and <b>IA3</b><br>agreement 0.620")
    assert (cells.marker.cmin, cells.marker.cmax) == (0.6, 1)


def test_a_pair_without_agreement_is_left_out() -> None:
    square = agreement_square(2)
    square.iloc[0, 0] = np.nan
    assert len(traces(agreement_heatmap(square), "bar")[0].x) == 3
    assert agreement_heatmap(square * np.nan).data == ()


@pytest.mark.parametrize(("kind", "largest"), [("with", 0.2), ("instead", 0.1)])
def test_shares_of_one_series_and_kind(kind: str, largest: float) -> None:
    figure = co_occurrence_heatmap(co_occurrence_rows(), "LoRA", kind)
    assert list(figure.layout.yaxis.ticktext) == list(figure.layout.xaxis.ticktext) == ["joy", "anger", "trust"]
    strong, faint = traces(figure, "bar")
    assert [list(who) for who in strong.customdata] == [["joy", "anger"]]
    assert list(strong.marker.color) == [largest]
    assert strong.marker.colorscale[-1][1] == METHODS["lora"].color
    assert len(faint.x) == 5, "small shares are grey, an emotion with itself has no cell"
    assert traces(figure, "scatter")[0].text == (f"{largest:.0%}",)
    assert f"{largest:.1%} of the texts with the one and without the other (7.5 texts)" in strong.hovertext[0]


def test_few_emotions_show_their_numbers_and_many_a_colour_bar() -> None:
    assert traces(co_occurrence_heatmap(co_occurrence_rows(LABELS_BY_COUNT[11]), "LoRA", "with"), "scatter")
    figure = co_occurrence_heatmap(co_occurrence_rows(LABELS_BY_COUNT[28]), "LoRA", "with")
    assert traces(figure, "scatter") == []
    assert traces(figure, "bar")[0].marker.showscale
    assert sum(len(cells.x) for cells in traces(figure, "bar")) == 28 * 27


def test_an_emotion_that_was_never_confused_keeps_its_place() -> None:
    table = co_occurrence_rows()
    table = table[~((table["true_emotion"] == "anger") & (table["other_emotion"] == "trust"))]
    figure = co_occurrence_heatmap(table, "LoRA", "with")
    assert list(figure.layout.xaxis.ticktext) == ["joy", "anger", "trust"]
    assert sum(len(cells.x) for cells in traces(figure, "bar")) == 5
