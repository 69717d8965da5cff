"""The answer to one text: every emotion in order, its threshold, and pale bars below it."""

import pandas as pd

from emocore.charts.probabilities import probability_bars
from emocore.emotions import EMOTION_COLORS
from tests.support.chart_tables import traces


def answer() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "emotion": ["anger", "joy", "wistfulness"],
            "probability": [0.123, 0.9, 0.4],
            "threshold": [0.5, 0.5, 0.3],
            "predicted": [False, True, True],
        }
    )


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
