"""Measures how quick the app and `emocore runs` are with few and with very many runs.

    python -m benchmarks.app [--counts 10,100,1000,10000] [--reruns 1000] [--seconds 15] [--sessions 0,1,3,20]

trains one run of the fastest method and copies it so many times, with other seeds, launches and studies. For each count
it prints, in wall seconds and, in brackets, in seconds of one processor core, which other work on the machine changes
less:

- `emocore runs`, with its imports: the first time, and once the index of the runs folder is there;
- the first page of a new server, from the moment when it answers, without index and with it;
- each page by a click and by its address, the median of --rounds, after it was drawn once, which loads its libraries;
- the server's memory before and after --reruns drawings of the Runs page;
- for a run that is live, but does not train: the processor cores that the server takes with so many --sessions on its
  page or on the Runs page, and those that the scheduler takes.

Pages are drawn for sessions that speak Streamlit's protocol, so a browser's own work is not in the figures. A live run
writes two rows of metrics a second.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.serving.runs import copy_runs, live_run, train_original
from benchmarks.serving.server import Server, measure_command, serve
from benchmarks.serving.session import Session
from benchmarks.timing.report import print_progress, write_figures
from emocore.cli.output import print_table
from emocore.run.folder import RunFolder
from emocore.run.index import INDEX_FILE

PAGES = ("", "launch", "runs", "run", "compare", "playground", "data")
LIVE_PAGES = ("run", "runs")

Figures = dict[str, Any]  # what was measured -> (wall seconds, processor seconds), cores, or bytes


def measure_drawing(server: Server, draw: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds, and processor seconds of the server."""
    cpu, began = server.cpu_seconds(), time.monotonic()
    draw()
    return time.monotonic() - began, server.cpu_seconds() - cpu


def measure_first_page(root: Path) -> tuple[float, float]:
    """The first page of a new server."""
    with serve(root) as server:
        session = Session(server.port)
        figures = measure_drawing(server, lambda: session.open(""))
        session.close()
    return figures


def measure_start(root: Path) -> Figures:
    """The command and the first page, each without and with the index."""
    figures: Figures = {}
    measures = {"emocore runs": partial(measure_command, root, "runs"), "first page": partial(measure_first_page, root)}
    for what, measure in measures.items():
        (root / INDEX_FILE).unlink(missing_ok=True)
        for state in ("no index", "index"):
            figures[f"{what}, {state}"] = measure()
    return figures


def measure_pages(root: Path, run: RunFolder, pages: list[str], rounds: int, reruns: int) -> Figures:
    """Each page by click and by address, and the memory over many reruns."""
    figures: Figures = {}
    with serve(root) as server:
        session = Session(server.port)
        session.open("")
        for page in pages:
            query = f"run={run.id}" if page == "run" else ""
            session.open(page, query)
            clicks, addresses = [], []
            for _ in range(rounds):
                clicks.append(measure_drawing(server, lambda: session.open(page, query)))  # noqa: B023 - called at once
                fresh = Session(server.port)
                addresses.append(measure_drawing(server, lambda: fresh.open(page, query)))  # noqa: B023
                fresh.close()
            figures[f"{page or 'start'} by click"] = take_median(clicks)
            figures[f"{page or 'start'} by address"] = take_median(addresses)
        memory = {"before": server.memory_bytes()}
        for _ in range(reruns):
            session.open("runs")
        memory["after"] = server.memory_bytes()
        session.close()
    return figures | {f"memory {when} {reruns:,} reruns": value for when, value in memory.items()}


def take_median(measured: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in measured), statistics.median(cpu for _, cpu in measured)


def measure_live(original: RunFolder, root: Path, sessions: list[int], seconds: float) -> Figures:
    """Cores that the server and the scheduler take while a run is live."""
    figures: Figures = {}
    with live_run(original, root) as live, serve(root) as server:
        for page in LIVE_PAGES:
            for count in sessions:
                opened = [Session(server.port) for _ in range(count)]
                for session in opened:
                    session.open(page, f"run={live.id}" if page == "run" else "")
                cpu, scheduler, began = server.cpu_seconds(), server.scheduler_cpu_seconds(), time.monotonic()
                with ThreadPoolExecutor(max_workers=count or 1) as pool:
                    refreshes = sum(pool.map(lambda session: session.refresh(seconds), opened))
                time.sleep(max(0.0, began + seconds - time.monotonic()))
                passed = time.monotonic() - began
                told = f"{count} sessions on the page {page}"
                figures[f"{told}: server"] = (server.cpu_seconds() - cpu) / passed
                figures[f"{told}: scheduler"] = (server.scheduler_cpu_seconds() - scheduler) / passed
                figures[f"{told}: refreshes/s"] = refreshes / passed
                for session in opened:
                    session.close()
    return figures


def describe(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.2f} ({value[1]:.2f})"
    return f"{value / 1e6:.0f} MB" if isinstance(value, int) else f"{value:.3f}"


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=numbers, default=[10, 100, 1000, 10_000], help="numbers of runs")
    parser.add_argument("--pages", type=lambda text: text.split(","), default=list(PAGES), help="their paths")
    parser.add_argument("--rounds", type=int, default=3, help="drawings of each page")
    parser.add_argument("--reruns", type=int, default=1000, help="drawings over which the memory is measured")
    parser.add_argument("--sessions", type=numbers, default=[0, 1, 3, 20], help="numbers of sessions on a live page")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement with live pages")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file, too")
    options = parser.parse_args()
    figures: dict[int, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="emocore-app-") as name:
        os.environ["EMOCORE_SETTINGS"] = f"{name}/settings"
        original = train_original(Path(name, "original"))
        for count in options.counts:
            root = Path(name, f"{count} runs")
            run = copy_runs(original, root, count)[-1]
            print_progress(f"{count:,} runs are copied")
            figures[count] = measure_start(root)
            figures[count] |= measure_pages(root, run, options.pages, options.rounds, options.reruns)
            figures[count] |= measure_live(original, root, options.sessions, options.seconds)
            print_progress(f"{count:,} runs are measured")
    rows = [[what, *(describe(figures[count][what]) for count in figures)] for what in figures[options.counts[0]]]
    print_table([["seconds (of one core), cores or memory", *(f"{count:,} runs" for count in figures)], *rows])
    write_figures(options.json, {"counts": {str(count): figures[count] for count in figures}})


if __name__ == "__main__":
    main()
