"""`metrics.jsonl`: the run's metrics, one JSON object a line, safe against a kill at any moment.

Every row has `step`, `total_steps`, `epoch` (a fraction) and `seconds` since the training began; the
other keys are metrics such as `train/loss` and `validation/f1_macro`.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from emocore.faults import reach
from emocore.files import write_atomically

FIXED_KEYS = ("step", "total_steps", "epoch", "seconds")
TAIL_BYTES = 8192


class MetricsFile:
    """Appends rows; each is on disk when `append` returns. A torn last line is cut off first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.is_file():
            content = path.read_bytes()
            os.truncate(path, content.rfind(b"\n") + 1)
        self._file = path.open("a", encoding="utf-8")

    def append(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        reach("metrics.written")
        os.fsync(self._file.fileno())
        reach("metrics.row")

    def keep_steps(self, done_steps: int) -> list[dict[str, Any]]:
        """Drop the rows of all later steps; returns those that are left."""
        rows = [row for row in read_metrics(self._path) if row["step"] <= done_steps]
        self._file.close()
        write_atomically(self._path, "".join(json.dumps(row) + "\n" for row in rows))
        self._file = self._path.open("a", encoding="utf-8")
        return rows

    def close(self) -> None:
        with contextlib.suppress(OSError):  # of a row that `append` could not write, and has told of
            self._file.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All complete rows; a torn line (the process was killed while writing) or one of another shape is skipped."""
    try:
        return _parse_rows(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return []


def read_last_metrics(path: Path, key: str = "step") -> dict[str, Any] | None:
    """The last complete row that has `key`, read from the file's end as far back as it takes."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            window = TAIL_BYTES
            while True:
                file.seek(max(0, size - window))
                rows = _parse_rows(file.read(window).decode("utf-8", errors="replace"))
                found = next((row for row in reversed(rows) if key in row), None)
                if found or window >= size:
                    return found
                window *= 4
    except FileNotFoundError:
        return None


def _parse_rows(text: str) -> list[dict[str, Any]]:
    rows = []
    for line in text.splitlines(keepends=True):
        if line.endswith("\n") and line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if _is_row(row):
                rows.append(row)
    return rows


def _is_row(content: Any) -> bool:
    """Whether it has the fixed keys, with numbers in them and in all metrics."""
    if not isinstance(content, dict) or not all(key in content for key in FIXED_KEYS):
        return False
    return all(isinstance(value, int | float) for key, value in content.items() if key in FIXED_KEYS or "/" in key)
