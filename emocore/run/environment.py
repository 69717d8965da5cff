"""The environment variables that a run keeps from its launch until its process starts.

They hold no secrets: keys are read when the process starts, from the scheduler's environment and the secrets file. From
a run that another installation launched, only variables for devices and threads are taken over, because the others name
folders and servers.
"""

import os

from pydantic import ConfigDict, RootModel

DEVICE_VARIABLES = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
KEPT_VARIABLES = (
    *DEVICE_VARIABLES,
    "EMOCORE_CACHE",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_ENDPOINT",
    "WANDB_BASE_URL",
)


class KeptEnvironment(RootModel[dict[str, str | None]]):
    """`environment.json`: KEPT_VARIABLES by name, None for a variable that was not set."""

    model_config = ConfigDict(strict=True, frozen=True)


def environment_to_keep() -> KeptEnvironment:
    """The environment of a run that is launched now, without addresses that contain a user name or password."""
    values = {name: os.environ.get(name) for name in KEPT_VARIABLES}
    return KeptEnvironment({name: value for name, value in values.items() if "@" not in (value or "")})


def adopt_environment(stored: KeptEnvironment) -> KeptEnvironment:
    """The environment of a run of another installation that is queued here: valid device and thread variables from
    `stored`, all others from the current environment."""
    theirs = {name: stored.root[name] for name in DEVICE_VARIABLES if name in stored.root}
    possible = {name: value for name, value in theirs.items() if value is None or value.isprintable()}
    return KeptEnvironment(environment_to_keep().root | possible)
