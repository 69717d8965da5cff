"""Charts of a data set: every label has its name, bars and colour; labels per text, pairs of labels, lengths."""

import numpy as np
import pandas as pd
import pytest

from emocore.charts.data import (
    MOST_IN_GRID,
    label_pairs_heatmap,
    label_share_bars,
    labels_per_text_bars,
    length_bars,
    split_share_bars,
)
from emocore.emotions import emotion_color
from tests.support.chart_tables import traces
from tests.support.label_counts import LABELS_BY_COUNT


def make_shares(labels: int, splits: int = 3) -> pd.DataFrame:
    values = np.linspace(0.01, 0.4, labels * splits).reshape(labels, splits)
    names = ["joy", "fear", *(f"label {number}" for number in range(labels - 2))]
    return pd.DataFrame(values, index=names, columns=["train", "validation", "test"][:splits])


@pytest.mark.parametrize("count", LABELS_BY_COUNT)
def test_every_label_has_its_name_its_bar_and_its_colour(count: int) -> None:
    labels = LABELS_BY_COUNT[count]
    shares = pd.Series([0.5 - 0.004 * place for place in range(count)], labels)
    figure = label_share_bars(shares)
    (bars,) = traces(figure, "bar")
    assert figure.layout.yaxis.ticktext == labels
    assert list(figure.layout.yaxis.tickvals) == list(bars.y) == list(range(count))
    assert list(bars.x) == shares.tolist()
    assert list(bars.marker.color) == [emotion_color(label) for label in labels]
    assert bars.hovertext[0] == f"<b>{labels[0]}</b>: 50.0% of the texts"
    assert figure.layout.height >= 20 * count


@pytest.mark.parametrize("labels", [2, 28, 100])
@pytest.mark.parametrize("splits", [1, 2, 3])
def test_every_label_has_a_bar_for_each_split_the_commonest_first(labels: int, splits: int) -> None:
    shares = make_shares(labels, splits)
    figure = split_share_bars(shares)
    assert len(figure.data) == splits
    for bar, split in zip(figure.data, shares, strict=True):
        assert list(bar.y) == list(range(labels))
        assert list(bar.x) == shares[split].tolist()[::-1]
    assert figure.layout.yaxis.ticktext == tuple(shares.index[::-1])
    assert figure.data[0].marker.color[-1] == emotion_color("joy")
    assert figure.layout.height / labels >= 16, "names do not overlap"


def test_bars_of_later_splits_are_paler() -> None:
    opacities = [bar.marker.opacity for bar in split_share_bars(make_shares(5)).data]
    assert opacities == sorted(opacities, reverse=True) and len(set(opacities)) == 3


def test_labels_per_text_are_shares_of_the_texts() -> None:
    [bar] = labels_per_text_bars(pd.Series([10, 25, 5, 0])).data
    assert list(bar.y) == pytest.approx([0.25, 0.625, 0.125, 0])
    assert list(bar.text) == ["25%", "62%", "12%", ""]
    assert bar.hovertext[1] == "<b>1</b> label: 25 texts, 62.5%"


def test_a_pair_is_a_share_of_the_texts_with_the_label_of_the_row() -> None:
    names = ["joy", "fear", "love"]
    pairs = pd.DataFrame([[10, 1, 5], [1, 4, 0], [5, 0, 20]], index=names, columns=names)
    figure = label_pairs_heatmap(pairs)
    assert list(figure.layout.xaxis.ticktext) == ["love", "joy", "fear"]
    assert list(figure.layout.yaxis.ticktext) == ["love (20)", "joy (10)", "fear (4)"]
    told = [text for bar in figure.data if bar.type == "bar" for text in bar.hovertext]
    assert len(told) == 6, "the diagonal is left out"
    assert "Of the 10 texts with <b>joy</b>,<br>50.0% (5) also have <b>love</b>" in told


@pytest.mark.parametrize("labels", [2, 28, 100])
def test_as_many_labels_are_drawn_as_can_be_read(labels: int) -> None:
    names = [f"l{number}" for number in range(labels)]
    pairs = pd.DataFrame(np.eye(labels, dtype=int) * 7, index=names, columns=names)
    figure = label_pairs_heatmap(pairs)
    assert len(figure.layout.yaxis.ticktext) == min(labels, MOST_IN_GRID)


def test_lengths_are_counted_once_each_with_a_line_at_the_cut() -> None:
    lengths = np.array([1, 3, 3, 10, 200])
    bars, line = length_bars(lengths, 12).data
    assert bars.y.sum() == len(lengths)
    assert list(line.x) == [12.5, 12.5] and line.line.dash == "dash" and line.name == "cut at 12 tokens"
    assert bars.hovertext[-1].startswith("<b>") and "or more" in bars.hovertext[-1]
    [narrow, _] = length_bars(np.array([5]), 128).data
    assert narrow.y.sum() == 1
