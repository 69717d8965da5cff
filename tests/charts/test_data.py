"""The share of each label: every name at its bar, in its own colour, and as high as the labels are many."""

import pandas as pd
import pytest

from emocore.charts.data import label_share_bars
from emocore.emotions import emotion_color
from tests.support.chart_tables import traces
from tests.support.label_counts import LABELS_BY_COUNT


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
