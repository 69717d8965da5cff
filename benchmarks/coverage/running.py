"""Simulates the studies that a store lacks, in several processes."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed

from benchmarks.coverage.cells import Cell
from benchmarks.coverage.store import Store

CHUNK = 20
# So many studies of each cell show how long the others will take.
PROBES = 2


def simulate_chunk(cell: Cell, numbers: Sequence[int]) -> tuple[list[list[float]], float]:
    """What these studies found, and the seconds that each took."""
    began = time.monotonic()
    rows = [cell.simulate(number) for number in numbers]
    return rows, (time.monotonic() - began) / len(numbers)


def probe(cells: Sequence[Cell], store: Store, pool: Executor) -> float:
    """Simulate the first studies of each new cell; returns the seconds that one process needs for all that is
    missing."""
    _simulate([(cell, store.missing(cell)[:PROBES]) for cell in cells if store.seconds(cell) is None], store, pool)
    return sum((store.seconds(cell) or 0) * len(store.missing(cell)) for cell in cells)


def complete(cells: Sequence[Cell], store: Store, pool: Executor) -> Iterator[Cell]:
    """Simulate all that is missing; yields each cell when it has all its studies, in the order given."""
    for cell in cells:
        missing = store.missing(cell)
        _simulate([(cell, missing[begin : begin + CHUNK]) for begin in range(0, len(missing), CHUNK)], store, pool)
        yield cell


def _simulate(chunks: Sequence[tuple[Cell, list[int]]], store: Store, pool: Executor) -> None:
    """Each chunk is stored as soon as it is finished."""
    running = {pool.submit(simulate_chunk, *chunk): chunk for chunk in chunks}
    try:
        for done in as_completed(running):
            store.add(*running[done], *done.result())
    finally:
        for future in running:
            future.cancel()
