"""Runs are forked from a process that has done the imports, and are like runs in new interpreters in all else.

Here the scheduler and the warm parent are forked, too (see tests/support/forks.py), so that the libraries are there at
once; what they do is the same.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from emocore.jobs.run_processes import COMMAND_ROOM
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from tests.support.live_runs import (
    describe,
    end_processes,
    python,
    queue_run,
    start_scheduler,
    wait_for,
    wait_for_training,
)
from tests.support.outcomes import assert_same, outcome_of
from tests.support.repository import REPOSITORY
from tests.support.warm_parents import warm_parents


@dataclass
class Seen:
    """Three runs of one study, the second of them killed while it trained, and what the system told of them."""

    runs: list[RunFolder]
    parents: set[int] = field(default_factory=set)
    threads: set[int] = field(default_factory=set)
    open_files: set[str] = field(default_factory=set)  # of the warm parent
    owners: list[int] = field(default_factory=list)  # the parent process of each run
    sessions: list[bool] = field(default_factory=list)  # whether each run leads a session and a process group
    places: set[tuple[str, str]] = field(default_factory=set)  # working directory and standard input
    outputs: list[tuple[str, str]] = field(default_factory=list)
    locks: list[list[str]] = field(default_factory=list)  # run.lock among the files of each run
    scheduler: int = 0


def files_of(pid: int) -> dict[int, str]:
    return {int(path.name): str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> Iterator[Seen]:
    root = tmp_path_factory.mktemp("forked")
    runs = [queue_run(root, small_csv, base=str(tiny_bert), epochs=1000 if i == 1 else 2, seed=3) for i in range(3)]
    found = Seen(runs)
    scheduler = start_scheduler(root)
    found.scheduler = scheduler.pid
    try:
        for number, run in enumerate(runs):
            pid = wait_for_training(run)
            if number == 1:
                [parent] = warm_parents(scheduler.pid)
                found.parents.add(parent.pid)
                found.threads.add(parent.num_threads())
                found.open_files |= set(files_of(parent.pid).values())
                files = files_of(pid)
                found.owners.append(psutil.Process(pid).ppid())
                found.sessions.append(os.getpgid(pid) == pid == os.getsid(pid))
                found.places.add((str(Path(f"/proc/{pid}/cwd").readlink()), files[0]))
                found.outputs.append((files[1], files[2]))
                found.locks.append([name for name in files.values() if name.endswith("run.lock")])
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda run=run: run.stored_state.status.is_final, what=describe(run))
        assert scheduler.wait(20) == 0
        yield found
    finally:
        end_processes(root)


def test_a_killed_one_says_so_and_the_next_one_begins(seen: Seen) -> None:
    assert [run.stored_state.status for run in seen.runs] == ["finished", "interrupted", "finished"]
    assert "SIGKILL" in (seen.runs[1].stored_state.reason or "")
    assert [run.stored_state.attempts for run in seen.runs] == [1, 1, 1]


def test_the_warm_parent_has_one_thread_and_no_file_of_a_run(seen: Seen) -> None:
    assert seen.threads == {1}
    assert not [name for name in seen.open_files if "run.l" in name], seen.open_files


def test_a_forked_run_is_a_child_of_the_scheduler_and_leads_its_own_session(seen: Seen) -> None:
    assert seen.owners == [seen.scheduler]
    assert seen.sessions == [True]


def test_a_forked_run_has_its_lock_its_log_and_no_input(seen: Seen) -> None:
    run = seen.runs[1].path
    assert seen.locks == [[str(run / "run.lock")]]
    assert seen.outputs == [(str(run / "run.log"),) * 2]
    assert seen.places == {(str(REPOSITORY), os.devnull)}


def test_it_computes_what_a_new_interpreter_computes(
    seen: Seen, tmp_path: Path, small_csv: Path, tiny_bert: Path
) -> None:
    run = queue_run(tmp_path / "fresh", small_csv, base=str(tiny_bert), seed=3)
    python("-m", "emocore.training", str(run.path))
    for forked in (seen.runs[0], seen.runs[2]):
        assert_same(outcome_of(forked), outcome_of(run))


def test_it_ends_with_its_scheduler_and_the_run_goes_on(root: Path, small_csv: Path, tiny_bert: Path) -> None:
    """Also where the scheduler is killed."""
    run, _ = (queue_run(root, small_csv, base=str(tiny_bert), epochs=1000) for _ in range(2))
    scheduler = start_scheduler(root)
    pid = wait_for_training(run)
    [parent] = warm_parents(scheduler.pid)
    scheduler.kill()
    scheduler.wait()
    wait_for(lambda: not parent.is_running() or parent.status() == psutil.STATUS_ZOMBIE, 10, "its end")
    assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    assert run.state.status == RunStatus.RUNNING


def test_one_that_is_killed_takes_no_run_along(root: Path, small_csv: Path, tiny_bert: Path) -> None:
    """The next run then starts in a new interpreter."""
    run, following = (queue_run(root, small_csv, base=str(tiny_bert), epochs=1000 - 998 * i) for i in range(2))
    scheduler = start_scheduler(root)
    pid = wait_for_training(run)
    [parent] = warm_parents(scheduler.pid)
    parent.kill()
    wait_for(lambda: parent.status() == psutil.STATUS_ZOMBIE, 10)
    assert run.is_locked and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: following.stored_state.status.is_final, what=describe(following))
    assert run.stored_state.status == RunStatus.INTERRUPTED and "from outside" in (run.stored_state.reason or "")
    assert following.stored_state.status == RunStatus.FINISHED
    assert scheduler.wait(20) == 0


@pytest.fixture(scope="module")
def struck(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path
) -> Iterator[dict[str, RunFolder]]:
    """A run for each moment at which the warm parent or the forked process is killed before the run has begun."""
    roots = {point: tmp_path_factory.mktemp(point) for point in FAULTS}
    try:
        runs = {point: queue_run(root, small_csv, base=str(tiny_bert)) for point, root in roots.items()}
        for point, root in roots.items():
            start_scheduler(root, prepare=f"import os; os.environ['EMOCORE_FAULT'] = '{point}'")
        for run in runs.values():
            wait_for(lambda run=run: run.stored_state.status.is_final, what=describe(run))
        yield runs
    finally:
        for root in roots.values():
            end_processes(root)


FAULTS = ("warm.loaded", "warm.ordered", "warm.forked", "run.forked")


@pytest.mark.parametrize("point", FAULTS)
def test_a_death_before_the_run_has_begun_costs_it_nothing(struck: dict[str, RunFolder], point: str) -> None:
    run = struck[point]
    assert (run.stored_state.status, run.stored_state.attempts) == (RunStatus.FINISHED, 1)
    assert run.log.read_text(encoding="utf-8").count("Finished: ") == 1
    assert f"EMOCORE_FAULT is {point}" in (run.path.parent / ".scheduler.log").read_text(encoding="utf-8")


def test_there_is_room_for_the_longest_command_line() -> None:
    longest = ["/" * 4096, "-m", "emocore.training", "/" * 4096]
    assert sum(len(argument) + 1 for argument in longest) <= COMMAND_ROOM
