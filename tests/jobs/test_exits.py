"""A device is free only when its process has gone, and a process that hangs at its end is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emocore.jobs.exits import ProcessExits
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.state import RunState, RunStatus
from emocore.system.processes import ProcessIdentity
from tests.support.live_runs import (
    Training,
    describe,
    processes_of_group,
    processes_of_root,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_status,
)

PATIENCE = "import emocore.jobs.exits; emocore.jobs.exits.PATIENCE_SECONDS = {seconds}"
# In place of the interpreter: a run's own process then hangs on its way out and hears no gentle signal.
HANGING = """#!/bin/sh
[ "$2" = emocore.training ] || exec {python} "$@"
exec {python} -c '
import atexit, runpy, signal, sys, time
def hang():
    for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
atexit.register(hang)
runpy.run_module("emocore.training", run_name="__main__", alter_sys=True)
' "$3"
"""


def hang_at_the_end(folder: Path) -> str:
    """What a scheduler has to be prepared with for its runs to hang after their end."""
    program = folder / "hanging-python"
    program.write_text(HANGING.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return f"import sys; sys.executable = {str(program)!r}"


def add_quick_run(root: Path) -> RunFolder:
    """It ends within a second, failed for want of data."""
    return queue_run(root, Path("gone.csv"), method="tfidf")


def pid_of(run: RunFolder) -> int:
    process = run.stored_state.process
    assert process, describe(run)
    return process.pid


def test_a_process_that_hangs_after_its_end_keeps_its_device_and_is_killed_in_time(root: Path, tmp_path: Path) -> None:
    first, second = add_quick_run(root), add_quick_run(root)
    scheduler = start_scheduler(root, prepare=f"{hang_at_the_end(tmp_path)}; {PATIENCE.format(seconds=2.0)}")
    wait_for_status(first, RunStatus.FAILED)
    ended = time.monotonic()
    while first.is_locked and time.monotonic() - ended < 20:
        assert second.stored_state.status == RunStatus.QUEUED, "two processes on one device"
        time.sleep(0.02)
    assert 1 < time.monotonic() - ended < 15, "neither at once nor never"
    wait_for_status(second, RunStatus.FAILED)
    assert first.stored_state.status == RunStatus.FAILED and "gone.csv" in (first.stored_state.reason or "")
    assert scheduler.wait(20) == 0
    assert processes_of_root(root) == [], "the last one was not left behind either"


def test_a_process_that_hangs_since_an_earlier_scheduler_is_killed_alike(root: Path, tmp_path: Path) -> None:
    run = add_quick_run(root)
    first = start_scheduler(root, prepare=hang_at_the_end(tmp_path))
    wait_for_status(run, RunStatus.FAILED)
    pid = pid_of(run)
    first.kill()
    first.wait()
    following = add_quick_run(root)
    second = start_scheduler(root, prepare=PATIENCE.format(seconds=2.0))
    wait_for(lambda: following.stored_state.status != RunStatus.QUEUED, 20, "the next run to begin")
    assert not processes_of_group(pid), "two processes on one device"
    wait_for_status(following, RunStatus.FAILED)
    assert second.wait(20) == 0


def test_a_process_that_leaves_by_itself_is_not_killed() -> None:
    """Killed, it could not say goodbye to W&B."""
    with subprocess.Popen(["sh", "-c", "sleep 0.3; exit 7"], start_new_session=True) as child:
        exits = ProcessExits()
        state = RunState(status=RunStatus.FINISHED, device="cuda:1", created_at=1.0)
        exits.add(RunFolder(Path("a")), state, child, was_seen_alive=False)
        assert exits.poll() == {"a": "cuda:1"}
        wait_for(lambda: exits.poll() == {}, 5)
    assert child.returncode == 7


def test_a_pid_that_is_anothers_by_now_keeps_no_device_busy_and_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.jobs.exits.PATIENCE_SECONDS", 0.0)
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        former = ProcessIdentity.of(stranger.pid).model_copy(update={"start_ticks": 1})
        exits = ProcessExits()
        state = RunState(status=RunStatus.FINISHED, device="cpu", process=former, created_at=1.0)
        exits.add(RunFolder(Path("a")), state, None, was_seen_alive=False)
        assert [exits.poll() for _ in range(3)] == [{}, {}, {}]
        with pytest.raises(subprocess.TimeoutExpired):
            stranger.wait(0.2)
        stranger.kill()


def remove(folder: Path) -> None:
    """As `rm -rf`, again while the run still writes into it."""
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("name", ["with a scheduler", "without"])
def test_a_training_whose_folder_is_removed_ends_and_the_next_one_begins(
    two_trainings: dict[str, Training], name: str
) -> None:
    """Its scheduler ends it; where that has died, and the next one knows nothing of it, it ends by itself."""
    training, scheduler = two_trainings[name], two_trainings[name].scheduler
    root, following = training.root, add_quick_run(training.root)
    if name == "with a scheduler":  # halted, so that it cannot end by itself
        os.kill(training.pid, signal.SIGSTOP)
    remove(training.run.path)
    wait_for(lambda: not processes_of_group(training.pid), 90, "the run to end")
    if name == "without":
        scheduler = start_scheduler(root)
    wait_for_status(following, RunStatus.FAILED)
    assert scheduler.wait(20) == 0
    assert list_runs(root) == [following]
    assert {path.name for path in root.iterdir()} == {following.id, ".scheduler.lock", ".scheduler.log"}
    assert (root / ".scheduler.log").read_text(encoding="utf-8") == ""
