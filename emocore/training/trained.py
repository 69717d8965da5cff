"""What the training of a method hands over."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from emocore.run.result import Cost, KeptEpoch

CHECKED_TEXTS = 20


class Chosen(NamedTuple):
    """The epoch that was chosen by its validation scores, with the logits that gave them, (texts, labels) float32."""

    kept: KeptEpoch
    validation_logits: np.ndarray


class Trained(NamedTuple):
    """`cost` is without the adapter's size and latency, which are measured later; `epochs` may be a fraction.

    `answer` returns the logits of a held-out split, by its name, from the head on disk and the embeddings that the
    training used; None for a method that reads the texts again. `expected` are the trained model's logits of the first
    validation texts, if the saved adapter is to be checked against them. `chosen` is None if the last epoch was kept.
    """

    cost: Cost
    steps: int
    epochs: float
    answer: Callable[[str], np.ndarray] | None = None
    expected: np.ndarray | None = None
    chosen: Chosen | None = None
