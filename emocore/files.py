"""Files on disk: replaced in one step, and the cache."""

import os
from pathlib import Path


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


def cache_root() -> Path:
    """Where converted bases are kept: EMOCORE_CACHE, otherwise ~/.cache/emocore."""
    root = Path(os.environ.get("EMOCORE_CACHE", "~/.cache/emocore")).expanduser()
    root.mkdir(parents=True, exist_ok=True)
    return root
