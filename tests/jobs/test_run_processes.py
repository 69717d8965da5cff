"""Which runs are forked from a warm parent, when one is started and ended, and what happens if it cannot be used."""

import os
import shutil
import time
from pathlib import Path

import psutil
import pytest

from emocore.jobs import run_processes
from emocore.jobs.run_processes import CodeVersion, RunStarter, read_code_version
from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.run.config import RunConfig
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.devices import Device
from tests.support.live_runs import describe, queue_run, start_scheduler, wait_for, wait_for_training
from tests.support.warm_parents import import_also, warm_parents


def test_a_run_is_stopped_while_the_libraries_are_loaded(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    run, following = (queue_run(root, small_csv, base=str(tiny_bert)) for _ in range(2))
    tfidf = queue_run(root, small_csv, base=str(tiny_bert), method="tfidf")
    scheduler = start_scheduler(root, prepare=import_also(tmp_path, "import time; time.sleep(600)"))
    [parent] = wait_for(lambda: warm_parents(scheduler.pid), what=describe(run))
    assert run.stored_state.status == RunStatus.QUEUED
    request_stop(run)
    assert run.stored_state.reason == "stopped before it started"
    time.sleep(1)  # several looks of the scheduler
    assert following.stored_state.status == RunStatus.QUEUED
    assert warm_parents(scheduler.pid) == [parent], "the next one waits for the same"
    assert tfidf.stored_state.status == RunStatus.QUEUED, "its turn is later"
    shutil.rmtree(following.path)
    assert wait_until_final([tfidf], 30)
    wait_for(lambda: not warm_parents(scheduler.pid), 10, "the end of the warm parent, for which no run waits")
    assert scheduler.wait(20) == 0


def test_where_the_libraries_cannot_be_loaded_runs_start_in_new_interpreters(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    runs = [queue_run(root, small_csv, base=str(tiny_bert)) for _ in range(2)]
    scheduler = start_scheduler(root, prepare=import_also(tmp_path, "raise ImportError('libcu.so is missing')"))
    assert scheduler.wait(60) == 0
    assert [run.stored_state.status for run in runs] == [RunStatus.FINISHED] * 2, describe(runs[0])
    assert (root / ".scheduler.log").read_text(encoding="utf-8").count("ImportError: libcu.so is missing") == 1


def test_a_fork_that_fails_leaves_the_run_in_the_queue(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    full.touch()
    prepare = (
        "import errno, os; from emocore.system import forks; fork = forks.fork_orphan\n"
        "def fail(): raise OSError(errno.ENOMEM, 'Cannot allocate memory')\n"
        f"forks.fork_orphan = lambda: fail() if Path({str(full)!r}).exists() else fork()"
    )
    run = queue_run(root, small_csv, base=str(tiny_bert))
    scheduler = start_scheduler(root, prepare=prepare)
    wait_for(lambda: "could be started (Cannot allocate memory)" in (run.stored_state.reason or ""), what=describe(run))
    assert (run.stored_state.status, run.stored_state.attempts) == (RunStatus.QUEUED, 0)
    full.unlink()
    assert scheduler.wait(60) == 0
    assert (run.stored_state.status, run.stored_state.attempts) == (RunStatus.FINISHED, 1)


def test_another_environment_or_other_code_needs_another_warm_parent(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries read variables such as this one when they are loaded."""
    code = tmp_path / "code"
    code.touch()
    runs = []
    for threads in "12222":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        runs.append(queue_run(root, small_csv, base=str(tiny_bert), epochs=1000))
    version = f"from emocore.jobs import run_processes; run_processes.read_code_version = Path({str(code)!r}).read_text"
    scheduler = start_scheduler(root, prepare=version)
    parents = []
    for number, run in enumerate(runs[:4]):
        pid = wait_for_training(run)
        assert psutil.Process(pid).environ()["PATH"] == os.environ["PATH"]
        parents += [parent.pid for parent in warm_parents(scheduler.pid)]
        if number == 2:
            code.write_text("changed", encoding="utf-8")
        request_stop(run)
    assert len(parents) == 4
    assert parents[0] != parents[1] == parents[2] != parents[3]


def test_every_change_of_the_code_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, installed = tmp_path / "emocore", tmp_path / "site-packages"
    for folder in (package / "jobs", installed):
        folder.mkdir(parents=True)
    (package / "jobs" / "a.py").touch()
    monkeypatch.setattr(run_processes, "REPOSITORY", tmp_path)
    monkeypatch.syspath_prepend(installed)
    versions = [read_code_version()]
    assert read_code_version() == versions[0]
    os.utime(package / "jobs" / "a.py", (1, 1))
    versions.append(read_code_version())
    (package / "b.py").touch()
    versions.append(read_code_version())
    os.utime(installed, (1, 1))  # as when a package is added or replaced there
    versions.append(read_code_version())
    assert len(set(versions)) == 4


class LoadedAtOnce:
    """In place of a process that loads the libraries for seconds."""

    is_loading = False

    def __init__(self, environment: dict[str, str], code: CodeVersion) -> None:
        self.environment, self.code = environment, code

    def end(self) -> None:
        pass


def test_runs_that_cannot_be_started_do_not_take_turns_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each of them the libraries are loaded once, whatever its environment is."""
    loaded = []
    monkeypatch.setattr(run_processes, "WarmParent", lambda *place: loaded.append(place) or LoadedAtOnce(*place))
    starter, device = RunStarter(), Device("cpu", "CPU", bf16=False)
    runs = {threads: create_run(root, RunConfig(method="lora")) for threads in "12"}
    for _ in range(5):
        for threads, run in runs.items():
            assert starter.is_ready(run, device, {"OMP_NUM_THREADS": threads})
    assert [environment["OMP_NUM_THREADS"] for environment, _ in loaded] == ["1", "2"]


@pytest.mark.parametrize(
    ("method", "device", "is_forked"),
    [
        ("lora", "cpu", True),
        ("qlora", "cpu", True),
        ("lora", "cuda:0", False),
        ("tfidf", "cpu", False),
        ("to-come", "cpu", False),
    ],
)
def test_what_is_forked(root: Path, method: str, device: str, is_forked: bool) -> None:
    """CUDA does not survive a fork, and a run without a base needs none of the imports. What no method is known for is
    left to the run itself to say."""
    starter = RunStarter()
    run = create_run(root, RunConfig(method=method))
    is_ready = starter.is_ready(run, Device(device, device, bf16=False), dict(os.environ))
    assert is_ready is not is_forked
    began = time.monotonic()
    starter.rest([])
    assert time.monotonic() - began < 5
    assert not warm_parents(os.getpid())
