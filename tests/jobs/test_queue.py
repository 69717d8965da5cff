"""The queue: its order, its pause, and ended runs that join it again."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import continue_queue, move_to_front, pause_queue, resume_run, waiting_runs
from emocore.jobs.scheduler import has_work, pause_file, sweep
from emocore.jobs.stop import request_stop
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, next_queue_position
from emocore.run.state import RunStatus
from tests.support.records import edit, read_raw
from tests.support.small_disks import fill, read_only, small_disk
from tests.support.tables import change_status
from tests.support.threads import meanwhile


def add_run(root: Path) -> RunFolder:
    return create_run(root, RunConfig(method="tfidf"))


@pytest.fixture
def waiting(tmp_path: Path) -> list[RunFolder]:
    """Four runs, queued one after the other, that no scheduler knows of."""
    return [add_run(tmp_path) for _ in range(4)]


def test_runs_wait_in_the_order_of_their_launch(waiting: list[RunFolder]) -> None:
    assert waiting_runs(waiting[0].path.parent) == waiting


def test_a_clock_set_back_between_launches_changes_no_order(waiting: list[RunFolder]) -> None:
    for number, run in enumerate(waiting):
        edit(run, "state.json", created_at=1e9 - number)
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


CHANGES: dict[str, tuple[RunStatus, Callable[[RunFolder], None]]] = {
    "moved": (RunStatus.QUEUED, move_to_front),
    "resumed": (RunStatus.FAILED, resume_run),
    "stopped": (RunStatus.QUEUED, request_stop),
}


@pytest.mark.parametrize("name", ["moved", "resumed"])
def test_a_run_whose_settings_cannot_be_read_is_not_queued_for_ever(tmp_path: Path, name: str) -> None:
    run, (status, change) = add_run(tmp_path), CHANGES[name]
    change_status(run, status)
    (run.path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        change(run)
    assert read_raw(run, "state.json")["status"] == status


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("trouble", ["No space left", "Read-only"])
def test_a_disk_that_takes_no_change_is_told_in_one_line(tmp_path: Path, name: str, trouble: str) -> None:
    status, change = CHANGES[name]
    with small_disk(tmp_path / "runs", megabytes=0.25) as root:
        run = add_run(root)
        change_status(run, status)
        before = run.stored_state
        if trouble == "No space left":
            fill(root)
        with (
            read_only(root) if trouble == "Read-only" else nullcontext(),
            pytest.raises(RunError, match=f"run {run.id} .*{trouble}") as refusal,
        ):
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
        with read_only(root), pytest.raises(RunError, match=r"cannot be continued \(Read-only"):
            continue_queue(root)
        assert pause_file(root).exists()


def test_runs_that_come_and_go_meanwhile_disturb_no_look_at_the_queue(tmp_path: Path) -> None:
    def come_and_go() -> None:
        for run in [add_run(tmp_path) for _ in range(3)]:
            delete_run(run)

    with meanwhile(come_and_go), meanwhile(come_and_go):
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            for look in (has_work, waiting_runs, next_queue_position, sweep):
                look(tmp_path)
