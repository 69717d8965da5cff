"""The scheduler with real processes: order, one run at a time, and killed runs."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from emocore.jobs.delete import delete_run
from emocore.jobs.overview import describe_run
from emocore.jobs.scheduler import Scheduler, ensure_scheduler
from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from tests.support.live_runs import (
    Training,
    describe,
    end_processes,
    processes_of_group,
    processes_of_root,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_status,
    wait_for_training,
)
from tests.support.threads import at_once


def zombies_of(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children() if child.status() == psutil.STATUS_ZOMBIE]


@dataclass
class Served:
    """A queue that was worked off: a run, one that fails, a run; and what was seen meanwhile."""

    runs: list[RunFolder]
    most_at_once: int
    zombies: int
    exit_status: int
    root: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("queue")
    changes = [{"method": "tfidf"}, {"target_modules": ["no_such_layer"]}, {"method": "tfidf"}]
    runs = [queue_run(root, small_csv, base=str(tiny_bert), **change) for change in changes]
    scheduler = start_scheduler(root)
    watched = psutil.Process(scheduler.pid)
    most, zombies = 0, [99]
    try:
        while any(not run.stored_state.status.is_final for run in runs):
            most = max(most, sum(run.is_locked for run in runs))
            if runs[2].stored_state.status == RunStatus.RUNNING:
                zombies.append(len(zombies_of(watched)))
            assert scheduler.poll() is None, describe(runs[0])
            with pytest.raises(subprocess.TimeoutExpired):
                scheduler.wait(0.1)
        status = scheduler.wait(20)
        yield Served(runs, most, min(zombies), status, root)
    finally:
        end_processes(root)


def test_a_queue_is_worked_off_in_its_order(served: Served) -> None:
    states = [run.state for run in served.runs]
    assert [state.status for state in states] == [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.FINISHED]
    times = [time for state in states for time in (state.started_at, state.ended_at)]
    assert times == sorted(times), "one begins when the one before has ended"  # type: ignore[type-var]


def test_the_cpu_has_one_run_at_a_time(served: Served) -> None:
    assert served.most_at_once == 1
    assert {run.state.device for run in served.runs} == {"cpu"}


def test_a_run_that_fails_says_why_and_holds_up_nobody(served: Served) -> None:
    failed = served.runs[1]
    assert "target_modules" in (failed.state.reason or "")
    overview = describe_run(failed)
    assert (overview.status, overview.reason) == ("failed", failed.state.reason)


def test_ended_processes_are_reaped(served: Served) -> None:
    assert served.zombies == 0


def test_the_scheduler_ends_when_nothing_is_left(served: Served) -> None:
    assert served.exit_status == 0
    wait_for(lambda: not processes_of_root(served.root), 5, "the last run's process to end")
    assert (served.root / ".scheduler.log").read_text() == ""


def test_the_output_of_a_run_is_in_its_log(served: Served) -> None:
    log = served.runs[0].log.read_text(encoding="utf-8")
    assert "TF-IDF" in log and "Finished" in log
    assert served.runs[0].tail_log(1) == log.splitlines()[-1]
    assert "Traceback" not in served.runs[1].log.read_text(encoding="utf-8")


def test_a_run_outlives_its_scheduler_and_the_next_one_finds_it(root: Path, small_csv: Path, tiny_bert: Path) -> None:
    run = queue_run(root, small_csv, base=str(tiny_bert), epochs=12)
    waiting = queue_run(root, small_csv, base=str(tiny_bert), method="tfidf")
    first = start_scheduler(root)
    pid = wait_for_training(run)
    first.kill()
    first.wait()
    assert psutil.pid_exists(pid)
    assert run.state.status == RunStatus.RUNNING
    second = start_scheduler(root)
    wait_for(lambda: run.stored_state.status.is_final or waiting.stored_state.status != RunStatus.QUEUED, 120)
    assert run.stored_state.status == RunStatus.FINISHED, describe(run)  # the other one waited for it
    assert run.stored_state.process and run.stored_state.process.pid == pid
    request_stop(waiting)
    assert wait_until_final([waiting], 20)
    assert second.wait(20) == 0


def test_a_killed_run_is_interrupted_and_says_so(two_trainings: dict[str, Training]) -> None:
    training = two_trainings["with a scheduler"]
    run = training.run
    os.kill(training.pid, signal.SIGKILL)
    wait_for_status(run, RunStatus.INTERRUPTED, seconds=10)
    state = run.state
    assert "SIGKILL" in (state.reason or "") and "memory" not in (state.reason or "")
    assert state.ended_at
    wait_for(lambda: not run.is_locked, 10)
    assert training.scheduler.wait(20) == 0
    wait_for(lambda: not processes_of_group(training.pid), 20, "what the killed run had started to end")


def test_a_run_killed_while_no_scheduler_lives_is_known_to_be_dead(two_trainings: dict[str, Training]) -> None:
    training = two_trainings["without"]
    run = training.run
    os.killpg(training.pid, signal.SIGKILL)
    wait_for(lambda: not run.is_locked, 10)
    assert run.stored_state.status == RunStatus.RUNNING
    assert run.state.status == RunStatus.INTERRUPTED  # to every reader, before anyone has written it
    assert start_scheduler(training.root, idle_seconds=0.5).wait(20) == 0
    assert run.stored_state.status == RunStatus.INTERRUPTED
    assert run.stored_state.reason and run.stored_state.ended_at


# Of two that are started at once one may be forgotten before it has ended.
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_calls_at_once_start_one_scheduler_and_it_ends_by_itself(root: Path) -> None:
    run = create_run(root, RunConfig(method="tfidf", base="none"))
    with run.lock():  # a run that waits and cannot be started keeps its scheduler alive
        at_once(*[lambda: ensure_scheduler(root)] * 4)
        wait_for(lambda: len(processes_of_root(root)) == 1, 60, "the others to step back")
        [only] = processes_of_root(root)
        ensure_scheduler(root)
        wait_for(lambda: [p.pid for p in processes_of_root(root)] == [only.pid], 20)
        run.change_state(RunStatus.STOPPED)
    wait_for(lambda: not [p for p in processes_of_root(root) if p.status() != psutil.STATUS_ZOMBIE], 20)


def test_the_scheduler_is_no_child_of_the_session_that_asked_for_it(root: Path) -> None:
    ensure_scheduler(root)
    [scheduler] = wait_for(lambda: processes_of_root(root))
    assert os.getsid(scheduler.pid) == scheduler.pid != os.getsid(0)


def test_a_run_may_disappear_while_the_scheduler_looks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted between the listing of the folder and the look into it."""
    gone = create_run(root, RunConfig(method="tfidf"))
    gone.change_state(RunStatus.STOPPED)
    delete_run(gone)
    monkeypatch.setattr("emocore.run.listing._run_names", lambda root: [(gone.id, (1, 2, 3))])
    assert Scheduler(root).tick() is False


def test_a_run_that_asks_for_a_device_that_is_gone_does_not_wait_for_ever(root: Path, scheduler: Scheduler) -> None:
    """Queued when there was a GPU, found by a scheduler that sees none."""
    run = create_run(root, RunConfig(method="tfidf", base="none", device="cuda:0"))
    for _ in range(3):
        scheduler.tick()
    assert run.stored_state.status == RunStatus.FAILED
    assert "'cuda:0' is not on this machine any more" in (run.stored_state.reason or "")
