"""Chooses a device for a run, and makes an environment in which the run sees only that device."""

import os
from collections.abc import Mapping

from emocore.errors import ConfigError, RunError
from emocore.models.methods import find_method
from emocore.run.config import RunConfig
from emocore.run.environment import KEPT_VARIABLES
from emocore.run.folder import RunFolder
from emocore.system.devices import Device, ask_for_gpus, list_devices
from emocore.system.secrets import load_secrets

Environment = dict[str, str]


def find_slot(run: RunFolder, busy: set[str | None]) -> tuple[Device, Environment] | None:
    """The free device that a queued run may take now, and its process's environment; None if all are taken.

    Raises ConfigError if the run can never start here, RunError if it cannot start for now.
    """
    environment = run.environment
    kept = environment.root if environment else {}
    devices = list_devices(kept.get("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES")))
    if choose_slot(run.config, devices, busy=set()) is None:
        if problem := ask_for_gpus().problem:
            raise RunError(f"waits for '{run.config.device}', since no GPU can be seen ({problem})")
        names = ", ".join(device.name for device in devices)
        raise ConfigError(
            f"device '{run.config.device}' is not on this machine any more, or hidden by CUDA_VISIBLE_DEVICES; "
            f"there is {names}"
        )
    device = choose_slot(run.config, devices, busy)
    return (device, run_environment(device, kept)) if device else None


def choose_slot(config: RunConfig, devices: tuple[Device, ...], busy: set[str | None]) -> Device | None:
    """The free device that this run may take now; None to wait. `auto` never takes the CPU if there is a GPU."""
    gpus = [device for device in devices if device.name != "cpu"]
    needs_gpu = gpus and find_method(config.method).needs_base
    if config.device == "cpu" or (config.device == "auto" and not needs_gpu):
        allowed = [device for device in devices if device.name == "cpu"]
    elif config.device in ("auto", "cuda"):
        allowed = gpus
    else:
        allowed = [device for device in gpus if device.name == config.device]
    return next((device for device in allowed if device.name not in busy), None)


def run_environment(device: Device, kept: Mapping[str, str | None]) -> Environment:
    """The environment of a run's process; `kept` is its `environment.json`. It contains the secrets, which are written
    nowhere. Raises RunError if they cannot be read now."""
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
    return environment
