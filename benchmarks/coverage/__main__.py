"""Measures how often intervals hold and verdicts are wrong, on simulated comparisons with known truth.

    python -m benchmarks.coverage --only "A/A*3 replicates" --studies 200

prints such cells of the default grid; `make coverage` prints all of them, which takes at most an hour on two cores, and
`--full` every cell. Finished studies are kept in a file: the same command continues after an interruption, and does not
repeat what it has. tests/evaluation/test_coverage.py runs a short version.

    python -m benchmarks.coverage --check-runs FOLDER

compares the chance in a real study, of several methods and replicates, with that in simulated ones.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.coverage.cells import Cell
from benchmarks.coverage.grid import default_grid, full_grid
from benchmarks.coverage.real_runs import check_runs
from benchmarks.coverage.report import describe, describe_plan, heading
from benchmarks.coverage.running import complete, probe
from benchmarks.coverage.store import Store
from emocore.errors import EmocoreError

OUT = Path(__file__).parents[1] / ".coverage" / "studies.jsonl"


def choose(full: bool, only: str | None, studies: int | None) -> list[Cell]:
    """The cells of a grid whose name contains the pattern, with another number of studies if there is one."""
    cells = full_grid() if full else default_grid()
    chosen = [cell for cell in cells if fnmatch(cell.name, f"*{only or ''}*")]
    return [replace(cell, studies=studies) for cell in chosen] if studies else chosen


def measure(cells: Sequence[Cell], store: Store, processes: int) -> None:
    """Simulate what is missing, and print each cell when it is complete."""
    above = ""
    with ProcessPoolExecutor(processes) as pool:
        print(describe_plan(cells, probe(cells, store, pool), processes), flush=True)
        for cell in complete(cells, store, pool):
            if heading(cell) != above:
                above = heading(cell)
                print(above)
            print(describe(cell, store.rows(cell)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="every cell, which takes many hours")
    parser.add_argument("--only", metavar="PATTERN", help="cells whose name contains this; * stands for anything")
    parser.add_argument("--studies", type=int, help="studies of each cell, instead of the cell's own number")
    parser.add_argument("--out", type=Path, default=OUT, help="the file of finished studies")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--check-runs", type=Path, metavar="FOLDER", help="a runs folder with a study with replicates")
    options = parser.parse_args()
    if options.check_runs:
        try:
            print(check_runs(options.check_runs))
        except EmocoreError as error:
            parser.error(str(error))
        return
    cells = choose(options.full, options.only, options.studies)
    if not cells:
        parser.error(f"no cell's name contains {options.only}; `--full` has more cells")
    try:
        measure(cells, Store(options.out), options.processes)
    except KeyboardInterrupt:
        print(f"\nstopped; the same command continues with the studies in {options.out}")


if __name__ == "__main__":
    main()
