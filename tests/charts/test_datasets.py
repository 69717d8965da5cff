"""Scores of each series on each dataset: rows, dots, intervals and hovers."""

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.charts.datasets import dataset_dots
from tests.support.chart_tables import dataset_rows, ends, named


def test_each_dataset_has_a_row_with_one_dot_per_series_below_each_other() -> None:
    figure = dataset_dots(dataset_rows())
    assert list(figure.layout.yaxis.ticktext) == ["tweets", "forum"]
    first, last = figure.layout.yaxis.range
    assert first > last, "the first dataset is at the top"
    assert [trace.name for trace in figure.data] == ["LoRA", "IA3", "LoRA (rows 250)"]
    places = np.array([trace.y for trace in figure.data])
    assert np.round(places).tolist() == [[0, 1]] * 3
    assert (np.diff(places, axis=0) > 0.1).all(), "they do not overlap"
    assert places[-1][0] < places[0][1], "rows are apart"
    assert list(named(figure, "LoRA").x) == pytest.approx([0.6, 0.5])
    assert list(named(figure, "LoRA (rows 250)").x) == pytest.approx([0.5, 0.6])
    assert ends(named(figure, "IA3"), "x")[0] == pytest.approx([0.52, 0.57])
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    assert len(figure.layout.shapes) == 1, "a line between the datasets"


def test_the_hover_has_the_score_with_its_interval_and_the_rank() -> None:
    dot = named(dataset_dots(dataset_rows()), "IA3")
    assert dot.hovertext[1] == snapshot(
        "<b>IA3</b> on forum<br>macro-F1 0.550, 95 % interval 0.520 to 0.570<br>rank 2 of 3<br>mean of 3 seeds"
    )
    tied = dataset_rows().assign(rank=1.5)
    assert "rank 1.5 of 3" in named(dataset_dots(tied), "IA3").hovertext[0]


def test_a_figure_grows_with_its_datasets_and_series() -> None:
    small, more, most = (
        dataset_dots(dataset_rows(("a", "b", "c")[:datasets], series)).layout.height
        for datasets, series in ((2, 2), (3, 2), (3, 5))
    )
    assert small < more < most
