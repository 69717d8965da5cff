"""What this machine can compute on, found without importing torch.

Covered: NVIDIA GPUs through `nvidia-smi`, and the CPU with its bf16 instructions on Linux.
Not covered: other accelerators; they count as absent.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BF16_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"}


@dataclass(frozen=True)
class Device:
    """One slot that can train one run at a time: `name` is "cpu" or "cuda:N"."""

    name: str
    title: str
    bf16: bool


@cache
def list_devices() -> tuple[Device, ...]:
    """The GPUs that this process may use, then the CPU."""
    return (*_visible_gpus(), _cpu())


def default_device() -> Device:
    """The device that `device="auto"` takes: the first GPU, otherwise the CPU."""
    return list_devices()[0]


def _cpu() -> Device:
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.is_file() else set()
    bf16 = bool(flags & BF16_CPU_FLAGS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Device("cpu", f"CPU, {cores} cores" + (", bf16" if bf16 else ""), bf16)


def _visible_gpus() -> list[Device]:
    """In the order of `nvidia-smi`, which a run's process is told to use too (CUDA_DEVICE_ORDER)."""
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", "--query-gpu=index,uuid,name,compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):  # a driver without a card
        return []
    rows = [[part.strip() for part in line.split(",")] for line in answer.stdout.splitlines() if line]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    allowed = None if visible is None else {part.strip() for part in visible.split(",") if part.strip()}
    return [
        Device(f"cuda:{index}", title, bf16=capability[:1].isdigit() and float(capability) >= 8.0)
        for index, uuid, title, capability in rows
        if allowed is None or index in allowed or uuid in allowed
    ]
