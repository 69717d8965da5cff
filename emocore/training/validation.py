"""Scores of the validation split while a run trains, for its curves."""

import numpy as np

from emocore.metrics import score_multilabel, sigmoid
from emocore.thresholds import cross_fit


def score_validation(truth: np.ndarray, logits: np.ndarray, threshold: float | None) -> dict[str, float]:
    """The multi-label averages at the run's threshold, or at cross-fitted ones without one; truth is 0/1 and logits
    float, both (texts, labels)."""
    thresholds = threshold or cross_fit(truth, logits)
    return score_multilabel(truth, (sigmoid(logits) >= thresholds).astype(int))


def mean_cross_entropy(truth: np.ndarray, logits: np.ndarray) -> float:
    """Mean binary cross-entropy over texts and labels, of the same arrays. It is the validation loss of every run,
    whatever loss and weights it trains with, so that runs can be compared by it."""
    return float((np.logaddexp(0, logits.astype(np.float64)) - truth * logits).mean())
