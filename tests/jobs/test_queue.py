"""The queue: who is next, what a pause holds up, and how an ended run enters it again."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import (
    continue_queue,
    move_to_front,
    pause_queue,
    resume_run,
    tend_queue,
    waiting_runs,
)
from emocore.jobs.scheduler import has_work, pause_file, sweep
from emocore.jobs.stop import request_stop
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, next_queue_position
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
from tests.support.records import edit
from tests.support.small_disks import fill, read_only, small_disk
from tests.support.tables import change_status


def add_run(root: Path) -> RunFolder:
    return create_run(root, RunConfig(method="tfidf"))


@pytest.fixture
def waiting(tmp_path: Path) -> list[RunFolder]:
    """Four runs, queued one after the other, that no scheduler knows of."""
    return [add_run(tmp_path) for _ in range(4)]


def set_created_at(run: RunFolder, created_at: float) -> None:
    edit(run, "state.json", created_at=created_at)


def test_runs_wait_in_the_order_of_their_launch(waiting: list[RunFolder]) -> None:
    assert waiting_runs(waiting[0].path.parent) == waiting


def test_a_clock_set_back_between_launches_changes_no_order(waiting: list[RunFolder]) -> None:
    for number, run in enumerate(waiting):
        set_created_at(run, 1e9 - number)
    root = waiting[0].path.parent
    assert list_runs(root) == waiting[::-1], "the list is by time, and shows that the clock was set back"
    assert waiting_runs(root) == waiting
    assert waiting_runs(root)[-1] != (last := add_run(root))
    assert waiting_runs(root)[-1] == last


def test_a_run_can_be_moved_to_the_front(waiting: list[RunFolder]) -> None:
    first, second, third, fourth = waiting
    root = first.path.parent
    move_to_front(third)
    assert waiting_runs(root) == [third, first, second, fourth]
    move_to_front(fourth)
    assert waiting_runs(root) == [fourth, third, first, second]
    move_to_front(fourth)
    assert waiting_runs(root)[0] == fourth
    assert waiting_runs(root)[-1] != (last := add_run(root))
    assert waiting_runs(root) == [fourth, third, first, second, last]


def test_a_resumed_run_goes_to_the_end(waiting: list[RunFolder]) -> None:
    first, second, third, fourth = waiting
    change_status(first, RunStatus.FAILED, reason="because", failure="out of memory")
    change_status(second, RunStatus.STOPPED)
    resume_run(second)
    resume_run(first)
    assert waiting_runs(first.path.parent) == [third, fourth, second, first]
    assert first.state.reason is None and first.state.failure is None


@pytest.mark.parametrize("status", [status for status in RunStatus if status != RunStatus.QUEUED], ids=str)
def test_only_a_waiting_run_can_be_moved(waiting: list[RunFolder], status: RunStatus) -> None:
    change_status(waiting[1], status)
    with pytest.raises(RunError, match=f"is {status}; only a queued run"):
        move_to_front(waiting[1])
    assert waiting[1].stored_state.status == status


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.FINISHED], ids=str)
def test_a_run_that_waits_or_is_done_is_not_resumed(waiting: list[RunFolder], status: RunStatus) -> None:
    change_status(waiting[0], status)
    before = waiting[0].stored_state
    with pytest.raises(RunError, match=f"is {status}; only a stopped, interrupted or failed run"):
        resume_run(waiting[0])
    assert waiting[0].stored_state == before


def test_a_live_run_is_neither_resumed_nor_moved(waiting: list[RunFolder]) -> None:
    run = waiting[0]
    with run.lock():
        run.change_state(RunStatus.RUNNING, started_at=1.0)
        before = run.stored_state
        for change in (resume_run, move_to_front):
            with pytest.raises(RunError, match="is being worked on"):
                change(run)
        assert run.stored_state == before


def test_a_dead_run_is_resumed_before_anybody_has_settled_it(waiting: list[RunFolder]) -> None:
    run = waiting[0]
    began = run.last_sign_of_life() - 100
    change_status(run, RunStatus.RUNNING, started_at=began, device="cpu", attempts=1, earlier_seconds=7.0)
    run.stop_request.touch()
    resume_run(run)
    state = run.stored_state
    assert state.status == RunStatus.QUEUED
    assert (state.device, state.process, state.started_at, state.ended_at) == (None, None, None, None)
    assert state.attempts == 1, "counted when the next one begins"
    assert state.elapsed_seconds == pytest.approx(107, abs=5)
    assert not run.stop_request.exists(), "the word to stop was for the attempt before"


def test_a_run_whose_settings_cannot_be_read_is_not_queued_for_ever(waiting: list[RunFolder]) -> None:
    run = waiting[0]
    change_status(run, RunStatus.FAILED)
    (run.path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        resume_run(run)
    assert run.stored_state.status == RunStatus.FAILED


def test_the_only_waiting_run_can_be_moved_even_if_its_settings_are_damaged(tmp_path: Path) -> None:
    run = add_run(tmp_path)
    (run.path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        move_to_front(run)


CHANGES: dict[str, tuple[RunStatus, Callable[[RunFolder], None]]] = {
    "moved": (RunStatus.QUEUED, move_to_front),
    "resumed": (RunStatus.FAILED, resume_run),
    "stopped": (RunStatus.QUEUED, request_stop),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_disk_that_takes_no_change_is_told_in_one_line(tmp_path: Path, name: str, trouble: str) -> None:
    status, change = CHANGES[name]
    with small_disk(tmp_path / "runs", megabytes=0.25) as root:
        run = add_run(root)
        change_status(run, status)
        before = run.stored_state
        if trouble == "full":
            fill(root)
            with pytest.raises(RunError, match=f"run {run.id} .*No space left") as refusal:
                change(run)
        else:
            with read_only(root), pytest.raises(RunError, match=f"run {run.id} .*Read-only") as refusal:
                change(run)
        assert "\n" not in str(refusal.value)
        assert run.stored_state == before
        assert not [path for path in run.path.iterdir() if path.name.endswith(".tmp")]


def test_a_queue_that_cannot_be_paused_or_opened_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "runs", megabytes=0.25) as root:
        with read_only(root), pytest.raises(RunError, match=r"cannot be paused \(Read-only"):
            pause_queue(root)
        assert not pause_file(root).exists()
        pause_queue(root)
        with read_only(root), pytest.raises(RunError, match=r"cannot be opened again \(Read-only"):
            continue_queue(root)
        assert pause_file(root).exists()


def test_runs_that_come_and_go_meanwhile_disturb_no_look_at_the_queue(tmp_path: Path) -> None:
    done = threading.Event()
    problems: list[Exception] = []

    def come_and_go() -> None:
        try:
            while not done.is_set():
                for run in [add_run(tmp_path) for _ in range(3)]:
                    delete_run(run)
        except Exception as error:
            problems.append(error)

    changes = [threading.Thread(target=come_and_go) for _ in range(2)]
    for thread in changes:
        thread.start()
    try:
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            has_work(tmp_path)
            waiting_runs(tmp_path)
            next_queue_position(tmp_path)
            sweep(tmp_path)
    finally:
        done.set()
        for thread in changes:
            thread.join()
    assert problems == []


@dataclass
class Story:
    """What was seen of a real queue: three runs that fail at once around one that trains."""

    names: dict[str, RunFolder]
    seen: dict[str, dict[str, RunStatus]] = field(default_factory=dict)
    schedulers: dict[str, int] = field(default_factory=dict)

    def look(self, moment: str) -> None:
        self.seen[moment] = {name: run.stored_state.status for name, run in self.names.items()}
        [run, *_] = self.names.values()
        self.schedulers[moment] = sum(
            any("scheduler" in part for part in process.cmdline()) for process in processes_of_root(run.path.parent)
        )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, small_csv: Path) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("queue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        gone = {name: queue_run(root, Path("gone.csv"), method="tfidf") for name in ("first", "second")}
        long = queue_run(root, small_csv, method="tfidf")
        front = queue_run(root, Path("gone.csv"), method="tfidf")
        told = Story(gone | {"long": long, "front": front})
        for number, run in enumerate(told.names.values()):
            set_created_at(run, 2e9 - number)
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
    assert {name: run.state.attempts for name, run in story.names.items()} == {
        "first": 1,
        "second": 1,
        "long": 1,
        "front": 2,
    }
    state = json.loads((story.names["front"].path / "state.json").read_text(encoding="utf-8"))
    assert state["earlier_seconds"] > 0 and state["ended_at"] > state["started_at"]
