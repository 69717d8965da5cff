"""Fixtures: an app on an empty runs folder, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.app_browser import App, start_browser
from tests.support.live_runs import end_processes


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Its parameter is the command that starts it."""
    monkeypatch.setenv("EMOCORE_RUNS", str(tmp_path))
    app = App(tmp_path, getattr(request, "param", None))
    app.start()
    yield app
    app.kill()
    end_processes(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_browser() as browser:
        yield browser
