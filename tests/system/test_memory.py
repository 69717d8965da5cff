"""Free memory is told, and what is free again goes back to the system."""

import os
from pathlib import Path

import numpy as np
import pytest

from emocore.system import memory
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


def test_free_memory_is_that_of_the_machine_or_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 2000 kB\nMemAvailable:   1000 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert memory.free_bytes() == 1_024_000
    (tmp_path / "memory.current").write_text("300000\n", encoding="ascii")
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert memory.free_bytes() == 1_024_000
    (tmp_path / "memory.max").write_text("500000\n", encoding="ascii")
    assert memory.free_bytes() == 200_000
    meminfo.unlink()
    assert memory.free_bytes() is None
