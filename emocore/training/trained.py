"""What the training of a method hands over."""

from typing import NamedTuple

from emocore.run.result import Cost


class Trained(NamedTuple):
    """`cost` is without the adapter's size and latency, which are measured later; `epochs` may be a fraction."""

    cost: Cost
    steps: int
    epochs: float
