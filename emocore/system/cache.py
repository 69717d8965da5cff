"""Files of a cache: which of them were used, and how long they stay. A process that has one open keeps it."""

import os
from pathlib import Path


def note_use(path: Path) -> None:
    """Make a file the one that was used last."""
    try:
        os.utime(path)
    except OSError:  # removed meanwhile, in a folder that cannot be written, or in memory only
        return


def remove_oldest(folder: Path, pattern: str, most_bytes: int) -> None:
    """Remove the files below `folder` that match the pattern and were not used for longest, until the others have at
    most `most_bytes`."""
    found = []
    for path in folder.glob(pattern):
        try:
            state = path.stat()
        except OSError:  # another process has removed it
            continue
        found.append((state.st_mtime_ns, state.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size
