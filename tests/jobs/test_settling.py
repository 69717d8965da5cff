"""The state that a scheduler gives to runs with a dead process."""

import os
import signal
from pathlib import Path

import pytest

from emocore.jobs.queue import pause_queue
from emocore.jobs.scheduler import LOG_FILE, Scheduler, serve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.processes import ProcessIdentity
from tests.support.live_runs import describe, queue_run, start_scheduler, wait_for_status
from tests.support.tables import change_status


@pytest.fixture
def run(root: Path) -> RunFolder:
    """In a paused queue, so that nothing is started."""
    pause_queue(root)
    return create_run(root, RunConfig(method="tfidf"))


def dead_process(**changes: object) -> ProcessIdentity:
    return ProcessIdentity.of(os.getpid()).model_copy(update={"start_ticks": 1, **changes})


def test_a_run_of_the_first_version_that_was_running_is_interrupted_not_run_again(run: RunFolder) -> None:
    """Its state names no process, as does that of a run which never began; but it did begin."""
    change_status(run, RunStatus.RUNNING, device="cpu", started_at=1.0)
    Scheduler(run.path.parent).tick()
    assert run.stored_state.status == RunStatus.INTERRUPTED
    assert run.stored_state.reason


def test_a_run_that_never_began_waits_again(run: RunFolder) -> None:
    change_status(run, RunStatus.STARTING, device="cpu", attempts=1)
    Scheduler(run.path.parent).tick()
    assert (run.stored_state.status, run.stored_state.device) == (RunStatus.QUEUED, None)


@pytest.mark.parametrize("status", [RunStatus.STARTING, RunStatus.RUNNING, RunStatus.EVALUATING], ids=str)
def test_a_run_that_had_begun_ended_when_it_last_wrote(run: RunFolder, status: RunStatus) -> None:
    run.log.touch()
    change_status(run, status, process=dead_process(), started_at=1.0)
    for file in run.path.iterdir():
        os.utime(file, (1000.0, 1000.0))
    Scheduler(run.path.parent).tick()
    state = run.stored_state
    assert (state.status, state.ended_at, state.elapsed_seconds) == (RunStatus.INTERRUPTED, 1000.0, 999.0)


def test_a_run_that_was_told_to_stop_and_died_was_stopped(run: RunFolder) -> None:
    change_status(run, RunStatus.RUNNING, process=dead_process(), started_at=1.0)
    run.stop_request.touch()
    serve(run.path.parent, idle_seconds=0.1)
    assert (run.stored_state.status, run.stored_state.reason) == (RunStatus.STOPPED, "stopped by the user")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"boot_id": "another boot"}, "the machine went down"),
        ({"oom_kills": -1}, "killed, most likely for lack of memory"),
        ({}, "the process ended without storing a reason"),
    ],
    ids=["restart", "memory", "unknown"],
)
def test_the_reason_outlives_the_scheduler_that_could_have_seen_it(
    run: RunFolder, changes: dict[str, object], words: str
) -> None:
    change_status(run, RunStatus.RUNNING, process=dead_process(**changes), started_at=1.0)
    told = run.state.reason
    Scheduler(run.path.parent).tick()
    assert run.stored_state.reason == told
    assert told and told.startswith(words)


def test_a_run_killed_by_a_signal_without_a_name_does_not_take_its_scheduler_along(root: Path, small_csv: Path) -> None:
    run = queue_run(root, small_csv, method="tfidf")
    scheduler = start_scheduler(root)
    wait_for_status(run, RunStatus.RUNNING)
    process = run.stored_state.process
    assert process, describe(run)
    os.kill(process.pid, signal.SIGRTMIN + 6)
    wait_for_status(run, RunStatus.INTERRUPTED)
    assert run.stored_state.reason == f"the process was ended by signal {signal.SIGRTMIN + 6}; resume it"
    assert scheduler.wait(20) == 0
    assert (root / LOG_FILE).read_text(encoding="utf-8") == ""
