"""The records of a run on disk, for tests that read them or write what Emocore would not."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emocore.run.folder import RunFolder
from emocore.tracking.metrics_file import MetricsFile


def read_raw(run: RunFolder, name: str) -> dict[str, Any]:
    return json.loads((run.path / name).read_text(encoding="utf-8"))


def write_raw(run: RunFolder, name: str, content: object) -> None:
    (run.path / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def edit(run: RunFolder, name: str, **changes: object) -> None:
    edit_json(run.path / name, **changes)


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Append to a file of metrics, as a run does."""
    with contextlib.closing(MetricsFile.begin(path)) as file:
        for row in rows:
            file.append(row)


def edit_json(file: Path, **changes: object) -> None:
    content = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
