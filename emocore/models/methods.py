"""The catalogue of methods: one entry has everything that is specific to a method.

To add a method, add an entry to `METHODS`; the pages, the command line and the tests read it from here.
Imports neither torch nor transformers: PEFT is loaded by the entry's function when a model is built.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emocore.errors import ConfigError
from emocore.models.bases import Base, Pooling
from emocore.run.config import RunConfig
from emocore.run.settings import use
from emocore.text import strip_markup

if TYPE_CHECKING:
    from peft import PeftConfig

NEURAL_SETTINGS = frozenset({"epochs", "max_steps", "head_learning_rate"})
ADAPTER_SETTINGS = NEURAL_SETTINGS | {"learning_rate", "target_modules"}
LORA_SETTINGS = ADAPTER_SETTINGS | {"lora_rank", "lora_alpha", "lora_dropout"}


@dataclass(frozen=True)
class Method:
    """One way to fine-tune.

    `engine` is the module of `emocore.training` that trains it: `train(run, config, splits, tracker, device,
    precision)` saves a complete adapter folder to `run.adapter` and returns a `Trained`. `settings` are the
    optional settings it reads; `defaults` are their values, and `pooling_defaults` those that depend on how the
    base pools. `adapter_config` makes the PEFT config; None if PEFT is not used. `color` (#rrggbb) is the method's
    colour on every page and chart, from the colour-blind-safe set of Okabe and Ito (2008).
    """

    name: str
    title: str
    summary: str
    color: str
    engine: str
    settings: frozenset[str]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    pooling_defaults: Mapping[Pooling, Mapping[str, Any]] = field(default_factory=dict)
    adapter_config: "Callable[[RunConfig, Base], PeftConfig] | None" = None
    quantized: bool = False
    needs_base: bool = True

    def default(self, setting: str, pooling: Pooling) -> Any:
        """The default of an optional setting for a base with this pooling, or None."""
        return self.pooling_defaults.get(pooling, {}).get(setting, self.defaults.get(setting))


def lora_config(config: RunConfig, base: Base) -> "PeftConfig":
    """LoRA (Hu et al. 2021) on all linear layers, and a fully trained head."""
    from peft import LoraConfig

    return LoraConfig(
        task_type="SEQ_CLS",
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.target_modules or base.family.lora_targets),
        modules_to_save=[base.family.head],
    )


def ia3_config(config: RunConfig, base: Base) -> "PeftConfig":
    """IA3 (Liu et al. 2022): learned vectors rescale keys, values and feed-forward activations."""
    from peft import IA3Config

    targets = list(config.target_modules or base.family.ia3_targets)
    return IA3Config(
        task_type="SEQ_CLS",
        target_modules=targets,
        feedforward_modules=[name for name in targets if name in base.family.ia3_feedforward],
        modules_to_save=[base.family.head],
    )


def head_config(config: RunConfig, base: Base) -> "PeftConfig":
    """No adapter, only the head; it has a PEFT config so that it is saved and loaded like the others."""
    from peft import LoraConfig
    from peft.utils.constants import DUMMY_TARGET_MODULES

    return LoraConfig(task_type="SEQ_CLS", target_modules=DUMMY_TARGET_MODULES, modules_to_save=[base.family.head])


LORA_DEFAULTS = {"lora_rank": 16, "lora_alpha": 32, "lora_dropout": 0.0}
NEURAL_BY_POOLING: Mapping[Pooling, Mapping[str, Any]] = {
    "mean": {"epochs": 4, "learning_rate": 1e-3, "head_learning_rate": 1e-2},
    "last": {"epochs": 3, "learning_rate": 5e-4, "head_learning_rate": 1e-3},
    "stock": {"epochs": 4, "learning_rate": 5e-4, "head_learning_rate": 1e-3},
}


# About ten times LoRA's: IA3 moves far fewer parameters. On SmolLM2 and 1,000 tweets, validation macro-F1 was
# 0.41 with 5e-3, 0.44 with 1e-2 and 0.46 with a quicker head as well.
IA3_BY_POOLING: Mapping[Pooling, Mapping[str, Any]] = {
    "mean": {**NEURAL_BY_POOLING["mean"], "learning_rate": 1e-2},
    "last": {**NEURAL_BY_POOLING["last"], "learning_rate": 1e-2, "head_learning_rate": 4e-3},
    "stock": {**NEURAL_BY_POOLING["stock"], "learning_rate": 1e-2, "head_learning_rate": 4e-3},
}


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="lora",
            title="LoRA",
            summary="Low-rank updates added to every linear layer of the frozen base.",
            color="#0072b2",
            engine="neural",
            settings=LORA_SETTINGS,
            defaults=LORA_DEFAULTS,
            pooling_defaults=NEURAL_BY_POOLING,
            adapter_config=lora_config,
        ),
        Method(
            name="ia3",
            title="IA3",
            summary="Learned vectors that rescale keys, values and feed-forward activations: the smallest adapter.",
            color="#e69f00",
            engine="neural",
            settings=ADAPTER_SETTINGS,
            pooling_defaults=IA3_BY_POOLING,
            adapter_config=ia3_config,
        ),
        Method(
            name="qlora",
            title="QLoRA",
            summary="LoRA over a base stored in 4 bits (NF4, double quantisation): a quarter of the memory.",
            color="#009e73",
            engine="neural",
            settings=LORA_SETTINGS,
            defaults=LORA_DEFAULTS,
            pooling_defaults=NEURAL_BY_POOLING,
            adapter_config=lora_config,
            quantized=True,
        ),
        Method(
            name="head",
            title="Head",
            summary="The base is frozen; only a linear layer on top is trained.",
            color="#cc79a7",
            engine="head",
            settings=NEURAL_SETTINGS,
            pooling_defaults=NEURAL_BY_POOLING,
            adapter_config=head_config,
        ),
        Method(
            name="tfidf",
            title="TF-IDF",
            summary="Word and character counts with logistic regression, one against the rest: the floor to beat.",
            color="#8a8f98",
            engine="tfidf",
            settings=frozenset({"inverse_regularization"}),
            defaults={"inverse_regularization": 1.0},
            needs_base=False,
        ),
    )
}


def reads(method: str, setting: str, has_base: bool = True) -> bool:
    """Whether a method reads a setting. A method that is not in the catalogue may read all; `has_base` says whether it
    has a base."""
    known, what = METHODS.get(method), use(setting)
    if what.role == "method":
        return known is None or setting in known.settings
    if what.role == "training" and what.needs_base:
        return known.needs_base if known else has_base
    return True


def method_title(name: str) -> str:
    """The title of a method, or its name if it is not in the catalogue."""
    return METHODS[name].title if name in METHODS else strip_markup(name)


def find_method(name: str) -> Method:
    """The method `name`. Raises ConfigError that lists the known methods."""
    if name not in METHODS:
        raise ConfigError(f"no method '{name}'; the methods are {', '.join(METHODS)}", field="method")
    return METHODS[name]
