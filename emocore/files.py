"""Files on disk: replaced in one step, read as JSON, and the cache."""

import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step: a reader or a crash sees the old or the new content, never half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None if it holds anything else, so that the caller can say whose file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def cache_root() -> Path:
    """Where converted bases are kept: EMOCORE_CACHE, otherwise ~/.cache/emocore."""
    root = Path(os.environ.get("EMOCORE_CACHE", "~/.cache/emocore")).expanduser()
    root.mkdir(parents=True, exist_ok=True)
    return root
