"""F1 by emotion: every number of the table, its interval or why there is none, the order by support, the clicks."""

import numpy as np
import pandas as pd
import pytest

from emocore.charts.emotions import emotion_bars, emotion_heatmap, order_by_support
from emocore.models.methods.catalogue import METHODS
from tests.support.chart_tables import SERIES, emotion_rows, ends, named, traces
from tests.support.label_counts import LABELS_BY_COUNT

EMOTIONS = ["joy", "anger", "trust"]
NAMES = [name for name, _ in SERIES[:3]]


def with_team_run(table: pd.DataFrame) -> pd.DataFrame:
    own = table[table["series"] == "LoRA"]
    return pd.concat([table, own.assign(series="LoRA · W&B", source="W&B", f1=0.6, low=np.nan, high=np.nan)])


def test_bars_show_the_f1_of_every_emotion_by_support_with_its_interval() -> None:
    table = emotion_rows()
    figure = emotion_bars(table.sample(frac=1, random_state=0))
    assert list(figure.layout.xaxis.ticktext) == EMOTIONS
    assert tuple(figure.layout.yaxis.range) == (0, 1)
    for bar in traces(figure, "bar"):
        own = table[table["series"] == bar.name]
        assert list(bar.x) == [0, 1, 2]
        assert list(bar.y) == own["f1"].tolist()
        assert np.array(ends(bar)) == pytest.approx(own[["low", "high"]].to_numpy())


def test_bars_of_an_emotion_stand_next_to_each_other_within_its_place() -> None:
    bars = traces(emotion_bars(emotion_rows(series=5)), "bar")
    starts = [bar.offset for bar in bars]
    assert starts == sorted(starts)
    assert all(start + bar.width <= after for start, bar, after in zip(starts, bars, starts[1:], strict=False))
    assert -0.5 <= starts[0] < starts[-1] + bars[-1].width <= 0.5


def test_the_no_skill_line_is_over_each_emotion() -> None:
    line = named(emotion_bars(emotion_rows()), "no skill (always predicted)")
    levels = {round(x): y for x, y in zip(line.x, line.y, strict=True) if np.isfinite(x)}
    assert levels == pytest.approx({0: 0.4, 1: 0.3, 2: 0.2})


def test_series_of_w_and_b_are_points_next_to_the_bars_that_say_why_they_have_no_interval() -> None:
    figure = emotion_bars(with_team_run(emotion_rows()))
    assert [bar.name for bar in traces(figure, "bar")] == NAMES
    points = named(figure, "LoRA · W&B")
    assert (points.mode, list(points.y), points.marker.color) == ("markers", [0.6] * 3, METHODS["lora"].color)
    assert np.isnan(ends(points)).all()
    last = traces(figure, "bar")[-1]
    assert all(last.offset + last.width < x - place < 0.5 for place, x in enumerate(points.x))
    assert "no interval: trained elsewhere" in points.hovertext[0]


def test_an_emotion_without_an_interval_has_no_error_bar_and_says_why() -> None:
    table = emotion_rows()
    is_thin = table["emotion"] == "trust"
    table.loc[is_thin, ["low", "high"]] = np.nan
    table.loc[is_thin, "note"] = "too few texts for an interval"
    bar = traces(emotion_bars(table), "bar")[0]
    assert np.isnan(ends(bar)).all(axis=1).tolist() == [False, False, True]
    assert "no interval: too few texts for an interval" in bar.hovertext[2]
    assert "95 % interval 0.850 to 0.940" in bar.hovertext[0]


def test_the_hover_has_precision_recall_support_and_seeds() -> None:
    hover = traces(emotion_bars(emotion_rows()), "bar")[0].hovertext[1]
    assert hover.split("<br>") == [
        "<b>anger</b>, LoRA",
        "F1 0.700, 95 % interval 0.650 to 0.740",
        "precision 0.500, recall 0.250, average precision 0.750",
        "support 500 texts, mean of 3 seeds",
    ]
    alone = traces(emotion_bars(emotion_rows().assign(seeds=1, average_precision=np.nan)), "bar")[0].hovertext[1]
    assert "1 seed" in alone
    assert "nan" not in alone


def test_a_series_without_an_emotion_leaves_a_gap_and_shifts_nothing() -> None:
    bar = traces(emotion_bars(emotion_rows().drop(index=0)), "bar")
    lora = next(trace for trace in bar if trace.name == "LoRA")  # it has no joy
    assert [row[0] for row in lora.customdata] == EMOTIONS
    assert np.isnan(lora.y[0])
    assert (lora.y[1], lora.hovertext[0]) == (0.7, "")


@pytest.mark.parametrize("labels", [2, 7, 11])
def test_up_to_fourteen_emotions_have_upright_bars(labels: int) -> None:
    figure = emotion_bars(emotion_rows(LABELS_BY_COUNT[labels]))
    assert {bar.orientation for bar in traces(figure, "bar")} == {"v"}
    assert list(figure.layout.xaxis.ticktext) == list(LABELS_BY_COUNT[labels])


@pytest.mark.parametrize("count", [28, 100])
def test_more_emotions_have_bars_on_their_side_from_top_to_bottom_with_room_for_each(count: int) -> None:
    labels = LABELS_BY_COUNT[count]
    table = emotion_rows(labels, series=5)
    figure = emotion_bars(table)
    bars = traces(figure, "bar")
    assert {bar.orientation for bar in bars} == {"h"}
    assert list(figure.layout.yaxis.ticktext) == list(labels)
    first, last = figure.layout.yaxis.range
    assert first > last, "the commonest emotion is on top"
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    assert figure.layout.height / (count * 5) >= 8
    assert figure.layout.xaxis.side == "top", "where the reading begins"
    assert (figure.layout.legend.y - 1) * figure.layout.height >= 40, "the legend is above the axis"
    own = table[table["series"] == "LoRA"]
    assert np.array(ends(bars[0], "x")) == pytest.approx(own[["low", "high"]].to_numpy())


def test_long_names_have_bars_on_their_side_and_stand_whole_in_the_hover() -> None:
    name = f"a {'long ' * 15}name"
    figure = emotion_bars(emotion_rows((name, "joy")))
    assert {bar.orientation for bar in traces(figure, "bar")} == {"h"}
    assert figure.layout.yaxis.ticktext[0].startswith("a long") and len(figure.layout.yaxis.ticktext[0]) <= 40
    assert traces(figure, "bar")[0].customdata[0][0] == name and name in traces(figure, "bar")[0].hovertext[0]


@pytest.mark.parametrize("count", LABELS_BY_COUNT)
def test_no_name_is_left_out_no_row_gets_lower_and_every_hover_is_complete(count: int) -> None:
    labels = LABELS_BY_COUNT[count]
    for figure in (emotion_bars(emotion_rows(labels)), emotion_heatmap(emotion_rows(labels))):
        axis = figure.layout.xaxis if len(figure.layout.xaxis.ticktext or ()) == count else figure.layout.yaxis
        assert [name.split("  (")[0] for name in axis.ticktext] == list(labels)
        assert list(axis.tickvals) == list(range(count))
        hovers = [hover for bar in traces(figure, "bar") for hover in bar.hovertext]
        assert len(hovers) == 3 * count
        assert all(f"<b>{label}</b>" in " ".join(hovers) for label in labels)
    assert figure.layout.height >= 30 * count


def test_a_heatmap_has_a_cell_for_every_emotion_and_series_by_support() -> None:
    figure = emotion_heatmap(emotion_rows().sample(frac=1, random_state=1).sort_values("series", kind="stable"))
    assert list(figure.layout.yaxis.ticktext) == ["joy  (1,000)", "anger  (500)", "trust  (333)"]
    (cells,) = traces(figure, "bar")
    series = list(figure.layout.xaxis.ticktext)
    values = {tuple(who): value for who, value in zip(cells.customdata, cells.marker.color, strict=True)}
    assert values["joy", "LoRA"] == 0.9
    assert values["trust", "LoRA (rows 250)"] == 0.3
    assert len(values) == 9
    assert [series[x] for x in cells.x] == [who[1] for who in cells.customdata]
    assert (cells.marker.cmin, cells.marker.cmax) == (0, 1)


def test_a_heatmap_says_who_is_best_by_how_much_with_support_and_interval() -> None:
    figure = emotion_heatmap(emotion_rows())
    (cells,), (text,) = traces(figure, "bar"), traces(figure, "scatter")
    assert text.text[:3] == ("<b>0.90</b>", "0.80", "0.70")
    assert cells.hovertext[0].endswith("<br>best")
    assert cells.hovertext[1].endswith("<br>-10.0 points to the best")
    for words in ("support 1,000 texts", "95 % interval 0.850 to 0.940"):
        assert words in cells.hovertext[0]


def test_a_heatmap_of_one_series_calls_nothing_the_best() -> None:
    figure = emotion_heatmap(emotion_rows(series=1))
    assert traces(figure, "scatter")[0].text == ("0.90", "0.70", "0.50")
    assert all("best" not in hover for hover in traces(figure, "bar")[0].hovertext)


def test_a_heatmap_leaves_out_a_cell_that_does_not_exist() -> None:
    (cells,) = traces(emotion_heatmap(emotion_rows().drop(index=0)), "bar")
    assert ["joy", "LoRA"] not in [list(who) for who in cells.customdata]
    assert len(cells.customdata) == 8


def test_a_click_tells_the_plain_name_of_the_emotion_in_both_charts() -> None:
    table = with_team_run(emotion_rows())
    clickable = [trace for trace in emotion_bars(table).data if trace.customdata is not None]
    assert len(clickable) == 4
    assert all([row[0] for row in trace.customdata] == EMOTIONS for trace in clickable)
    (cells,) = traces(emotion_heatmap(table), "bar")
    assert [row[0] for row in cells.customdata] == [emotion for emotion in EMOTIONS for _ in range(4)]


def test_emotions_of_equal_support_keep_their_order() -> None:
    assert order_by_support(emotion_rows().assign(support=5)) == EMOTIONS
