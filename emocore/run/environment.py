"""The part of the environment that a run keeps from its launch until its process starts, maybe by another's scheduler.

No secret is among it: keys are taken when the process starts, from the scheduler's environment and the secrets file.
Of a run that was launched by another installation only what concerns this machine's devices is taken over: the rest
names folders and servers.
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
    """`environment.json`: KEPT_VARIABLES by name, None for what was not set."""

    model_config = ConfigDict(strict=True, frozen=True)


def environment_to_keep() -> KeptEnvironment:
    """That of a run that is launched now. An address with a name and a password in it is not kept."""
    values = {name: os.environ.get(name) for name in KEPT_VARIABLES}
    return KeptEnvironment({name: value for name, value in values.items() if "@" not in (value or "")})


def adopt_environment(stored: KeptEnvironment) -> KeptEnvironment:
    """That of a run of another installation that is queued here: devices and threads as it has `stored` them, as far
    as a process could have them in its environment, and all else as it is here now."""
    theirs = {name: stored.root[name] for name in DEVICE_VARIABLES if name in stored.root}
    possible = {name: value for name, value in theirs.items() if value is None or value.isprintable()}
    return KeptEnvironment(environment_to_keep().root | possible)
