"""The devices of this machine, listed without importing torch.

Covered: NVIDIA GPUs and their MIG slices through `nvidia-smi` and CUDA_VISIBLE_DEVICES, and the CPU with its bf16
instructions on Linux. Not covered: other accelerators; they count as absent. Indices in CUDA_VISIBLE_DEVICES are
taken in the order of `nvidia-smi`, which runs use too (CUDA_DEVICE_ORDER).
"""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emocore.errors import RunError

BF16_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"}
QUERY_SECONDS, RETRY_SECONDS = 10.0, 60.0
MIB = 2**20  # the unit of `nvidia-smi`


@dataclass(frozen=True)
class Device:
    """Where runs train: `name` is "cpu", "cuda:N" or "cuda:MIG-...".

    `selector` is the CUDA_VISIBLE_DEVICES with which a process sees only this device. `memory_bytes` is a GPU's whole
    memory; None if it is unknown, as that of a slice, and for the CPU.
    """

    name: str
    title: str
    bf16: bool
    selector: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Gpu:
    """A line of `nvidia-smi`."""

    index: str
    uuid: str
    title: str
    compute_capability: float
    memory_bytes: int | None = None


@dataclass(frozen=True)
class GpuAnswer:
    """The answer of `nvidia-smi`, or in `problem` the reason why there is none."""

    gpus: tuple[Gpu, ...]
    problem: str | None = None


_answer = GpuAnswer(())
_asked_at: float | None = None


def ask_for_gpus() -> GpuAnswer:
    """All GPUs of this machine. The answer is cached; after a failure it is asked for again every RETRY_SECONDS."""
    global _answer, _asked_at
    is_stale = _answer.problem is not None and time.monotonic() - (_asked_at or 0.0) > RETRY_SECONDS
    if _asked_at is None or is_stale:
        _answer, _asked_at = _query(), time.monotonic()
    return _answer


def list_devices(visible: str | None) -> tuple[Device, ...]:
    """The GPUs that a process with this CUDA_VISIBLE_DEVICES may use (None if it is not set), then the CPU."""
    return (*select_gpus(ask_for_gpus().gpus, visible), _cpu())


def own_devices() -> tuple[Device, ...]:
    """The devices that this process may use."""
    return list_devices(os.environ.get("CUDA_VISIBLE_DEVICES"))


def default_device() -> Device:
    """The device for `device="auto"`: the first GPU, otherwise the CPU."""
    return own_devices()[0]


def computes_bf16(device: str) -> bool:
    """Whether "cuda" or "cpu" has instructions for bf16. Where it is emulated, fp32 is quicker."""
    if device == "cuda":
        import torch

        return torch.cuda.is_bf16_supported(including_emulation=False)
    return own_devices()[-1].bf16


def select_gpus(gpus: tuple[Gpu, ...], visible: str | None) -> tuple[Device, ...]:
    """CUDA's reading of CUDA_VISIBLE_DEVICES: indices, prefixes of UUIDs that match one GPU, and MIG slices. The first
    other entry ends the list."""
    if visible is None:
        return tuple(_as_device(gpu) for gpu in gpus)
    found: list[Device] = []
    for entry in (part.strip() for part in visible.split(",")):
        if entry.startswith("MIG-") and gpus:
            device = Device(f"cuda:{entry}", "GPU slice (MIG)", bf16=True, selector=entry)  # Ampere or newer
        else:
            matches = [gpu for gpu in gpus if gpu.index == entry or (entry.startswith("GPU-") and entry in gpu.uuid)]
            if len(matches) != 1:
                break
            device = _as_device(matches[0])
        if device not in found:
            found.append(device)
    return tuple(found)


def _as_device(gpu: Gpu) -> Device:
    return Device(f"cuda:{gpu.index}", gpu.title, gpu.compute_capability >= 8.0, gpu.index, gpu.memory_bytes)


def count_cores() -> int:
    """The CPU cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


@cache
def _cpu() -> Device:
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.is_file() else set()
    bf16 = bool(flags & BF16_CPU_FLAGS)
    return Device("cpu", f"CPU, {count_cores()} cores" + (", bf16" if bf16 else ""), bf16)


def _query() -> GpuAnswer:
    if not shutil.which("nvidia-smi"):
        return GpuAnswer(())
    try:
        lines = query_nvidia_smi("--query-gpu=index,uuid,name,compute_cap,memory.total")
        return GpuAnswer(tuple(_read_line(line) for line in lines))
    except RunError as error:
        return GpuAnswer((), str(error))
    except ValueError as error:
        return GpuAnswer((), f"nvidia-smi: {error}")


def query_nvidia_smi(query: str) -> list[str]:
    """The lines of comma-separated values that `nvidia-smi` answers, without units. Raises RunError if it fails."""
    command = ["nvidia-smi", query, "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=QUERY_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        raise RunError(f"nvidia-smi did not answer in {QUERY_SECONDS:.0f} s") from None
    except subprocess.CalledProcessError as error:
        words = (error.stdout + error.stderr).strip().splitlines()
        raise RunError(f"nvidia-smi: {words[0][:200] if words else f'status {error.returncode}'}") from None
    except (OSError, ValueError) as error:
        raise RunError(f"nvidia-smi: {error}") from None
    return [line for line in answer.stdout.splitlines() if line.strip()]


def _read_line(line: str) -> Gpu:
    """Parse a line of `nvidia-smi`. Raises ValueError if it does not describe a GPU."""
    index, uuid, title, capability, memory = (part.strip() for part in line.split(","))
    memory_bytes = int(memory) * MIB if memory.isdecimal() else None  # "[N/A]" where a GPU has none of its own
    return Gpu(index, uuid, title, float(capability) if capability[:1].isdigit() else 0.0, memory_bytes)
