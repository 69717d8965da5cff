"""Which device a run gets, and the environment that shows it this device alone."""

import os

from emocore.config import RunConfig
from emocore.devices import Device
from emocore.models.methods import find_method
from emocore.secrets import load_secrets


def choose_slot(config: RunConfig, devices: tuple[Device, ...], busy: set[str | None]) -> Device | None:
    """The free device this run may take now; None to wait. auto never falls back to a CPU beside a GPU."""
    gpus = [device for device in devices if device.name != "cpu"]
    needs_gpu = gpus and find_method(config.method).needs_base
    if config.device == "cpu" or (config.device == "auto" and not needs_gpu):
        allowed = [device for device in devices if device.name == "cpu"]
    elif config.device in ("auto", "cuda"):
        allowed = gpus
    else:
        allowed = [device for device in gpus if device.name == config.device]
    return next((device for device in allowed if device.name not in busy), None)


def run_environment(device: Device) -> dict[str, str]:
    """The environment of a run's process. Secrets pass through it and are written nowhere."""
    load_secrets()  # a key may have been added since this scheduler started
    environment = dict(os.environ)
    environment["CUDA_VISIBLE_DEVICES"] = device.name.removeprefix("cuda:") if device.name != "cpu" else ""
    environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
    environment["TOKENIZERS_PARALLELISM"] = "false"
    return environment
