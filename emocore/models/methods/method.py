"""What a method is. Imports neither torch nor transformers: PEFT is loaded when a model is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emocore.models.bases import Base
from emocore.models.families import Pooling, Quantization
from emocore.run.config import RunConfig

if TYPE_CHECKING:
    from peft import PeftConfig

NEURAL_SETTINGS = frozenset({"epochs", "max_steps", "head_learning_rate"})
ADAPTER_SETTINGS = NEURAL_SETTINGS | {"learning_rate", "target_modules"}

NEURAL_BY_POOLING: Mapping[Pooling, Mapping[str, Any]] = {
    "mean": {"epochs": 4, "learning_rate": 1e-3, "head_learning_rate": 1e-2},
    "last": {"epochs": 3, "learning_rate": 5e-4, "head_learning_rate": 1e-3},
    "stock": {"epochs": 4, "learning_rate": 5e-4, "head_learning_rate": 1e-3},
}


@dataclass(frozen=True)
class MethodFamily:
    """Methods that change a base in the same way. `color` (#rrggbb) is theirs on every page and chart, from the
    colour-blind-safe set of Okabe and Ito (2008) as far as that reaches; `summary` is one sentence."""

    name: str
    title: str
    summary: str
    color: str


@dataclass(frozen=True)
class Method:
    """One way to fine-tune.

    `paper` is where it was published, as authors, year and arXiv number or venue. `engine` is the module of
    `emocore.training` that trains it: `train(run, config, splits, tracker, device, precision)` saves a complete adapter
    folder to `run.adapter` and returns a `Trained`. `settings` are the optional settings it reads; `defaults` are their
    values, and `pooling_defaults` those that depend on how the base pools. `adapter_config` makes the PEFT config, to
    which the modules are added that are trained whole, such as the head; None if PEFT is not used. `quantized` says in
    which few bits the base is stored, if it is. `moves_base` says that PEFT changes the base's own weights when it adds
    the adapter, which is then saved as one that does not. `trains_base` says that there is no adapter: the base's own
    weights are trained, in fp32, and saved as a model of Transformers. `allocates_ranks` says that the training moves
    ranks between layers.
    """

    name: str
    title: str
    summary: str
    paper: str
    family: MethodFamily
    engine: str
    settings: frozenset[str]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    pooling_defaults: Mapping[Pooling, Mapping[str, Any]] = field(default_factory=dict)
    adapter_config: "Callable[[RunConfig, Base], PeftConfig] | None" = None
    quantized: Quantization = False
    moves_base: bool = False
    trains_base: bool = False
    allocates_ranks: bool = False
    needs_base: bool = True

    @property
    def color(self) -> str:
        """That of its family."""
        return self.family.color

    def default(self, setting: str, pooling: Pooling) -> Any:
        """The default of an optional setting for a base with this pooling, or None."""
        return self.pooling_defaults.get(pooling, {}).get(setting, self.defaults.get(setting))


def linear_options(config: RunConfig, base: Base) -> dict[str, Any]:
    """PEFT's options of an adapter on `target_modules`, by default all linear layers."""
    return {"task_type": "SEQ_CLS", "target_modules": list(config.target_modules or base.family.lora_targets)}


def change_rate(factor: float) -> Mapping[Pooling, Mapping[str, Any]]:
    """The usual defaults, with the adapter's learning rate times `factor`."""
    return {
        pooling: {**defaults, "learning_rate": factor * defaults["learning_rate"]}
        for pooling, defaults in NEURAL_BY_POOLING.items()
    }
