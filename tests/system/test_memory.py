"""Memory that is free again goes back to the system."""

import os
from pathlib import Path

import numpy as np

from emocore.system.memory import release_memory

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def test_what_was_freed_below_a_kept_piece_is_given_back() -> None:
    pieces = [np.ones(8_000) for _ in range(4_000)]  # 64 kB each, which the allocator does not give back by itself
    kept = pieces[-1]
    pieces.clear()
    before = resident_bytes()
    release_memory()
    assert resident_bytes() < before - 200e6
    assert kept.sum() == 8_000


def test_reference_cycles_are_freed() -> None:
    class Holder:
        def __init__(self) -> None:
            self.itself = self
            self.content = np.ones(20_000_000)

    Holder()
    before = resident_bytes()
    release_memory()
    assert resident_bytes() < before - 100e6
