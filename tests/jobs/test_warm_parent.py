"""Runs are forked from a process that has done the imports, and are like runs in new interpreters in all else."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.jobs.warm_parent import can_fork
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.devices import Device
from tests.support.live_runs import (
    describe,
    end_processes,
    python,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_status,
    wait_for_training,
)
from tests.support.outcomes import assert_same, outcome_of

PARENT = "emocore.jobs.warm_parent"


def warm_parents(scheduler: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(scheduler).children() if child.cmdline()[:1] == [PARENT]]


@dataclass
class Seen:
    """Three runs of one study, the second of them killed while it trained."""

    runs: list[RunFolder]
    parents: set[int]
    threads: set[int]
    children: list[bool]  # whether each run was a child of the scheduler
    groups: list[bool]  # whether each led a process group
    descriptors: set[str]  # what the warm parent holds open


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> Iterator[Seen]:
    root = tmp_path_factory.mktemp("forked")
    runs = [queue_run(root, small_csv, base=str(tiny_bert), epochs=30 if i == 1 else 2, seed=3) for i in range(3)]
    found = Seen(runs, set(), set(), [], [], set())
    scheduler = start_scheduler(root)
    try:
        for number, run in enumerate(runs):
            pid = wait_for_training(run)
            found.children.append(psutil.Process(pid).ppid() == scheduler.pid)
            found.groups.append(os.getpgid(pid) == pid == os.getsid(pid))
            if number < 2:  # no run waits behind the last one, so its parent is gone
                [parent] = warm_parents(scheduler.pid)
                found.parents.add(parent.pid)
                found.threads.add(parent.num_threads())
                found.descriptors |= {str(path.readlink()) for path in Path(f"/proc/{parent.pid}/fd").iterdir()}
            if number == 1:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda run=run: run.stored_state.status.is_final, what=describe(run))
        assert scheduler.wait(20) == 0
        yield found
    finally:
        end_processes(root)


def test_the_runs_of_a_study_have_one_warm_parent(seen: Seen) -> None:
    assert len(seen.parents) == 1
    assert [run.stored_state.status for run in seen.runs] == ["finished", "interrupted", "finished"]


def test_it_has_a_single_thread_and_no_lock(seen: Seen) -> None:
    assert seen.threads == {1}
    assert not [name for name in seen.descriptors if "lock" in name], seen.descriptors


def test_a_forked_run_is_a_child_of_the_scheduler_that_leads_its_own_session(seen: Seen) -> None:
    assert seen.children == [True] * 3
    assert seen.groups == [True] * 3


def test_a_killed_one_says_so(seen: Seen) -> None:
    assert "SIGKILL" in (seen.runs[1].stored_state.reason or "")


def test_it_computes_what_a_new_interpreter_computes(
    seen: Seen, tmp_path: Path, small_csv: Path, tiny_bert: Path
) -> None:
    run = queue_run(tmp_path / "fresh", small_csv, base=str(tiny_bert), seed=3)
    python("-m", "emocore.training", str(run.path))
    for forked in (seen.runs[0], seen.runs[2]):
        assert_same(outcome_of(forked), outcome_of(run))


def import_also(folder: Path, code: str) -> str:
    """What a scheduler has to be prepared with for its warm parents to import a module with this code."""
    (folder / "imported_also.py").write_text(code, encoding="utf-8")
    also = "warm_parent.PRELOADED = (*warm_parent.PRELOADED, 'imported_also')"
    return f"import sys; sys.path.insert(0, {str(folder)!r}); from emocore.jobs import warm_parent; {also}"


def test_a_run_is_stopped_while_the_warm_parent_still_imports(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    run, following = (queue_run(root, small_csv, base=str(tiny_bert)) for _ in range(2))
    scheduler = start_scheduler(root, prepare=import_also(tmp_path, "import time; time.sleep(600)"))
    wait_for_status(run, RunStatus.STARTING)
    [parent] = wait_for(lambda: warm_parents(scheduler.pid))
    request_stop(run)
    assert wait_until_final([run], 8)
    assert run.stored_state.reason == "stopped by the user"
    wait_for(lambda: parent.pid not in [one.pid for one in warm_parents(scheduler.pid)], 5)
    wait_for_status(following, RunStatus.STARTING)
    shutil.rmtree(following.path)
    wait_for(lambda: not warm_parents(scheduler.pid), 10, "the one of a deleted run to end as well")
    assert scheduler.wait(20) == 0


def test_an_import_that_fails_is_told_by_the_run_and_its_log(
    root: Path, small_csv: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    runs = [queue_run(root, small_csv, base=str(tiny_bert)) for _ in range(2)]
    scheduler = start_scheduler(root, prepare=import_also(tmp_path, "raise ImportError('libcu.so is missing')"))
    assert wait_until_final(runs, 20)
    for run in runs:
        assert run.stored_state.status == RunStatus.INTERRUPTED
        assert "status 1; its log may say why: ImportError: libcu.so" in (run.stored_state.reason or "")
        assert "Traceback" in run.log.read_text(encoding="utf-8")
    assert scheduler.wait(20) == 0
    assert (root / ".scheduler.log").read_text(encoding="utf-8") == ""


def test_a_run_with_another_environment_has_another_parent(
    root: Path, small_csv: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables such as this one are read when the libraries are loaded."""
    runs = []
    for threads in "122":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        runs.append(queue_run(root, small_csv, base=str(tiny_bert), epochs=1000))
    parents = []
    scheduler = start_scheduler(root)
    for run in runs[:2]:
        wait_for_training(run)
        parents += warm_parents(scheduler.pid)
        request_stop(run)
    assert len(parents) == 2 and parents[0].pid != parents[1].pid


def test_it_ends_with_its_scheduler_and_the_run_goes_on(root: Path, small_csv: Path, tiny_bert: Path) -> None:
    run, _ = (queue_run(root, small_csv, base=str(tiny_bert), epochs=1000) for _ in range(2))
    scheduler = start_scheduler(root)
    pid = wait_for_training(run)
    [parent] = warm_parents(scheduler.pid)
    scheduler.kill()
    scheduler.wait()
    wait_for(lambda: not parent.is_running() or parent.status() == psutil.STATUS_ZOMBIE, 10, "its end")
    assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    assert run.state.status == RunStatus.RUNNING


@pytest.mark.parametrize(
    ("method", "device", "expected"),
    [("lora", "cpu", True), ("qlora", "cpu", True), ("lora", "cuda:0", False), ("tfidf", "cpu", False)],
)
def test_what_may_be_forked(root: Path, method: str, device: str, expected: bool) -> None:
    """CUDA does not survive a fork, and a run without a base needs none of the imports."""
    run = create_run(root, RunConfig(method=method))
    assert can_fork(run, Device(device, device, bf16=False)) is expected
