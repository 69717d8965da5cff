"""Training curves: marked points, running means, one colour per method."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocore.charts.curves import metric_curves
from emocore.charts.style import method_color


def curve_rows(points: int = 3, **values: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"series": "LoRA", "method": "lora", "epoch": np.arange(1.0, points + 1), **values})
    return pd.concat([frame, frame.assign(series="IA3", method="ia3")], ignore_index=True)


def test_few_points_are_marked_and_shown_as_they_are() -> None:
    figure = metric_curves(curve_rows(f1=[0.1, 0.3, 0.2]), "f1", "F1", y_range=(0, 1))
    assert [line.name for line in figure.data] == ["LoRA", "IA3"]
    for line in figure.data:
        assert list(line.x) == [1, 2, 3]
        assert list(line.y) == [0.1, 0.3, 0.2]
        assert line.mode == "lines+markers"
        assert line.line.color == method_color(line.name.lower())
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_a_long_curve_is_thin_and_raw_under_its_running_mean() -> None:
    noise = np.random.default_rng(0).normal(1, 0.3, 200)
    figure = metric_curves(curve_rows(200, **{"train/loss": noise}), "train/loss", "loss")
    raw, mean, *_ = figure.data
    assert list(raw.y) == noise.tolist()
    assert (figure.layout.showlegend, raw.showlegend, mean.showlegend, mean.name) == (True, False, None, "LoRA")
    assert np.std(mean.y) < np.std(raw.y) / 2
    assert list(mean.x) == list(raw.x)


def test_rows_without_the_metric_are_left_out_of_its_curve() -> None:
    rows = curve_rows(f1=[np.nan, 0.3, np.nan])
    for line in metric_curves(rows, "f1", "F1").data:
        assert (list(line.x), list(line.y)) == ([2], [0.3])


@pytest.mark.parametrize("rows", [curve_rows(loss=[1.0, 2.0, 3.0]), curve_rows(f1=[np.nan] * 3)])
def test_a_metric_that_has_not_come_yet_is_an_empty_chart_with_its_series(rows: pd.DataFrame) -> None:
    figure = metric_curves(rows, "f1", "F1")
    assert [line.name for line in figure.data] == ["LoRA", "IA3"]
    assert all([y for y in line.y if y is not None] == [] for line in figure.data)


def test_series_of_one_method_differ_by_their_dash() -> None:
    rows = curve_rows(f1=[0.1, 0.2, 0.3]).assign(method="lora")
    first, second = metric_curves(rows, "f1", "F1").data
    assert first.line.color == second.line.color
    assert first.line.dash != second.line.dash
