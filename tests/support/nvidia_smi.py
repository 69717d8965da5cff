"""A script in place of `nvidia-smi`, for machines without a GPU."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from emocore.system import devices, gpu_memory

MIB = 2**20


def forget_answers(patch: pytest.MonkeyPatch) -> None:
    """Nobody has asked yet."""
    patch.setattr(devices, "_asked_at", None)
    patch.setattr(devices, "_answer", devices.GpuAnswer(()))
    patch.setattr(gpu_memory, "_uses", {})
    patch.setattr(gpu_memory, "_good_until", 0.0)


def install(folder: Path, script: str, patch: pytest.MonkeyPatch) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    if str(folder) not in os.environ["PATH"].split(os.pathsep):
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def install_gpu(
    folder: Path,
    patch: pytest.MonkeyPatch,
    used_bytes: int,
    processes: Mapping[int, int] | None = None,
    total_bytes: int = 24 * 10**9,
) -> None:
    """One GPU of which so much is used; `processes` are those that it names, with their bytes."""
    own = "".join(f"GPU-1, {process}, {size // MIB}\\n" for process, size in (processes or {}).items())
    script = f"""case "$1" in
*compute_cap*) printf '0, GPU-1, A GPU, 8.0, {total_bytes // MIB}\\n';;
*memory.used*) printf '0, GPU-1, {used_bytes // MIB}\\n';;
*compute-apps*) printf '{own}';;
esac"""
    install(folder, script, patch)
    forget_answers(patch)
