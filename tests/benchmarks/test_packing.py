"""The short form of benchmarks/packing.py, with two runs at once; by default it also runs them one at a time."""

from pathlib import Path

import pytest

from tests.support.speed import TEXTS, measure

pytestmark = pytest.mark.long


def test_runs_at_once_are_measured_up_to_the_end_of_the_last(tmp_path: Path) -> None:
    lines, figures = measure("packing", tmp_path, "--runs=2", "--limits=2")
    assert figures["texts"] == TEXTS and figures["runs"] == 2
    [measured] = figures["rounds"]
    assert list(measured) == ["2"] and measured["2"]["all"] > measured["2"]["training of each"] > 0
    assert ["2", *(f"{seconds:.1f}" for seconds in measured["2"].values())] in lines
