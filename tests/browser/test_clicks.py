"""The short form of benchmarks/clicks.py, without what keeps the cores busy, since other tests do.

`make clicks` runs the long form.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.clicks import click_through, prepare
from tests.support.app_browser import BROWSER_MARKS
from tests.support.live_runs import PAUSE_BETWEEN_STEPS, end_processes

pytestmark = BROWSER_MARKS
OPENED, CLICKS = 6, 14


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "runs"
    prepare(root, tmp_path, alive=3, before_training=PAUSE_BETWEEN_STEPS)
    yield root
    end_processes(root)


def test_no_page_is_dead_or_stays_half_drawn(root: Path) -> None:
    done = click_through(root, OPENED, CLICKS, seed=1)
    assert (done.dead, done.half_drawn) == ([], [])
    assert (done.opened, done.clicked) == (OPENED, CLICKS)
