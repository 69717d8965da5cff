"""The tracker writes the last point of the curves once, however often the end of a run is repeated."""

from collections.abc import Iterator

import pytest

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, runs_root
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.tracker import Tracker

SCORES = {"validation/loss": 0.5, "validation/f1_macro": 0.25}


@pytest.fixture
def run() -> RunFolder:
    return create_run(runs_root(), RunConfig(method="tfidf", base="none", wandb_mode="offline"))


@pytest.fixture
def tracker(run: RunFolder) -> Iterator[Tracker]:
    opened = Tracker.open(run, run.config)
    yield opened
    opened.close(0)


def test_the_end_is_a_row_of_the_last_step(run: RunFolder, tracker: Tracker) -> None:
    tracker.begin(total_steps=4)
    tracker.log(4, 2.0, {"train/loss": 0.7})
    tracker.log_end(4, 2.0, SCORES)
    *_, last = read_metrics(run.metrics)
    assert {name: value for name, value in last.items() if name != "seconds"} == {
        "step": 4, "total_steps": 4, "epoch": 2.0, **SCORES,
    }  # fmt: skip


def test_an_attempt_that_only_evaluates_again_adds_nothing(run: RunFolder, tracker: Tracker) -> None:
    tracker.begin(total_steps=4)
    tracker.log(4, 2.0, {"train/loss": 0.7})
    tracker.log_end(4, 2.0, SCORES)
    before = read_metrics(run.metrics)
    later = Tracker.open(run, run.config)
    later.log_end(4, 2.0, SCORES)
    later.close(0)
    assert read_metrics(run.metrics) == before


def test_an_attempt_that_was_killed_before_its_end_is_completed(run: RunFolder, tracker: Tracker) -> None:
    tracker.begin(total_steps=4)
    tracker.log(2, 1.0, SCORES)
    tracker.log(4, 2.0, {"train/loss": 0.7})
    later = Tracker.open(run, run.config)
    later.log_end(4, 2.0, SCORES)
    later.close(0)
    rows = read_metrics(run.metrics)
    assert [(row["step"], "validation/loss" in row) for row in rows] == [(2, True), (4, False), (4, True)]
    assert rows[-1]["seconds"] >= rows[-2]["seconds"] and rows[-1]["total_steps"] == 4
