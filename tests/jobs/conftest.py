"""Fixtures: a runs folder in which no process stays alive, a scheduler for it, and trainings to end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emocore.jobs.scheduler import Scheduler
from tests.support.live_runs import Training, end_processes, trainings, wait_for


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    folder.mkdir()
    yield folder
    end_processes(folder)


@pytest.fixture
def scheduler(root: Path) -> Iterator[Scheduler]:
    """In this process; the runs that it starts are ended and waited for."""
    scheduler = Scheduler(root)
    yield scheduler
    scheduler._starter.rest([])
    end_processes(root)
    for child in scheduler._children.values():
        wait_for(lambda child=child: child.poll() is not None)


@pytest.fixture(scope="module")
def two_trainings(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path
) -> Iterator[dict[str, Training]]:
    """One with its scheduler, and one "without", since it has been killed."""
    with trainings(("with a scheduler", "without"), tmp_path_factory, small_csv, tiny_bert) as started:
        started["without"].scheduler.kill()
        started["without"].scheduler.wait()
        yield started
