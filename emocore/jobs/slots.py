"""Chooses a device for a run, and makes an environment in which the run sees only that device."""

import os
from collections.abc import Mapping

from emocore.errors import ConfigError, RunError
from emocore.jobs.packing import Occupancy
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.run.environment import KEPT_VARIABLES
from emocore.run.folder import RunFolder
from emocore.system.devices import Device, ask_for_gpus, count_cores, list_devices
from emocore.system.secrets import load_secrets

Environment = dict[str, str]


def find_slot(run: RunFolder, occupancy: Occupancy) -> tuple[Device, Environment] | None:
    """The device that a queued run may take now, and its process's environment; None if there is no room.

    Raises ConfigError if the run can never start here, RunError if it cannot start for now.
    """
    environment = run.environment
    kept = environment.root if environment else {}
    devices = list_devices(kept.get("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES")))
    allowed = list_allowed(run.config, devices)
    if not allowed:
        if problem := ask_for_gpus().problem:
            raise RunError(f"waits for '{run.config.device}', since no GPU can be seen ({problem})")
        names = ", ".join(device.name for device in devices)
        raise ConfigError(
            f"device '{run.config.device}' is not on this machine any more, or hidden by CUDA_VISIBLE_DEVICES; "
            f"there is {names}"
        )
    try:
        device = choose_device(run, allowed, occupancy)
        return (device, run_environment(device, kept, occupancy.limits.cpu)) if device else None
    except ConfigError as error:  # the limits cannot be read now
        raise RunError(f"waits: {error}") from None


def list_allowed(config: RunConfig, devices: tuple[Device, ...]) -> list[Device]:
    """The devices that a run may take. `auto` never takes the CPU if there is a GPU."""
    gpus = [device for device in devices if device.name != "cpu"]
    needs_gpu = gpus and find_method(config.method).needs_base
    if config.device == "cpu" or (config.device == "auto" and not needs_gpu):
        return [device for device in devices if device.name == "cpu"]
    if config.device in ("auto", "cuda"):
        return gpus
    return [device for device in gpus if device.name == config.device]


def choose_device(run: RunFolder, allowed: list[Device], occupancy: Occupancy) -> Device | None:
    """The device with room that has the fewest runs, the first of several; None to wait, and then runs behind this one
    in the queue wait, too. Raises ConfigError if the limits are damaged."""
    by_runs = sorted(allowed, key=occupancy.count)
    chosen = next((device for device in by_runs if occupancy.has_room(device, run)), None)
    if chosen is None:
        occupancy.reserve(allowed)
    return chosen


def run_environment(device: Device, kept: Mapping[str, str | None], cpu_runs: int) -> Environment:
    """The environment of a run's process; `kept` is its `environment.json`. It contains the secrets, which are written
    nowhere.

    Where up to `cpu_runs` runs share the CPU, each gets an equal share of the cores as its threads, whether the others
    are there or not: sums are rounded differently with other threads, and equal runs should have equal results. Raises
    RunError if the secrets cannot be read now.
    """
    try:
        load_secrets()  # a key may have been added since this scheduler started
    except ConfigError as error:
        raise RunError(f"waits: {error}") from None
    environment = {name: value for name, value in os.environ.items() if name not in KEPT_VARIABLES or name not in kept}
    environment |= {name: value for name in KEPT_VARIABLES if (value := kept.get(name)) is not None}
    environment["CUDA_VISIBLE_DEVICES"] = device.selector
    environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
    environment["TOKENIZERS_PARALLELISM"] = "false"
    if device.name == "cpu" and cpu_runs > 1:
        share, wished = max(1, count_cores() // cpu_runs), environment.get("OMP_NUM_THREADS", "")
        environment["OMP_NUM_THREADS"] = str(min(share, int(wished)) if wished.isdecimal() and int(wished) else share)
    return environment
