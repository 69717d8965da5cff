"""Whether a run may share a device with the runs that are on it, by the user's limit and the memory that is measured.

A CPU is shared up to the limit, whatever the memory. On a GPU, a run has company only if the peak of each run on it is
known from finished runs of the same kind, and all of them fit next to what other programs take. A run of a new kind
thus has a GPU to itself, and its peak is known afterwards. Not covered: memory that another program takes later, and
slices of a GPU (MIG), which are never shared.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from emocore.errors import RunError
from emocore.jobs.measured import read_measured
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import look_at_runs
from emocore.run.settings import with_role
from emocore.run.state import RunState
from emocore.system.devices import Device
from emocore.system.gpu_memory import foreign_bytes
from emocore.system.limits import DeviceLimits, read_limits

# What a run takes beyond the measured peak, which is that of PyTorch's allocator: its blocks that are not full, batches
# that are longer than those of the measured run, and CUDA's own part. Chosen with care, but not measured.
PEAK_FACTOR = 1.25
PROCESS_BYTES = 1_000_000_000
# Runs that differ only in these settings take the same memory. A setting that is named nowhere here must be the same.
IRRELEVANT = frozenset(
    {
        "seed", "study", "replicate", "epochs", "max_steps", "gradient_accumulation_steps", "learning_rate",
        "head_learning_rate", "weight_decay", "warmup_share", "max_grad_norm", "loss", "positive_weight", "threshold",
        "lora_alpha", "keep", "keep_metric", "patience",
        "precision",  # what the run computed in is compared instead
        *with_role("machine", "logging"),
    }
)  # fmt: skip
SIZES = ("batch_size", "max_length", "lora_rank", "rows")  # more of it takes as much memory or more


class Measured(NamedTuple):
    """What a finished run took on a GPU."""

    config: RunConfig
    precision: str
    peak_bytes: int


class Occupancy:
    """The runs on each device at one moment. `devices` has the device of each run by the run's id; None if unknown."""

    def __init__(self, root: Path, devices: Mapping[str, str | None]) -> None:
        self._root = root
        self._runs: dict[str, list[RunFolder]] = {}
        for run_id, device in devices.items():
            if device:
                self._runs.setdefault(device, []).append(RunFolder(root / run_id))
        self._reserved: set[str] = set()
        self._limits: DeviceLimits | None = None
        self._measured: list[Measured] | None = None

    @property
    def limits(self) -> DeviceLimits:
        """The user's limits, read once. Raises ConfigError if they are damaged."""
        if self._limits is None:
            self._limits = read_limits()
        return self._limits

    def add(self, run: RunFolder, device: Device) -> None:
        """Note that a run has been started."""
        self._runs.setdefault(device.name, []).append(run)

    def count(self, device: Device) -> int:
        return len(self._runs.get(device.name, []))

    def reserve(self, devices: Iterable[Device]) -> None:
        """Keep devices for a run that waits for room on one of them; otherwise smaller runs behind it in the queue
        might fill each gap, and it would wait for ever."""
        self._reserved.update(device.name for device in devices)

    def has_room(self, device: Device, run: RunFolder) -> bool:
        """Whether a queued run may start on the device now. Raises ConfigError if the limits are damaged."""
        others = self._runs.get(device.name, [])
        if device.name in self._reserved or len(others) >= self.limits.of(device.name):
            return False
        if others and any((state := _state_of(each)) and state.needs_device_alone for each in (*others, run)):
            return False
        return not others or device.name == "cpu" or self._fits(device, [*others, run])

    def list_sharing(self) -> list[RunFolder]:
        """The runs that are at work on a device with others."""
        at_work = [
            [run for run in runs if (state := _state_of(run)) and state.status.is_active]
            for runs in self._runs.values()
        ]
        return [run for runs in at_work if len(runs) > 1 for run in runs if not run.had_company]

    def _fits(self, device: Device, runs: Sequence[RunFolder]) -> bool:
        if device.memory_bytes is None:
            return False
        if self._measured is None:
            self._measured = list_measured(self._root)
        peaks = [_known_peak(run, device, self._measured) for run in runs]
        known = [peak for peak in peaks if peak is not None]
        if len(known) < len(peaks) or not fits(device.memory_bytes, 0, known):
            return False
        processes = [state.process.pid for run in runs if (state := _state_of(run)) and state.process]
        foreign = foreign_bytes(device, processes)
        return foreign is not None and fits(device.memory_bytes, foreign, known)


def fits(total_bytes: int, taken_bytes: int, peaks: Iterable[int]) -> bool:
    """Whether runs with these measured peaks fit on a GPU of which other programs have taken a part; in bytes."""
    return taken_bytes + sum(PEAK_FACTOR * peak + PROCESS_BYTES for peak in peaks) <= total_bytes


def find_peak(config: RunConfig, precision: str, measured: Iterable[Measured]) -> int | None:
    """The most bytes that a run with these settings is known to take; None without a finished run of its kind.

    Of several runs with equal sizes, the largest peak counts. Without any, that of a larger run is an upper bound.
    """
    like = [item for item in measured if item.precision == precision and _kind(item.config) == _kind(config)]
    wanted = _sizes(config)
    if equal := [item.peak_bytes for item in like if _sizes(item.config) == wanted]:
        return max(equal)
    larger = [
        item.peak_bytes
        for item in like
        if all(size >= least for size, least in zip(_sizes(item.config), wanted, strict=True))
    ]
    return min(larger, default=None)


def list_measured(root: Path) -> list[Measured]:
    """What the finished runs took on a GPU."""
    return [
        Measured(measured.config, measured.precision, measured.cost.peak_memory_bytes)
        for measured in read_measured(look_at_runs(root).finished)
        if measured.device == "cuda" and measured.cost.peak_memory_bytes
    ]


def _known_peak(run: RunFolder, device: Device, measured: Iterable[Measured]) -> int | None:
    try:
        config = run.config
    except RunError:  # its folder was removed a moment ago
        return None
    precision = config.precision if config.precision != "auto" else "bf16" if device.bf16 else "fp32"
    return find_peak(config, precision, measured)


def _kind(config: RunConfig) -> Mapping[str, object]:
    """The settings that two runs must share for one peak to say something about the other."""
    return config.model_dump(exclude={*IRRELEVANT, *SIZES})


def _sizes(config: RunConfig) -> tuple[float, ...]:
    """A run on half of all rows is smaller than one on all of them."""
    rows = config.rows or math.inf
    return config.batch_size, config.max_length, config.lora_rank or 0, rows, not config.learns_half


def _state_of(run: RunFolder) -> RunState | None:
    try:
        return run.stored_state
    except RunError:  # its folder was removed a moment ago
        return None
