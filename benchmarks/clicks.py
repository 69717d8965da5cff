"""Open runs from the live list and click at random through all pages; no page may be dead or stay half drawn.

`make clicks`, or `python -m benchmarks.clicks --opened 40 --clicks 200 --seed 1`, does this in Chromium while runs
train and two endless loops keep the cores busy. It clicks links in rows, pages and the sidebar, segments, expanders and
the browser's Back, but not buttons, which launch, stop and delete. Each page is opened once before, which loads
libraries.

A dead page is blank, or shows an error of the app or of Streamlit, even if only in the browser's console. A half-drawn
page lacks its heading or its last element 10 s after the click, or still has a part of the previous page.
"""

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

import pandas as pd
from playwright.sync_api import Browser, Error, Locator

from emocore.data.source import STARTER_FILE
from emocore.run.listing import list_runs
from tests.support.app_browser import App, keep_screenshot, open_page, start_browser
from tests.support.live_runs import carry_out, end_processes, queue_run, start_scheduler, wait_for_training
from tests.support.studies import fail_run, finish_study

PATIENCE_SECONDS = 10.0
LIVE = "alive"  # the study that trains during the clicks
OPENED_A_LIST = 5  # runs that are opened from a list, each after going back from the previous one
LISTS = ("/runs", f"/runs?study={LIVE}")
DEADLY = re.compile(
    "Bad delta path|Cannot set a node|encountered an error|Traceback|Bad message format|Minified React error"
    "|Something went wrong|Page not found|Connection error|Is Streamlit still running"
)
ROW = "[data-testid=stMain] a[href*='run?run=']"
KINDS = {  # kinds of clicks and their shares; if the page lacks a kind, another one is drawn
    "[data-testid=stSidebarNavLink]": 3,
    "[data-testid=stMain] [data-testid=stPageLink-NavLink]": 4,
    "[data-testid=stMain] [role=radio]": 3,
    "[data-testid=stMain] summary": 1,
    "back": 2,
}


class Shape(NamedTuple):
    """What identifies a complete page: its heading, words that no other page has, and its last element."""

    heading: str | None
    words: str
    last: str


SHAPES = {  # by the path of the address; the heading of a run's page is the run's title
    "/": Shape("Emocore", "Which parameter-efficient method", ":text('All runs')"),
    "/data": Shape(
        "Data",
        "Labelled texts that runs learn from",
        ".st-key-data_list, .st-key-data_end, .st-key-data_hub_state, :text('Choose a file first')",
    ),
    "/launch": Shape("Launch", "Train one method, or several", ".st-key-launch_shares, :text('Choose the data first')"),
    "/runs": Shape("Runs", "Every run with its state", ":text('are free.')"),
    "/compare": Shape("Compare", "See which method is better", ".st-key-compare_view ~ *"),
    "/playground": Shape(
        "Playground", "See which emotions trained adapters", ":text('in full colour'), :text('cannot answer')"
    ),
    "/run": Shape(None, "Settings, as it ran", ":text('Settings, as it ran')"),
}


def prepare(root: Path, folder: Path, alive: int) -> None:
    """Fill a runs folder with all kinds of runs, and a queue of `alive` runs that each train for minutes."""
    from tests.support import tiny_models

    root.mkdir(parents=True, exist_ok=True)
    data = root / "small.csv"  # in a folder that the Launch page may read
    pd.read_csv(STARTER_FILE).head(120).to_csv(data, index=False)
    base = str(tiny_models.save_tiny_bert(folder / "tiny-bert"))
    finish_study(root, study="finished before")
    fail_run(root, "head", "out of memory: CUDA had 8 GB; lower the batch size", "finished before")
    tried = queue_run(root, data, method="tfidf", study="tried")  # without a model the Playground answers at once
    assert carry_out(tried) == 0, tried.tail_log(30)
    queue = [queue_run(root, data, base=base, epochs=1000, study=LIVE, seed=seed) for seed in range(alive)]
    start_scheduler(root, idle_seconds=3600)
    wait_for_training(queue[0])


class Clicker:
    """One tab, and the result of each click in it. `seed` chooses the clicks and the pauses between them."""

    def __init__(self, browser: Browser, app: App, seed: int) -> None:
        self._app, self._random = app, random.Random(seed)
        self.page = open_page(browser, app.url)
        self.page.on("console", lambda message: self._note(message.text if message.type == "error" else ""))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self._console: list[str] = []
        self.opened = self.clicked = 0
        self.dead: list[str] = []
        self.half_drawn: list[str] = []

    def _note(self, text: str) -> None:
        if DEADLY.search(text):
            self._console.append(text.splitlines()[0][:200])

    def warm_up(self) -> None:
        run = min(list_runs(self._app.runs), key=lambda run: not run.state.status.is_active).id
        for path in (*SHAPES, *LISTS):
            self._open(f"/run?run={run}" if path == "/run" else path)
            self.check("first look", patience=120)

    def open_runs(self, count: int) -> None:
        """Open runs from the list of all runs and from that of the training study, at random moments between
        updates."""
        for number in range(count):
            assert any(run.state.status.is_active for run in list_runs(self._app.runs)), "nothing trains any more"
            if number % OPENED_A_LIST == 0 or urlsplit(self.page.url).path != "/runs":
                self._open(LISTS[number // OPENED_A_LIST % len(LISTS)])
                self.check("opened")
            self._pause(2.5)
            if rows := self.page.locator(ROW).all():  # none where the list was half drawn
                self.opened += self._click(self._random.choice(rows))
            if urlsplit(self.page.url).path == "/run":
                self.page.go_back(wait_until="commit")
                self.check("Back from a run")

    def click_at_random(self, count: int) -> None:
        while self.clicked < count:
            self._pause(1.0)
            kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
            if kind == "back":
                self.page.go_back(wait_until="commit")
                if not self.page.url.startswith(self._app.url):
                    self._open("/")
                self.clicked += self.check("Back")
            elif found := [one for one in self.page.locator(kind).all() if one.is_visible()]:
                self.clicked += self._click(self._random.choice(found))

    def check(self, what: str, path: str | None = None, patience: float = PATIENCE_SECONDS) -> bool:
        """Wait until the page of the address is complete, and note if it never is. `path` is the link's target."""
        deadline = time.monotonic() + patience
        self._pause(0.5)  # a click needs a moment to change anything
        while (lack := self._find_lack(path)) and time.monotonic() < deadline and not self._find_death():
            time.sleep(0.1)
        death = self._find_death() or ("white" if lack and not self._words().strip() else "")
        if death or lack:
            told = f"{what}, at {self.page.url}: {death or lack}"
            (self.dead if death else self.half_drawn).append(told)
            print(f"{'DEAD' if death else 'HALF DRAWN'} after {told}", flush=True)
            keep_screenshot(self.page, f"clicks-{len(self.dead)}-{len(self.half_drawn)}")
            self._open("/")
            self._console.clear()
        return True

    def _click(self, target: Locator) -> bool:
        """Click; returns whether the target still existed, since a list may change at any moment."""
        try:
            href = target.get_attribute("href", timeout=2000)
            what = target.inner_text(timeout=2000).splitlines()[-1:]
            before = self.page.url
            target.click(timeout=5000)
        except Error:
            return False
        path = urlsplit(urljoin(before, href)).path if href else None
        return self.check(f"{what} on {before}", path)

    def _open(self, address: str) -> None:
        self.page.goto(self._app.url + address)

    def _pause(self, most_seconds: float) -> None:
        self.page.wait_for_timeout(1000 * self._random.uniform(0, most_seconds))

    def _words(self) -> str:
        return str(self.page.evaluate("document.querySelector('[data-testid=stMain]')?.innerText ?? ''"))

    def _find_death(self) -> str:
        if self._console:
            return self._console[0]
        if found := DEADLY.search(str(self.page.evaluate("document.body.innerText"))):
            return found[0]
        return "an exception" if self.page.get_by_test_id("stException").count() else ""

    def _find_lack(self, path: str | None) -> str:
        """What the page of the address lacks, or has from another page; empty if the page is complete."""
        address = urlsplit(self.page.url)
        if path is not None and path != address.path:
            return f"the address is still {address.path}"
        shape, words = SHAPES[address.path], self._words()
        if strangers := [s.words for p, s in SHAPES.items() if p != address.path and s.words in words]:
            return f"{strangers[0]!r} is of another page"
        headings = self.page.locator("[data-testid=stMain] h1").all_inner_texts()
        if len(headings) != 1 or not headings[0] or shape.heading not in (None, headings[0]):
            return f"the headings are {headings}"
        if shape.words not in words:
            return f"{shape.words!r} is missing"
        run = parse_qs(address.query).get("run", [""])[0]
        if address.path == "/run" and run not in words:
            return f"run {run} is not the one that is shown"
        main = self.page.get_by_test_id("stMain")
        if main.get_by_test_id("stSkeleton").count():
            return "a part is not loaded yet"
        return "" if main.locator(shape.last).count() else f"{shape.last} is missing"


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def click_through(root: Path, opened: int, clicks: int, seed: int, loops: int = 0) -> Clicker:
    """Open `opened` runs, then make `clicks` clicks, in an app on a prepared runs folder."""
    app = App(root)
    app.start()
    try:
        with start_browser() as browser:
            clicker = Clicker(browser, app, seed)
            clicker.warm_up()
            with busy_cores(loops):
                clicker.open_runs(opened)
                clicker.click_at_random(clicks)
            return clicker
    finally:
        app.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--opened", type=int, default=40, help="runs opened from the live list")
    parser.add_argument("--clicks", type=int, default=200, help="random clicks afterwards")
    parser.add_argument("--seed", type=int, default=1, help="seed of the clicks and the pauses between them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emocore-clicks-") as name:
        root = Path(name) / "runs"
        accounts = [variable for variable in os.environ if variable.startswith("WANDB") or variable == "HF_TOKEN"]
        for variable in accounts:
            del os.environ[variable]
        os.environ |= {"EMOCORE_RUNS": str(root), "EMOCORE_SETTINGS": f"{name}/settings"}
        os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        try:
            prepare(root, Path(name), alive=12)
            done = click_through(root, options.opened, options.clicks, options.seed, loops=2)
        finally:
            end_processes(root)
    print(f"{done.opened} runs opened, {done.clicked} clicks: {len(done.dead)} dead, {len(done.half_drawn)} half drawn")
    sys.exit(bool(done.dead or done.half_drawn or done.opened < options.opened))


if __name__ == "__main__":
    main()
