"""How much a positive label weighs in the training, by emotion: the numbers behind the setting `positive_weight`.

They are counted in the training rows alone, so that nothing of the held-out texts is learned.
"""

import logging
from collections.abc import Sequence

import numpy as np

from emocore.errors import ConfigError
from emocore.run.positive_weight import read_given
from emocore.text import name_some

# Bounds of a weight that is counted, upwards and, as 1 / HIGHEST, downwards. An emotion of fewer than 1 in 100 texts
# gets this one: beyond it, a step follows whichever of its few texts is in the batch, since gradients are clipped.
HIGHEST = 100.0

logger = logging.getLogger(__name__)


def weigh_positives(setting: str, truth: np.ndarray, labels: Sequence[str]) -> np.ndarray | None:
    """(labels,) float64, the weight of each label's positives where negatives weigh 1; None if all weigh the same.

    `truth` is 0/1, (training texts, labels). "balanced" is negatives / positives, so that both weigh the same in sum,
    and "sqrt" its square root; both are held within 1 / HIGHEST and HIGHEST. An emotion that no or every training text
    has weighs 1: the one has nothing to weigh, and the other nothing to balance. Emotions without a number of their own
    weigh 1, too. The log tells the weights. Raises ConfigError for an emotion that is not among the labels.
    """
    if setting == "none":
        return None
    check_emotions(setting, labels)
    given = read_given(setting)
    weights = np.array([given.get(label, 1.0) for label in labels]) if given else _count_weights(setting, truth)
    logger.info("Positive weights: %s", ", ".join(f"{name} {w:.3g}" for name, w in zip(labels, weights, strict=True)))
    return weights


def check_emotions(setting: str, labels: Sequence[str]) -> None:
    """Raises ConfigError if the setting gives a number to an emotion that is not among the labels."""
    if unknown := [emotion for emotion in read_given(setting) if emotion not in labels]:
        raise ConfigError(
            f"positive_weight: the data has no emotion '{unknown[0]}'; its emotions are {name_some(labels, most=12)}",
            field="positive_weight",
        )


def _count_weights(setting: str, truth: np.ndarray) -> np.ndarray:
    positives = truth.sum(axis=0).astype(np.float64)
    negatives = len(truth) - positives
    has_both = (positives > 0) & (negatives > 0)
    ratio = np.where(has_both, negatives, 1.0) / np.where(has_both, positives, 1.0)
    return (np.sqrt(ratio) if setting == "sqrt" else ratio).clip(1 / HIGHEST, HIGHEST)
