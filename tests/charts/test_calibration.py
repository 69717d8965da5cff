"""Reliability and precision-recall curves: the points of the tables, their names, the threshold in use."""

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.charts.calibration import precision_recall_curves, reliability_curves
from emocore.models.methods.catalogue import METHODS
from tests.support import chart_tables as tables
from tests.support.chart_tables import ends, named


def test_reliability_is_a_point_per_bin_with_its_interval_and_ece_in_the_name() -> None:
    figure = reliability_curves(tables.reliability_rows(), tables.calibration_rows())
    line = named(figure, "LoRA (ECE 0.043)")
    assert (list(line.x), list(line.y)) == ([0.2, 0.7], [0.1, 0.6])
    assert np.array(ends(line)) == pytest.approx(np.array([[0.05, 0.2], [0.55, 0.7]]))
    assert line.hovertext[1] == snapshot(
        "<b>LoRA</b><br>probabilities 0.50 to 1.00, mean 0.700<br>"
        "true 0.600, 95 % interval 0.550 to 0.700<br>1,234 label cells"
    )
    assert tuple(figure.layout.xaxis.range) == tuple(figure.layout.yaxis.range) == (0, 1)
    assert tuple(named(figure, "perfectly calibrated").x) == (0, 1)


def test_empty_bins_are_left_out() -> None:
    table = tables.reliability_rows(1)
    table.loc[0, ["count", "observed"]] = [0, np.nan]
    assert list(named(reliability_curves(table, tables.calibration_rows()), "LoRA (ECE 0.043)").x) == [0.7]


def test_precision_recall_curves_are_steps_that_hold_to_the_left() -> None:
    figure = precision_recall_curves(tables.precision_recall_rows())
    line = named(figure, "LoRA (average precision 0.650)")
    assert (list(line.x), list(line.y), line.line.shape) == ([0, 0.5, 1], [0.9, 0.65, 0.4], "vh")


def test_the_threshold_in_use_is_marked_on_the_line_of_each_series() -> None:
    assert len(precision_recall_curves(tables.precision_recall_rows()).data) == 4
    figure = precision_recall_curves(tables.precision_recall_rows(), tables.emotion_rows(series=5))
    mark = named(figure, "LoRA, threshold in use")
    assert (list(mark.x), list(mark.y), mark.marker.color) == ([0.25], [0.5], METHODS["lora"].color)
    assert len(figure.data) == 7, "series without a curve have no mark"
    used = tables.emotion_rows(series=5)
    figure = precision_recall_curves(tables.precision_recall_rows(), used[used["method"] != "lora"])
    assert len(figure.data) == 5, "nor has a curve whose series has no score"
