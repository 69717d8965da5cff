"""A runs folder in which nothing is left alive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live_runs import end_processes


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    folder.mkdir()
    yield folder
    end_processes(folder)
