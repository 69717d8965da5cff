"""A run that cannot be used or read does not hold up others, and its device is not given away."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from emocore.jobs.scheduler import Scheduler
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs
from emocore.run.state import RunStatus
from emocore.system.devices import Device
from tests.support.live_runs import queue_run, wait_for
from tests.support.records import edit


def test_a_method_of_another_version_fails_only_its_run(
    root: Path, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine with a GPU, where the method decides on the device."""
    gpu = Device("cuda:0", "GPU", True)
    monkeypatch.setattr("emocore.jobs.slots.list_devices", lambda visible: (gpu, Device("cpu", "CPU", True)))
    odd = create_run(root, RunConfig(method="a-method-to-come"))
    scheduler.tick()
    assert odd.stored_state.status == RunStatus.FAILED
    assert "a-method-to-come" in (odd.stored_state.reason or "")


def test_broken_secrets_keep_runs_waiting_until_they_are_mended(
    root: Path, scheduler: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "secrets.toml"
    broken.write_text("WANDB_API_KEY = abc", encoding="utf-8")
    monkeypatch.setattr("emocore.system.secrets.SECRETS_FILE", broken)
    run = create_run(root, RunConfig(method="tfidf"))
    scheduler.tick()
    state = run.stored_state
    assert (state.status, state.attempts) == (RunStatus.QUEUED, 0)
    assert "secrets.toml" in (state.reason or "") and "abc" not in (state.reason or "")
    broken.write_text('OTHER = "abc"', encoding="utf-8")
    scheduler.tick()
    assert (run.stored_state.status, run.stored_state.reason) == (RunStatus.STARTING, None)


def test_a_machine_that_cannot_start_a_process_now_loses_no_run(
    root: Path, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
    runs = [create_run(root, RunConfig(method="tfidf")) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr("emocore.jobs.scheduler.subprocess.Popen", Mock(side_effect=trouble))
        scheduler.tick()
    for run in runs:
        assert (run.stored_state.status, run.stored_state.attempts) == (RunStatus.QUEUED, 0)
        assert "no process could be started (Resource temporarily unavailable)" in (run.stored_state.reason or "")
    scheduler.tick()
    assert runs[0].stored_state.status == RunStatus.STARTING and runs[0].stored_state.reason is None


def test_a_live_run_that_cannot_be_read_any_more_keeps_its_device(
    root: Path, scheduler: Scheduler, small_csv: Path, tiny_bert: Path
) -> None:
    run = queue_run(root, small_csv, base=str(tiny_bert), epochs=500)
    wait_for(lambda: scheduler.tick() and run.stored_state.status == RunStatus.RUNNING)
    waiting = create_run(root, RunConfig(method="tfidf"))
    for name in ("config.json", "state.json"):
        (run.path / name).write_text("{", encoding="utf-8")
        for _ in range(3):
            scheduler.tick()
        assert waiting.stored_state.status == RunStatus.QUEUED, name


def test_a_folder_of_somebody_else_is_none_of_ours() -> None:
    """As `lost+found` is in the root of a disk."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        run = create_run(root, RunConfig(method="tfidf"))
        foreign = root / "lost+found"
        foreign.mkdir(mode=0)
        if is_root:  # who may look everywhere; nobody may not
            os.seteuid(65534)
        try:
            found = list_runs(root)
        finally:
            if is_root:
                os.seteuid(0)
            foreign.chmod(0o700)
    assert found == [run]


def test_runs_that_were_removed_with_their_root_are_no_runs(root: Path) -> None:
    root.rmdir()
    assert list_runs(root) == []
    assert Scheduler(root).tick() is False


def test_a_run_that_has_just_ended_is_waited_for(root: Path) -> None:
    """Its process holds the lock for another moment."""
    run = create_run(root, RunConfig(method="tfidf"))
    hold = "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print(1, flush=True); time.sleep(1)"
    with subprocess.Popen([sys.executable, "-c", hold, str(run.path / "run.lock")], stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        edit(run, "state.json", status=RunStatus.STOPPED)
        with run.lock():
            assert holder.poll() is not None or not RunFolder(run.path).stored_state.status.is_active
