"""What is searched for a method: how far from its own default each of its settings may go.

Covered: the learning rates, the epochs and the setting that says how large an adapter is, or how strongly TF-IDF is
regularised. Ranges are relative to the defaults, since these differ by a factor of ten between methods. Not covered:
the parameters of a method peft:TYPE, whose defaults were not chosen here.
"""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from emocore.errors import ConfigError
from emocore.models.methods.catalogue import find_method
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.settings import bounds

# A value may be this many times the default, or so much smaller.
RATE_FACTORS: Mapping[str, float] = {"learning_rate": 10, "head_learning_rate": 10, "inverse_regularization": 100}
EPOCHS_FACTOR = 2
SIZES = ("lora_rank", "oft_block_size", "fourier_coefficients")
SIZE_FACTORS = (0.25, 0.5, 1, 2, 4)

Space = Mapping[str, BaseDistribution]


def find_space(config: RunConfig) -> tuple[Space, dict[str, Any]]:
    """The distribution of each searched setting, and its default, which is in it.

    `config` names method and base; a method setting that it gives is fixed and not searched. Raises ConfigError if
    nothing is left to search, and as `resolve`.
    """
    method, complete = find_method(config.method), resolve(config)[0]
    fixed = {name for name in method.settings if getattr(config, name) is not None}
    fixed |= {"epochs"} if config.max_steps else set()
    space: dict[str, BaseDistribution] = {}
    for name in (*RATE_FACTORS, "epochs", *SIZES):
        default = getattr(complete, name)
        if name in method.settings and name not in fixed and default is not None:
            space[name] = _surround(name, default)
    if not space:
        raise ConfigError(
            f"nothing is left to search for {method.title}: its settings are given; leave one of them out",
            field="method_settings",
        )
    return space, {name: getattr(complete, name) for name in space}


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """A value for each searched setting. Those that the trial has already stay as they are, so a trial whose process
    was killed in the middle of this is completed."""
    values: dict[str, Any] = {}
    for name, distribution in space.items():
        if isinstance(distribution, FloatDistribution):
            values[name] = trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
        elif isinstance(distribution, IntDistribution):
            values[name] = trial.suggest_int(name, distribution.low, distribution.high)
        elif isinstance(distribution, CategoricalDistribution):
            values[name] = trial.suggest_categorical(name, distribution.choices)
    return values


def _surround(name: str, default: Any) -> BaseDistribution:
    limits = bounds(name)
    low, high = limits.get("ge", 0), limits["le"]
    if name in SIZES:
        sizes = [round(factor * default) for factor in SIZE_FACTORS]
        return CategoricalDistribution(sorted({size for size in sizes if low <= size <= high}))
    if name == "epochs":
        return IntDistribution(max(int(low), default // EPOCHS_FACTOR), min(int(high), EPOCHS_FACTOR * default))
    factor = RATE_FACTORS[name]
    return FloatDistribution(default / factor, min(high, factor * default), log=True)
