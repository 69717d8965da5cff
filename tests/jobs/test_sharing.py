"""Runs that share the CPU, with real processes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.limits import set_limit
from tests.support.live_runs import (
    carry_out,
    describe,
    end_processes,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_status,
)
from tests.support.tables import change_status

LACKS_MEMORY = """
from emocore.training import process
def lack(*_): raise MemoryError
process.load_splits = lack
"""


# Code for a scheduler whose runs train as long as there is a file in their folder.
HOLD = """
import time
from emocore.training import tfidf
train = tfidf.train
def wait_and_train(run, *rest):
    while (run.path / "hold").exists():
        time.sleep(0.05)
    return train(run, *rest)
tfidf.train = wait_and_train
"""


@dataclass
class Story:
    """Four runs, and their states at each moment."""

    runs: list[RunFolder]
    seen: dict[str, list[RunStatus]] = field(default_factory=dict)

    def look(self, moment: str) -> None:
        self.seen[moment] = [run.stored_state.status for run in self.runs]


def let_go(run: RunFolder) -> None:
    (run.path / "hold").unlink()
    wait_for_status(run, RunStatus.FINISHED)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, small_csv: Path) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOCORE_SETTINGS", str(tmp_path_factory.mktemp("settings")))
        told = Story([queue_run(root, small_csv, method="tfidf", seed=seed) for seed in range(4)])
        first, second, third, _ = told.runs
        for run in told.runs:
            (run.path / "hold").touch()
        try:
            start_scheduler(root, prepare=HOLD)
            wait_for_status(first, RunStatus.RUNNING)
            with pytest.raises(AssertionError, match="waited"):
                wait_for(lambda: second.stored_state.status != RunStatus.QUEUED, 1.0)
            told.look("limit 1")
            set_limit("cpu", 2)
            wait_for_status(second, RunStatus.RUNNING)
            with pytest.raises(AssertionError, match="waited"):
                wait_for(lambda: third.stored_state.status != RunStatus.QUEUED, 1.0)
            told.look("limit 2")
            set_limit("cpu", 1)
            let_go(second)
            with pytest.raises(AssertionError, match="waited"):
                wait_for(lambda: third.stored_state.status != RunStatus.QUEUED, 1.0)
            told.look("limit 1 again")
            let_go(first)
            let_go(third)
            yield told
        finally:
            end_processes(root)


def test_the_limit_counts_at_once_and_ends_nothing(story: Story) -> None:
    waits, runs = RunStatus.QUEUED, RunStatus.RUNNING
    assert story.seen == {
        "limit 1": [runs, waits, waits, waits],
        "limit 2": [runs, runs, waits, waits],
        "limit 1 again": [runs, RunStatus.FINISHED, waits, waits],
    }


def test_each_result_says_whether_its_run_shared_the_device(story: Story) -> None:
    shared = [scores.shared_device if (scores := run.scores) else None for run in story.runs[:3]]
    assert shared == [True, True, False], describe(story.runs[0])


@pytest.mark.parametrize("is_alone", [False, True])
def test_a_run_that_lacks_memory_says_whether_others_were_there(root: Path, small_csv: Path, is_alone: bool) -> None:
    run = queue_run(root, small_csv, method="tfidf")
    run.note_company()
    change_status(run, RunStatus.QUEUED, attempts=int(is_alone))  # the company was that of an earlier attempt
    assert carry_out(run, prepare=LACKS_MEMORY) == 1
    assert run.state.failure == "out of memory"
    assert ("while other runs were on the same device" in (run.state.reason or "")) != is_alone
