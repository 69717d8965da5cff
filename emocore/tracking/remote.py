"""Reads a run from the W&B server by `wandb.Api`, and compares it with the local file.

Rows are matched by `train/global_step`. A resumed run logs some steps again, and a training row and a validation row
may share a step; the later value wins.
"""

import math
import time
from collections.abc import Iterable
from typing import Any

from emocore.tracking.client import open_api

STEP_KEY = "train/global_step"
RUNNING_STATES = ("running", "pending")
NUMBER_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as W&B writes them in JSON
LARGEST_INTEGER = 2**63

Row = dict[str, Any]


def has_ended(remote: Any) -> bool:
    """Whether W&B knew of the run's end at the last `load`."""
    return remote.state not in RUNNING_STATES


def holds_everything(base_url: str, path: str, last_step: int, local: list[Row], seconds: float) -> bool:
    """Whether the server has the run's end, W&B's own steps up to `last_step`, and all rows of `local`.

    The server may need a moment to register the end, so it is asked repeatedly for `seconds`.
    """
    deadline = time.monotonic() + seconds
    found = open_api(base_url, seconds).run(path)
    while not has_ended(found) or found.lastHistoryStep < last_step:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
        found.load(force=True)
    return not (local and find_missing(local, fetch_rows(found)))


def fetch_rows(remote: Any, min_step: int = 0) -> list[Row]:
    """The history from W&B's own step `min_step` on, in the order of logging. Values that are not numbers are left out,
    because Emocore logs only numbers."""
    return [read_numbers(row) for row in remote.scan_history(min_step=min_step)]


def read_numbers(row: Row) -> Row:
    """The values of a row that are numbers which a float can hold."""
    values = {key: NUMBER_WORDS.get(value) if isinstance(value, str) else value for key, value in row.items()}
    return {
        key: value
        for key, value in values.items()
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < LARGEST_INTEGER)
    }


def merge_rows(rows: Iterable[Row]) -> dict[int, Row]:
    """One row per step, without W&B's own keys; later values replace earlier ones."""
    merged: dict[int, Row] = {}
    for row in rows:
        step = row.get(STEP_KEY, row.get("step"))
        if step is not None:
            values = {key: value for key, value in row.items() if not key.startswith("_") and key != STEP_KEY}
            merged.setdefault(int(step), {}).update(values)
    return merged


def last_values(rows: Iterable[Row]) -> Row:
    """The latest value of every metric, which W&B itself adds to a run's summary."""
    values: Row = {}
    for step, row in sorted(merge_rows(rows).items()):
        values |= {**row, STEP_KEY: step}
    return values


def find_missing(local: Iterable[Row], remote: Iterable[Row]) -> list[Row]:
    """The rows to log, in the order of steps, so that the server has everything in the local file.

    A row has the values that are missing or differ, and always `step`.
    """
    known = merge_rows(remote)
    missing = []
    for step, row in sorted(merge_rows(local).items()):
        there = known.get(step, {})
        lacking = {key: value for key, value in row.items() if key not in there or not is_same(value, there[key])}
        if lacking:
            missing.append({"step": step, **lacking})
    return missing


def is_same(one: Any, other: Any) -> bool:
    """Whether values are equal, within the precision of JSON on a server."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)
