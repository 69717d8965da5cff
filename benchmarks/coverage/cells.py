"""What all cells of the simulations have in common: a known truth that is simulated some hundred times."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tests.support.simulated import World


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell(ABC):
    """One line of the report: `studies` simulations of a world, each with so many `resamples` of its texts.

    A study depends only on its number and on the other fields than `name` and `studies`, so studies can be added later.
    """

    name: str
    world: World
    studies: int = 1_000
    resamples: int = 500

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """What `simulate` returns, by name."""

    @abstractmethod
    def simulate(self, number: int) -> list[float]:
        """What happened in one study."""
