"""The machine's memory: how much is free, and how a process gives back what C's allocator otherwise keeps for itself.

Both are for Linux, the second with glibc. Others are left to their own ways, and their free memory counts as unknown.
"""

import ctypes
import gc
from pathlib import Path

MEMINFO, CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def free_bytes() -> int | None:
    """The memory that new processes can take without swapping, in the machine and in the container that this process is
    in; None if the system does not tell."""
    try:
        fields = dict(line.split(":", 1) for line in MEMINFO.read_text(encoding="ascii").splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit, used = ((CGROUP / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        return min(free, max(0, int(limit) - int(used)))
    except (OSError, ValueError):  # no container, or one without a limit, whose file says "max"
        return free


def release_memory() -> None:
    """Free Python's reference cycles, and give back every page that nothing uses: after a model was loaded or freed,
    that is up to the size of the model."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
