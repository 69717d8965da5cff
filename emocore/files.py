"""Files on disk: replaced in one step, read as JSON, measured, and the cache."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from emocore.faults import reach


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step: a reader or a crash sees the old or the new content, never half.

    Raises OSError, with the old content in place, if there is no space or no right to write.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        reach("file.draft")
        temporary.replace(path)
    except BaseException:  # an interrupt at this moment, too
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    reach("file.replaced")
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut."""
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


def file_version(path: Path) -> tuple[int, int]:
    """Changes whenever the file is replaced."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def folder_bytes(path: Path) -> int:
    """What a folder takes on disk, in whole blocks; files that vanish meanwhile count as nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def cache_root() -> Path:
    """Where converted bases are kept: EMOCORE_CACHE, otherwise ~/.cache/emocore."""
    root = Path(os.environ.get("EMOCORE_CACHE", "~/.cache/emocore")).expanduser()
    root.mkdir(parents=True, exist_ok=True)
    return root
