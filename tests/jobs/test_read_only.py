"""A read-only runs folder: everything can be viewed, and every change is refused in one line."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from emocore.cli.main import main
from emocore.errors import RunError
from emocore.jobs.overview import describe_run
from emocore.jobs.queue import tend_queue, waiting_runs
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, look_at_runs
from emocore.run.state import RunStatus
from tests.support.refusals import assert_one_line
from tests.support.small_disks import read_only, small_disk
from tests.support.tables import LABELS, change_status, finish_run


@dataclass(frozen=True)
class Shelf:
    """Runs of every kind in a folder that may only be read."""

    root: Path
    runs: dict[str, RunFolder]

    def fill_in(self, text: str) -> str:
        """`{name}` becomes the id of that run."""
        return text.format(**{name: run.id for name, run in self.runs.items()})


@contextlib.contextmanager
def unwritable_folder(folder: Path) -> Iterator[Path]:
    """To fill. Nothing keeps root from writing but the mount; for others the permissions do."""
    if os.geteuid() == 0:
        with small_disk(folder, megabytes=2) as disk:
            yield disk
        return
    folder.mkdir()
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    if os.geteuid() == 0:
        with read_only(folder):
            yield
        return
    for path in [*folder.rglob("*"), folder]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    random = np.random.default_rng(0)
    truth = (random.random((60, len(LABELS))) < 0.4).astype(int)
    with unwritable_folder(tmp_path_factory.mktemp("shelf") / "runs") as root:
        finished = [
            finish_run(root, RunConfig(method=method, study="s"), truth, random.normal(size=truth.shape), LABELS)
            for method in ("lora", "ia3")
        ]
        runs = {
            "finished": finished[0],
            "other": finished[1],
            "failed": create_run(root, RunConfig(method="tfidf")),
            "dead": create_run(root, RunConfig(method="tfidf")),
            "queued": create_run(root, RunConfig(method="tfidf")),
        }
        change_status(runs["failed"], RunStatus.FAILED, reason="because")
        change_status(runs["dead"], RunStatus.RUNNING, started_at=1.0)
        with closed(root):
            yield Shelf(root, runs)


@pytest.fixture(autouse=True)
def runs_folder(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(shelf.root))


def test_every_run_is_listed_with_its_true_state(shelf: Shelf) -> None:
    assert look_at_runs(shelf.root).damaged == []
    assert set(list_runs(shelf.root)) == set(shelf.runs.values())
    expected = ["finished", "finished", "failed", "interrupted", "queued"]
    assert [run.state.status for run in shelf.runs.values()] == expected
    assert [describe_run(run).status for run in shelf.runs.values()] == expected
    assert waiting_runs(shelf.root) == [shelf.runs["queued"]]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("runs", "{dead}"),
        ("runs --json", "{queued}"),
        ("show {finished}", "anger"),
        ("show {dead} --json", "interrupted"),
        ("compare {finished} {other}", "anger"),
        ("compare --study s", "anger"),
        ("queue", "The queue is open; 1 waiting."),
    ],
)
def test_what_only_reads_works(shelf: Shelf, capsys: pytest.CaptureFixture[str], command: str, part: str) -> None:
    assert main(shelf.fill_in(command).split()) == 0
    assert shelf.fill_in(part) in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        "launch --method tfidf --data {csv}",
        "study --methods tfidf --seeds 1,2 --data {csv}",
        "clone {failed} --set seed=3",
        "stop {queued}",
        "resume {failed}",
        "resume {dead}",
        "delete --yes {finished}",
        "queue --pause",
        "queue --continue",
        "queue --front {queued}",
    ],
)
def test_what_would_change_something_says_in_one_line_that_it_cannot(
    shelf: Shelf, small_csv: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in shelf.root.rglob("*")}
    status = main(shelf.fill_in(command.replace("{csv}", str(small_csv))).split())
    message = assert_one_line(status, *capsys.readouterr())
    assert "Read-only file system" in message or "Permission denied" in message
    assert {path: path.stat().st_mtime_ns for path in shelf.root.rglob("*")} == before


def test_a_scheduler_that_could_write_nothing_is_not_started(shelf: Shelf) -> None:
    """A page that tends the queue shows this."""
    with pytest.raises(RunError, match=r"^runs cannot be worked on in .*; make it writable$"):
        tend_queue(shelf.root)
