"""A queue that is paused while a run is live, and then goes on: told once, and looked at from each side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emocore.jobs.queue import continue_queue, move_to_front, pause_queue, resume_run, tend_queue
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from tests.support.live_runs import (
    describe,
    end_processes,
    processes_of_root,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_status,
)
from tests.support.records import edit, read_raw


@dataclass
class Story:
    """What was seen of a real queue: three runs that fail at once around one that trains."""

    names: dict[str, RunFolder]
    seen: dict[str, dict[str, RunStatus]] = field(default_factory=dict)
    schedulers: dict[str, int] = field(default_factory=dict)

    def look(self, moment: str) -> None:
        self.seen[moment] = {name: run.stored_state.status for name, run in self.names.items()}
        [run, *_] = self.names.values()
        lines = [process.cmdline() for process in processes_of_root(run.path.parent)]
        self.schedulers[moment] = sum("scheduler" in " ".join(line) for line in lines)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, small_csv: Path) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("queue")
    gone = {name: queue_run(root, Path("gone.csv"), method="tfidf") for name in ("first", "second")}
    long = queue_run(root, small_csv, method="tfidf")
    front = queue_run(root, Path("gone.csv"), method="tfidf")
    told = Story(gone | {"long": long, "front": front})
    for number, run in enumerate(told.names.values()):
        edit(run, "state.json", created_at=2e9 - number)
    move_to_front(long)
    move_to_front(front)
    try:
        pause_queue(root)
        scheduler = start_scheduler(root, idle_seconds=2.5)
        with pytest.raises(AssertionError, match="waited"):
            wait_for(lambda: any(run.stored_state.status != RunStatus.QUEUED for run in told.names.values()), 1.5)
        told.look("paused")
        continue_queue(root)
        wait_for_status(long, RunStatus.RUNNING)
        pause_queue(root)
        told.look("paused again")
        resume_run(front)
        assert scheduler.wait(60) == 0, describe(long)
        tend_queue(root)  # as every look of a page does
        told.look("after the live one")
        continue_queue(root)
        for run in told.names.values():
            wait_for(lambda run=run: run.stored_state.status.is_final, what=describe(run))
        told.look("continued")
        yield told
    finally:
        end_processes(root)


def test_a_paused_queue_starts_nothing(story: Story) -> None:
    assert set(story.seen["paused"].values()) == {RunStatus.QUEUED}


def test_a_live_run_goes_on_while_the_queue_is_paused(story: Story) -> None:
    assert story.seen["paused again"]["long"] == RunStatus.RUNNING
    assert story.seen["after the live one"]["long"] == RunStatus.FINISHED
    waiting = {name: status for name, status in story.seen["after the live one"].items() if name != "long"}
    assert set(waiting.values()) == {RunStatus.QUEUED} and len(waiting) == 3


def test_the_scheduler_of_a_paused_queue_ends_and_none_is_started(story: Story) -> None:
    assert (story.schedulers["paused again"], story.schedulers["after the live one"]) == (1, 0)


def test_going_on_starts_the_waiting_runs_with_one_scheduler(story: Story) -> None:
    assert all(status.is_final for status in story.seen["continued"].values())
    assert story.schedulers["continued"] == 1


def test_the_front_came_first_and_the_resumed_last_whatever_the_clock_said(story: Story) -> None:
    began = {name: run.state.started_at or 0 for name, run in story.names.items()}
    assert sorted(began, key=lambda name: began[name]) == ["long", "first", "second", "front"]
    created = [run.state.created_at for run in story.names.values()]
    assert created == sorted(created, reverse=True)


def test_every_attempt_is_counted(story: Story) -> None:
    attempts = {name: run.state.attempts for name, run in story.names.items()}
    assert attempts == {"first": 1, "second": 1, "long": 1, "front": 2}
    state = read_raw(story.names["front"], "state.json")
    assert state["earlier_seconds"] > 0 and state["ended_at"] > state["started_at"]
