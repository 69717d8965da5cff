"""How much memory of a GPU other programs take now, by `nvidia-smi`.

A process whose number `nvidia-smi` does not tell, as in some containers, counts as another program, so the answer may
be too large and is never too small. Not covered: slices of a GPU (MIG), whose memory counts as unknown.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from emocore.errors import RunError
from emocore.system.devices import MIB, RETRY_SECONDS, Device, query_nvidia_smi

FRESH_SECONDS = 3.0


@dataclass(frozen=True)
class GpuUse:
    """The memory in use on one GPU, and the part of it of each process by its number."""

    used_bytes: int
    by_process: Mapping[int, int]


_uses: Mapping[str, GpuUse] = {}
_good_until = 0.0


def foreign_bytes(device: Device, own: Collection[int]) -> int | None:
    """The memory that all processes but `own` take on a GPU; None if it is unknown.

    An answer is kept for some seconds, since the scheduler asks several times a second, and a failure for longer.
    """
    global _uses, _good_until
    if time.monotonic() > _good_until:
        try:
            _uses, kept_seconds = _ask(), FRESH_SECONDS
        except (RunError, ValueError):
            _uses, kept_seconds = {}, RETRY_SECONDS
        _good_until = time.monotonic() + kept_seconds
    use = _uses.get(device.selector)
    if use is None:
        return None
    return max(0, use.used_bytes - sum(use.by_process.get(process, 0) for process in own))


def _ask() -> dict[str, GpuUse]:
    """The use of each GPU by its index. Raises RunError if `nvidia-smi` fails, ValueError if it is not understood."""
    gpus = [_split(line) for line in query_nvidia_smi("--query-gpu=index,uuid,memory.used")]
    processes = [_split(line) for line in query_nvidia_smi("--query-compute-apps=gpu_uuid,pid,used_memory")]
    return {
        index: GpuUse(
            int(used) * MIB,
            {int(pid): int(own) * MIB for gpu, pid, own in processes if gpu == uuid and own.isdecimal()},
        )
        for index, uuid, used in gpus
        if used.isdecimal()
    }


def _split(line: str) -> tuple[str, str, str]:
    first, second, third = (part.strip() for part in line.split(","))
    return first, second, third
