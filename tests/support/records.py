"""The records of a run as they lie on disk, for tests that write what Emocore would not, or look at what it wrote."""

import json
from typing import Any

from emocore.run.folder import RunFolder


def read_raw(run: RunFolder, name: str) -> dict[str, Any]:
    return json.loads((run.path / name).read_text(encoding="utf-8"))


def write_raw(run: RunFolder, name: str, content: object) -> None:
    (run.path / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def edit(run: RunFolder, name: str, **changes: object) -> None:
    write_raw(run, name, read_raw(run, name) | changes)
