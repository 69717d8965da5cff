"""The part of the environment that a run keeps from its launch until its process starts, maybe by another's scheduler.

No secret is among it: keys are taken when the process starts, from the scheduler's environment and the secrets file.
"""

import os

KEPT_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
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
