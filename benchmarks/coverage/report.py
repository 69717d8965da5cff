"""The printed report: one line per cell, with standard errors, under headings that say what its figures are."""

from collections.abc import Sequence

import numpy as np

from benchmarks.coverage.cells import Cell
from benchmarks.coverage.halves import HalvesCell
from benchmarks.coverage.intervals import MACRO_COLUMNS, IntervalCell
from benchmarks.coverage.studies import StudyCell
from emocore.evaluation.intervals import FEWEST_POSITIVES

NAME_WIDTH = 52
INTERVALS = f"""
95 % intervals, in %: macro-F1 held | truth below, truth above | width in t intervals | F1 held, the worst and the best
of the emotions that {FEWEST_POSITIVES} texts or more have on average"""
HALVES = """
Two methods trained on all texts once, in %: 95 % intervals of their difference that hold what it is over draws of the
training texts | intervals above it, below it | width in points"""
EQUAL_METHODS = """
Methods that do not differ, in %: studies with a false verdict overall | for any emotion | either | pairs whose interval
lies above zero, below zero | pairs that are called equal"""
DIFFERENT_METHODS = """
Methods that differ: the same, where pairs called equal are those within the margin | pairs further apart that are
called equal | true verdicts overall, and for emotions | true verdicts on pairs that are so many points apart"""


def heading(cell: Cell) -> str:
    """What stands above the line of a cell, and of the cells like it."""
    if isinstance(cell, IntervalCell):
        return INTERVALS
    if isinstance(cell, HalvesCell):
        return HALVES
    return DIFFERENT_METHODS if isinstance(cell, StudyCell) and any(cell.gaps) else EQUAL_METHODS


def describe(cell: Cell, rows: np.ndarray) -> str:
    """The line of a cell, from the rows (studies, columns) of its studies."""
    found = dict(zip(cell.columns, rows.T, strict=True))
    if isinstance(cell, IntervalCell):
        parts = _describe_intervals(cell, found)
    elif isinstance(cell, HalvesCell):
        held = 1 - found["above"] - found["below"]
        parts = [rate(held), f"{rate(found['above'])}, {rate(found['below'])}", f"{100 * found['width'].mean():.1f}"]
    elif isinstance(cell, StudyCell):
        parts = _describe_verdicts(cell, found)
    return f"{cell.name:>{NAME_WIDTH}}  {' | '.join(parts)}"


def _describe_intervals(cell: IntervalCell, found: dict[str, np.ndarray]) -> list[str]:
    held = 1 - found["below"] - found["above"]
    emotions = np.array([own.mean() for name, own in found.items() if name not in MACRO_COLUMNS])
    frequent = emotions[cell.world.shares * cell.world.texts >= FEWEST_POSITIVES]
    return [
        rate(held),
        f"{rate(found['below'])}, {rate(found['above'])}",
        f"{found['width'].mean() / found['plain_width'].mean():.2f}",
        f"{100 * frequent.min():.1f} to {100 * frequent.max():.1f} of {len(frequent)}",
    ]


def _describe_verdicts(cell: StudyCell, found: dict[str, np.ndarray]) -> list[str]:
    pairs = cell.pairs_of_gap
    overall, emotions = found["false overall"] > 0, found["false emotions"] > 0
    equal, near = pairs.get(0, 0), sum(count for gap, count in pairs.items() if cell.is_near(gap))
    parts = [
        rate(overall),
        rate(emotions),
        rate(overall | emotions),
        f"{rate(found['above'], equal)}, {rate(found['below'], equal)}",
        rate(found["equal"], near),
    ]
    if any(cell.gaps):
        different = sum(count for gap, count in pairs.items() if gap)
        labels = len(cell.world.shares)
        parts += [
            rate(found["false equal"], sum(pairs.values()) - near),
            f"{rate(found['true overall'], different)}, {rate(found['true emotions'], different * labels)}",
            "; ".join(f"{gap:g}: {rate(found[f'found {gap:g}'], pairs[gap])}" for gap in pairs if gap),
        ]
    return parts


def rate(counts: np.ndarray, of: int = 1) -> str:
    """The share in % that these counts (studies,) are of so many cases in each study, and its standard error over
    studies, which is 0 if all are alike."""
    if not of:
        return "-"
    shares = np.asarray(counts, dtype=float) / of
    error = shares.std(ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else float("nan")
    return f"{100 * shares.mean():.1f} ± {100 * error:.1f}"


def describe_plan(cells: Sequence[Cell], seconds: float, processes: int) -> str:
    """What is still to be simulated, from the seconds that one process needs for it."""
    minutes = seconds / processes / 60
    return f"{len(cells)} cells; about {minutes:.0f} minutes of simulations are left with {processes} processes"
