"""What every engine gives back. An engine is a module of this package with

    train(run, config, splits, tracker, device, precision) -> Trained

which saves a complete adapter folder to `run.adapter`.
"""

from dataclasses import dataclass

from emocore.training.cost import TrainingCost


@dataclass(frozen=True)
class Trained:
    """`base_revision` is the Hub commit of the base, None for a base without one."""

    cost: TrainingCost
    base_revision: str | None
