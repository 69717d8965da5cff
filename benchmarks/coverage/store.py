"""The file of finished studies, so that an interrupted measurement continues where it was.

Each line is a chunk of studies of one cell: the cell's key, the studies' numbers, what they found, and how long they
took. The key is a hash of the cell's definition and of the code, so figures of other code are never mixed in.
"""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.coverage.cells import Cell

ROOT = Path(__file__).parents[2]
# Where the code begins that decides what a study finds, and the packages in which its imports are followed.
ENTRIES = ("benchmarks.coverage.halves", "benchmarks.coverage.intervals", "benchmarks.coverage.studies")
FOLLOWED = (
    "benchmarks.coverage",
    "emocore.data.checks.groups",
    "emocore.evaluation",
    "emocore.metrics",
    "emocore.thresholds",
    "tests.support",
)


class Store:
    """The finished studies in a file, which is made with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: dict[str, dict[int, list[float]]] = {}
        self._seconds: dict[str, list[float]] = {}
        written = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in written.splitlines():
            try:
                self._take(**json.loads(line))
            except ValueError:  # the process was killed while it wrote this line
                continue
        self._is_torn = bool(written) and not written.endswith("\n")

    def add(self, cell: Cell, numbers: Sequence[int], rows: Sequence[Sequence[float]], seconds: float) -> None:
        """Keep the studies of these numbers, which took so many seconds each, and write them to the file."""
        chunk: dict[str, Any] = {
            "cell": cell.name,
            "key": identify(cell),
            "numbers": list(numbers),
            "rows": rows,
            "seconds": seconds,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * self._is_torn + json.dumps(chunk) + "\n")
        self._is_torn = False
        self._take(**chunk)

    def missing(self, cell: Cell) -> list[int]:
        """The numbers of the cell's studies that have not been simulated."""
        done = self._rows.get(identify(cell), {})
        return [number for number in range(cell.studies) if number not in done]

    def rows(self, cell: Cell) -> np.ndarray:
        """(studies, columns) what the cell's finished studies found, in the order of their numbers."""
        done = self._rows.get(identify(cell), {})
        return np.array([done[number] for number in range(cell.studies) if number in done])

    def seconds(self, cell: Cell) -> float | None:
        """How long one study of the cell took; None if none was simulated."""
        known = self._seconds.get(identify(cell))
        return float(np.mean(known)) if known else None

    def _take(self, cell: str, key: str, numbers: list[int], rows: list[list[float]], seconds: float) -> None:
        self._rows.setdefault(key, {}).update(zip(numbers, rows, strict=True))
        self._seconds.setdefault(key, []).append(seconds)


def identify(cell: Cell) -> str:
    """The key of a cell: equal for cells whose studies are the same, however many there are."""
    definition = {name: value for name, value in asdict(cell).items() if name not in ("name", "studies")}
    told = json.dumps([type(cell).__name__, definition, code_version()], sort_keys=True, default=np.ndarray.tolist)
    return sha256(told.encode()).hexdigest()[:16]


@cache
def code_version() -> str:
    """A hash of the modules that ENTRIES import, without their comments and docstrings."""
    found: dict[str, str] = {}
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        path = ROOT / f"{name.replace('.', '/')}.py"
        if name.startswith(FOLLOWED) and name not in found and path.exists():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            waiting += imported(tree)
            found[name] = ast.dump(_without_docstrings(tree))
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def imported(tree: ast.Module) -> Iterator[str]:
    """Names of the modules that a module imports from, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body[0] = ast.Pass()
    return tree
