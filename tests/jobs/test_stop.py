"""Stop works in every state of a run: the process and all its children are gone, and the device is free."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from emocore.errors import RunError
from emocore.jobs import stop
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import pause_queue, resume_run
from emocore.jobs.scheduler import has_work
from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.processes import ProcessIdentity
from emocore.tracking.metrics_file import read_metrics
from tests.support.live_runs import (
    Training,
    describe,
    processes_of_group,
    queue_run,
    stand_in,
    start_scheduler,
    wait_for,
    wait_for_status,
)
from tests.support.tables import change_status


def assert_stopped(run: RunFolder, pid: int | None) -> None:
    assert run.stored_state.status == RunStatus.STOPPED, describe(run)
    assert run.stored_state.reason == "stopped by the user"
    assert run.stored_state.ended_at
    wait_for(lambda: not run.is_locked, 5, "the lock to be free")
    assert not (run.path / "result.json").exists()
    if pid:
        wait_for(lambda: not processes_of_group(pid), 5, "the whole process group to end")


def test_a_queued_run_is_stopped_at_once_and_never_starts(root: Path) -> None:
    run = create_run(root, RunConfig(method="tfidf"))
    request_stop(run)
    assert run.stored_state.status == RunStatus.STOPPED
    assert run.stored_state.reason == "stopped before it started"
    assert start_scheduler(root, idle_seconds=0.5).wait(20) == 0
    assert run.stored_state.status == RunStatus.STOPPED
    assert not run.log.exists()


def test_a_run_that_waited_to_go_on_is_not_said_never_to_have_begun(root: Path) -> None:
    run = create_run(root, RunConfig(method="tfidf"))
    change_status(run, RunStatus.INTERRUPTED, attempts=1)
    resume_run(run)
    request_stop(run)
    assert run.stored_state.reason == snapshot("stopped while it waited to continue")


@pytest.mark.parametrize("inherited", ["SIG_DFL", "SIG_IGN"])
def test_a_starting_run_is_stopped_by_the_first_signal(
    root: Path, small_csv: Path, tiny_bert: Path, inherited: str
) -> None:
    """Also where the app was started in the background by a shell, which has it ignore SIGINT."""
    run = queue_run(root, small_csv, base=str(tiny_bert))
    slow = "from emocore.training import process; process.execute = lambda folder: time.sleep(600)"
    inherits = f"import signal, time; signal.signal(signal.SIGINT, signal.{inherited}); {slow}"
    scheduler = start_scheduler(root, prepare=inherits)
    wait_for_status(run, RunStatus.STARTING)
    request_stop(run)
    assert wait_until_final([run], 8), "SIGTERM would come after 10 s"
    process = run.stored_state.process
    assert_stopped(run, process.pid if process else None)
    assert scheduler.wait(20) == 0


def test_a_running_run_is_stopped_and_the_next_one_begins(two_trainings: dict[str, Training]) -> None:
    training = two_trainings["with a scheduler"]
    run, following = training.run, create_run(training.root, RunConfig(method="tfidf"))
    began = time.monotonic()
    request_stop(run)
    assert time.monotonic() - began < 1, "asking does not wait"
    assert wait_until_final([run], 20)
    assert time.monotonic() - began < 8, "the first, gentle signal should do"
    assert_stopped(run, training.pid)
    assert "Stopped as requested." in run.tail_log(50)
    assert read_metrics(run.metrics), "what was measured stays"
    wait_for(lambda: following.stored_state.status != RunStatus.QUEUED, 10, "the next run to begin")


def test_a_run_whose_scheduler_died_is_stopped_by_the_next_one(two_trainings: dict[str, Training]) -> None:
    training = two_trainings["without"]
    request_stop(training.run)
    second = start_scheduler(training.root)
    assert wait_until_final([training.run], 20)
    assert_stopped(training.run, training.pid)
    assert second.wait(20) == 0


@contextlib.contextmanager
def live(run: RunFolder, code: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A running process that carries out `code`, which says so, and holds the run's lock."""
    with run.lock() as lock:
        child = subprocess.Popen(
            stand_in(run, code),
            pass_fds=[lock],
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        run.change_state(RunStatus.RUNNING, process=ProcessIdentity.of(child.pid), device="cpu", started_at=time.time())
    with child:
        assert child.stdout and child.stdout.readline() == b"1\n"
        yield child


def test_a_run_that_does_not_listen_is_killed(root: Path) -> None:
    """A process that holds the run's lock, has a child, and hears neither SIGINT nor SIGTERM."""
    run = create_run(root, RunConfig(method="tfidf"))
    deaf = (
        "import signal, subprocess, sys, time\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(1, flush=True)\n"
        "time.sleep(600)\n"
    )
    with live(run, deaf) as child:
        assert len(processes_of_group(child.pid)) == 2
        request_stop(run)
        quick = "emocore.jobs.stop.SIGNALS = ((0.0, signal.SIGINT), (0.5, signal.SIGTERM), (1.0, signal.SIGKILL))"
        scheduler = start_scheduler(root, prepare=f"import signal, emocore.jobs.stop; {quick}")
        wait_for(lambda: child.poll() is not None, 20, "the deaf process to be killed")
    assert wait_until_final([run], 10)
    assert_stopped(run, child.pid)
    assert scheduler.wait(20) == 0


def test_the_signals_grow_from_gentle_to_final() -> None:
    assert stop.SIGNALS == ((0.0, signal.SIGINT), (10.0, signal.SIGTERM), (15.0, signal.SIGKILL))


@pytest.mark.parametrize("inherits_lock", [False, True])
def test_a_child_that_outlives_its_run_is_ended_too(root: Path, inherits_lock: bool) -> None:
    """The run itself obeys the first signal; what it started does not, and may even hold the run's lock."""
    run = create_run(root, RunConfig(method="tfidf"))
    leader = (
        "import signal, subprocess, sys, time\n"
        "deaf = 'import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True)'\n"
        f"subprocess.Popen([sys.executable, '-c', deaf + '; time.sleep(600)'], close_fds={not inherits_lock})\n"
        "time.sleep(600)\n"
    )
    with live(run, leader) as child:
        scheduler = start_scheduler(root)
        request_stop(run)
        child.wait(20)  # the scheduler has seen it alive, since its signal came from there
    assert wait_until_final([run], 10)
    assert_stopped(run, child.pid)
    assert scheduler.wait(20) == 0


def test_a_stop_that_found_the_run_in_other_hands_is_not_forgotten(root: Path) -> None:
    """Also where the queue is paused, and nothing else calls for a scheduler."""
    run = create_run(root, RunConfig(method="tfidf"))
    pause_queue(root)
    with run.lock():
        request_stop(run)
    assert run.stored_state.status == RunStatus.QUEUED and has_work(root)
    assert start_scheduler(root, idle_seconds=0.5).wait(20) == 0
    assert run.stored_state.status == RunStatus.STOPPED
    assert not has_work(root)


@pytest.mark.parametrize(
    "status", [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED], ids=str
)
def test_there_is_nothing_to_stop_about_a_run_that_has_ended(root: Path, status: RunStatus) -> None:
    run = create_run(root, RunConfig(method="tfidf"))
    run.change_state(status)
    with pytest.raises(RunError, match=f"already {status}"):
        request_stop(run)
    assert not run.stop_request.exists()
    delete_run(run)
    assert not run.path.exists()


def test_waiting_ends_with_its_time(root: Path) -> None:
    run = create_run(root, RunConfig(method="tfidf"))
    assert wait_until_final([run], timeout_seconds=0.1) is False
    run.change_state(RunStatus.FAILED)
    assert wait_until_final([run], timeout_seconds=0.1) is True
