"""The answers to one text: every emotion in the order of its set, its threshold, pale bars below it; of many emotions
the most probable ones."""

import pandas as pd
import pytest

from emocore.charts.probabilities import MOST_BARS, most_probable, probability_bars
from emocore.emotions import emotion_color
from tests.support.chart_tables import traces
from tests.support.label_counts import LABELS_BY_COUNT


def answer() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "emotion": ["anger", "joy", "wistfulness"],
            "probability": [0.123, 0.9, 0.4],
            "threshold": [0.5, 0.5, 0.3],
            "predicted": [False, True, True],
        }
    )


def rising(count: int) -> pd.DataFrame:
    """The last emotions are the most probable ones; only the first one is found."""
    labels = LABELS_BY_COUNT[count]
    probabilities = [place / count for place in range(count)]
    table = pd.DataFrame({"emotion": labels, "probability": probabilities, "threshold": 0.5, "predicted": False})
    return table.assign(predicted=table.index == 0)


def test_probabilities_show_every_emotion_with_its_threshold() -> None:
    figure = probability_bars(answer(), ["joy", "wistfulness", "anger"])
    (bars,) = traces(figure, "bar")
    (ticks,) = traces(figure, "scatter")
    assert list(bars.y) == list(ticks.y) == list(figure.layout.yaxis.tickvals) == [0, 1, 2]
    assert list(bars.x) == [0.123, 0.9, 0.4]
    assert list(ticks.x) == [0.5, 0.5, 0.3]
    assert list(figure.layout.yaxis.ticktext) == ["anger  12%", "joy  90%", "wistfulness  40%"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first one is on top"
    assert bars.hovertext[0] == "<b>anger</b><br>probability 0.123<br>threshold 0.50"


def test_emotions_of_a_known_set_stand_in_its_order_under_the_names_of_the_file() -> None:
    table = answer().assign(emotion=["Sad", "joy", "ANGRY"])
    figure = probability_bars(table, list(table["emotion"]))
    assert list(figure.layout.yaxis.ticktext) == ["ANGRY  40%", "joy  90%", "Sad  12%"]
    assert probability_bars(table, ["Sad", "ANGRY"]).layout.yaxis.ticktext == ("ANGRY  40%", "Sad  12%")


def test_what_is_under_its_threshold_is_pale() -> None:
    (bars,) = traces(probability_bars(answer(), list(answer()["emotion"])), "bar")
    pale, *strong = bars.marker.opacity
    assert strong == [1, 1]
    assert pale < 0.5
    assert bars.marker.color[1] == emotion_color("joy")


def test_a_very_long_name_is_cut_in_the_middle_and_whole_in_the_hover() -> None:
    name = f"a {'long ' * 15}name"
    figure = probability_bars(answer().replace("joy", name), [name])
    (shown,) = figure.layout.yaxis.ticktext
    assert shown.startswith("a long long") and shown.endswith("name  90%") and len(shown) <= 45
    assert name in figure.data[0].hovertext[0]


@pytest.mark.parametrize("count", LABELS_BY_COUNT)
def test_what_is_found_and_the_most_probable_are_shown(count: int) -> None:
    table = rising(count)
    shown = most_probable(table, [table])
    labels = LABELS_BY_COUNT[count]
    assert set(shown) == {labels[0], *labels[1:][-MOST_BARS + 1 :]}
    figure = probability_bars(table, shown)
    assert len(figure.layout.yaxis.ticktext) == len(traces(figure, "bar")[0].hovertext) == min(count, MOST_BARS)
    assert figure.layout.height >= 20 * len(shown)


def test_adapters_with_the_same_emotions_show_the_same_ones() -> None:
    one, other, few = rising(100), rising(100).assign(probability=0.0, predicted=False), rising(7)
    other.loc[50, "predicted"] = True
    answers = [one, other, few]
    assert most_probable(one, answers) == most_probable(other, answers)
    assert LABELS_BY_COUNT[100][50] in most_probable(one, answers)
    assert set(most_probable(few, answers)) == set(LABELS_BY_COUNT[7])
