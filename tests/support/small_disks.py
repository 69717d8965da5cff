"""Real disks of a few megabytes, to fill up and to make read-only."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

FILLER = "filler"


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[Path]:
    """A separate file system, mounted at `folder`. Skips the test if mounting is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={round(megabytes * 1024)}k"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:  # lazily, should a process still have a file open
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with (disk / FILLER).open("ab", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def free(disk: Path) -> None:
    (disk / FILLER).unlink(missing_ok=True)


@contextlib.contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Within this context nothing on the disk can be changed, not even by root."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
