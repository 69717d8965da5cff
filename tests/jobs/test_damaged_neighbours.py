"""A queue with damaged run folders: every healthy run starts, and no foreign process is touched."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from emocore.run.folder import RunFolder
from emocore.run.listing import look_at_runs
from emocore.run.state import RunStatus
from emocore.system.processes import ProcessIdentity
from tests.support.damaged_folders import KINDS, Kind
from tests.support.live_runs import processes_of_group, queue_run, start_scheduler, wait_for_status
from tests.support.records import edit
from tests.support.whole_runs import shelve

# What is read or written before a run has a process of its own. At all else in a folder the queue never looks.
SEEN_BY_THE_QUEUE = ("config.json", "environment.json", "state.json", "run.lock", "run.log", "stop.request")
IMPATIENT = """
import signal, emocore.jobs.exits, emocore.jobs.stop
emocore.jobs.exits.PATIENCE_SECONDS = 0.0
emocore.jobs.stop.SIGNALS = ((0.0, signal.SIGINT), (0.1, signal.SIGTERM), (0.2, signal.SIGKILL))
""".strip().replace("\n", "; ")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    return shelve(tmp_path_factory.mktemp("shelf"))


def damage(kind: Kind, shelf: dict[str, RunFolder], root: Path, run_id: str) -> RunFolder:
    """A run of this installation that has no data, and is also damaged."""
    run = RunFolder(root / run_id)
    shutil.copytree(shelf[kind.state].path, run.path)
    if kind.file != run.stop_request.name:
        run.stop_request.unlink()
    edit(run, "config.json", data="gone.csv")
    edit(run, "state.json", mark=run.make_mark(run_id))
    kind.apply(run.path)
    return run


def keep_from_starting(run: RunFolder) -> None:
    """A value that does no harm lets the run be carried out, which takes a second and is nothing to see here."""
    try:
        if run.stored_state.status == RunStatus.QUEUED:
            with run.lock():
                run.change_state(RunStatus.STOPPED)
    except Exception:
        return


@pytest.mark.timeout(200)
def test_healthy_runs_start_next_to_every_kind_of_damage(root: Path, shelf: dict[str, RunFolder]) -> None:
    """One is before all of them in the queue, one behind."""
    first = queue_run(root, Path("gone.csv"), method="tfidf")
    kinds = [kind for kind in KINDS if kind.file in SEEN_BY_THE_QUEUE]
    assert len(kinds) > 400
    for number, kind in enumerate(kinds):
        run = damage(kind, shelf, root, f"run-{number:03}")
        if kind.file.endswith(".json"):
            keep_from_starting(run)
    last = queue_run(root, Path("gone.csv"), method="tfidf")
    scheduler = start_scheduler(root, idle_seconds=0.5)
    for healthy in (first, last):
        wait_for_status(healthy, RunStatus.FAILED, seconds=90)
        assert "gone.csv" in (healthy.stored_state.reason or ""), "it ran, and found no data"
    assert look_at_runs(root).damaged
    for path in root.glob("run-*"):
        keep_from_starting(RunFolder(path))
    assert scheduler.wait(60) == 0, "it ends, whatever cannot be settled"


@contextmanager
def stranger(code: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Somebody else's program, in a process group of its own."""
    with subprocess.Popen(["sh", "-c", code], start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()
        yield process
        if processes_of_group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def test_whatever_process_a_folder_names_is_not_touched(root: Path, shelf: dict[str, RunFolder]) -> None:
    """One that lives, and one that has ended and left another in its group; in every state, to be stopped or not."""
    with stranger("echo; sleep 600; :") as alive, stranger("sleep 600 & echo; read wait") as parent:
        named = [ProcessIdentity.of(process.pid) for process in (alive, parent)]
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        for status, (number, process), is_unwanted in product(RunStatus, enumerate(named), (False, True)):
            run = RunFolder(root / f"{status}-{number}-{is_unwanted}")
            shutil.copytree(shelf["finished"].path, run.path)
            edit(run, "state.json", status=status, process=process.model_dump())
            if not is_unwanted:
                run.stop_request.unlink()
        healthy = queue_run(root, Path("gone.csv"), method="tfidf")
        scheduler = start_scheduler(root, idle_seconds=0.5, prepare=IMPATIENT)
        wait_for_status(healthy, RunStatus.FAILED)
        assert scheduler.wait(30) == 0, "nor did it signal itself"
        assert len(processes_of_group(alive.pid)) == 2 and len(processes_of_group(parent.pid)) == 1
