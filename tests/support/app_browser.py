"""The app in its own process, and its pages in real Chromium."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from tests.support.forks import ForkedPython
from tests.support.repository import REPOSITORY

CHROMIUM = Path("/usr/bin/chromium")
BROWSER_MARKS = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium: install it to run the browser tests"),
]

MAKE_APP = (sys.executable, "-m", "emocore", "app")
RUN_APP_FILE = f"""
import runpy, sys
sys.argv = ["app.py", "--server.port", sys.argv[-1]]
runpy.run_path({str(REPOSITORY / "app.py")!r}, run_name="__main__")
"""

expect.set_options(timeout=30_000)


class App:
    """The app on a free port with its own runs folder.

    It is started by `command`, or, without one, forked from a process that has its libraries loaded. It starts
    schedulers and runs as it does for a user in either case.
    """

    def __init__(self, runs: Path, command: Sequence[str] | None = None, folder: Path = REPOSITORY) -> None:
        self.runs, self._folder = runs, folder
        self._command = command or [sys.executable, "-c", RUN_APP_FILE]
        self._start = subprocess.Popen if command else ForkedPython
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self._start(
            [*self._command, "--port", str(self.port)],
            cwd=self._folder,
            env=os.environ | {"EMOCORE_RUNS": str(self.runs), "EMOCORE_DATA_FOLDERS": str(self.runs)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def open_page(browser: Browser, url: str, scheme: Literal["light", "dark"] = "light", width: int = 1280) -> Page:
    """In the browser's one context, which need not load and compile the app's scripts again for each page."""
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(30_000)
    page.goto(url)
    return page


def keep_screenshot(page: Page, name: str) -> None:
    """Save a screenshot in the folder EMOCORE_SCREENSHOTS, for a person to look at."""
    if folder := os.environ.get("EMOCORE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        time.sleep(1.5)
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        assert page.viewport_size is not None
        page.set_viewport_size({"width": page.viewport_size["width"], "height": max(900, min(4000, height))})
        time.sleep(1.5)
        page.screenshot(path=Path(folder) / f"{name}.png")


def wait_for_status(root: Path, wanted: set[RunStatus], count: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while sum(run.state.status in wanted for run in list_runs(root)) < count:
        states = [(run.id, run.state.status, run.state.reason) for run in list_runs(root)]
        assert time.monotonic() < deadline, f"still {states}"
        time.sleep(0.5)


@contextmanager
def start_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
