"""The part of the environment that a run keeps from its launch until its process starts, maybe by another's scheduler.

No secret is among it: keys are taken when the process starts, from the scheduler's environment and the secrets file.
Of a run that was launched by another installation only what concerns this machine's devices is taken over: the rest
names folders and servers.
"""

import os
from collections.abc import Mapping
from typing import Any

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


def environment_to_keep() -> dict[str, str | None]:
    """`environment.json` of a run that is launched now; None for what is not set. An address with a name and a
    password in it is not kept."""
    values = {name: os.environ.get(name) for name in KEPT_VARIABLES}
    return {name: value for name, value in values.items() if "@" not in (value or "")}


def adopt_environment(stored: Mapping[str, Any]) -> dict[str, str | None]:
    """`environment.json` of a run of another installation that is queued here: devices and threads as it has `stored`
    them, as far as they can be, and all else as it is here now."""
    theirs = {name: stored[name] for name in DEVICE_VARIABLES if name in stored and _is_value(stored[name])}
    return environment_to_keep() | theirs


def _is_value(value: Any) -> bool:
    """Whether a process could have it in its environment."""
    return value is None or (isinstance(value, str) and value.isprintable())
