"""`metrics.jsonl`: the run's metrics, one JSON object per line, safe against a kill at any moment.

Every row has `step`, `total_steps`, `epoch` (a fraction) and `seconds` since the training started; the other keys are
metrics such as `train/loss` and `validation/f1_macro`. Reading returns such rows or raises a RunError, whatever the
file contains.
"""

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from emocore.errors import RunError
from emocore.system.faults import reach
from emocore.system.files import check_contained, open_regular, write_atomically

COUNTS, TIMES = ("step", "total_steps"), ("epoch", "seconds")
MOST_COUNTED = 2**53  # above it a float, and so a chart, cannot represent every integer
MOST_BYTES = 8 * 10**6  # a thousand epochs take less than 1 MB; small enough to be read often


class MetricsFile:
    """Appends rows; each is on disk when `append` returns."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file

    @classmethod
    def begin(cls, path: Path) -> "MetricsFile":
        """Open the file for appending, after removing an incomplete last line.

        Raises RunError as `read_metrics` does, since nothing may be written outside the run's folder.
        """
        complete_bytes = sum(len(line) + 1 for line in _read_lines(path))
        if path.exists():
            os.truncate(path, complete_bytes)
        return cls(path, path.open("a", encoding="utf-8"))

    def append(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        reach("metrics.written")
        os.fsync(self._file.fileno())
        reach("metrics.row")

    def read(self) -> list[dict[str, Any]]:
        """All rows, as `read_metrics` reads them."""
        return read_metrics(self._path)

    def keep_steps(self, done_steps: int) -> list[dict[str, Any]]:
        """Drop the rows of all later steps; returns the remaining rows."""
        rows = [row for row in self.read() if row["step"] <= done_steps]
        self._file.close()
        write_atomically(self._path, "".join(json.dumps(row) + "\n" for row in rows))
        self._file = self._path.open("a", encoding="utf-8")
        return rows

    def close(self) -> None:
        with contextlib.suppress(OSError):  # for a row that `append` could not write and has reported
            self._file.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All complete rows; incomplete lines (the process was killed while writing) and invalid rows are skipped.

    Raises RunError if the file cannot be read or has more than MOST_BYTES.
    """
    return list(_parse_rows(_read_lines(path)))


def read_last_metrics(path: Path, key: str = "step") -> dict[str, Any] | None:
    """The last complete row that has `key`, however far back. Raises RunError as `read_metrics` does."""
    quoted = json.dumps(key).encode()  # so that most lines without the key need not be parsed
    rows = _parse_rows(line for line in reversed(_read_lines(path)) if quoted in line)
    return next((row for row in rows if key in row), None)


def _read_lines(path: Path) -> list[bytes]:
    """The complete lines, without line ends."""
    try:
        check_contained(path, path.parent)
        with open_regular(path, MOST_BYTES) as file:
            return file.read(MOST_BYTES).split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            f"run {path.parent.name}: {path.name} cannot be read ({error.strerror}), so its curves are not known"
        ) from None


def _parse_rows(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            continue
        if _is_row(row):
            yield row


def _is_row(content: Any) -> bool:
    """Whether it has the fixed keys and only numbers; only metrics may be infinite or NaN."""
    if not isinstance(content, dict) or not content.keys() >= {*COUNTS, *TIMES}:
        return False
    return (
        all(type(content[key]) is int and 0 <= content[key] <= MOST_COUNTED for key in COUNTS)
        and all(_is_float(content[key]) and math.isfinite(content[key]) for key in TIMES)
        and all(_is_float(value) for key, value in content.items() if "/" in key)
    )


def _is_float(value: Any) -> bool:
    """Whether the value is a number that a float can hold."""
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= sys.float_info.max)
