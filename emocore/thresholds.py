"""The probability from which an emotion counts as present: one threshold for all emotions, or one per emotion.

Thresholds are tuned on a validation split, never on the texts that are scored with them. Training stores them with the
adapter, and evaluation compares their effect.
"""

import numpy as np

GRID = np.arange(1, 100) / 100
# With fewer positive texts the best threshold of an emotion is mostly chance, so it gets the common one.
FEWEST_POSITIVES = 10


def tune_common(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The one threshold with the highest macro-F1; truth is 0/1 and probabilities float, both (texts, labels)."""
    return _middle_of_best(_f1_on_grid(truth, probabilities).mean(axis=1))


def tune_by_emotion(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(labels,) the threshold with each emotion's highest F1; the common one with fewer than FEWEST_POSITIVES texts."""
    f1 = _f1_on_grid(truth, probabilities)
    common = _middle_of_best(f1.mean(axis=1))
    is_frequent = truth.sum(axis=0) >= FEWEST_POSITIVES
    return np.array(
        [_middle_of_best(f1[:, column]) if is_frequent[column] else common for column in range(f1.shape[1])]
    )


def _middle_of_best(scores: np.ndarray) -> float:
    """The middle one of the grid's thresholds with the best score, so that few texts are close to it."""
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(GRID[best[len(best) // 2]])


def _f1_on_grid(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(thresholds, labels) F1 at every threshold of GRID, by counting each probability once."""
    labels, cells = truth.shape[1], len(GRID) + 1
    passed = np.searchsorted(GRID, probabilities, side="right")  # how many thresholds a probability reaches
    places = (passed + cells * np.arange(labels)).ravel()
    counts = [
        np.bincount(places, weights=weights, minlength=labels * cells).reshape(labels, cells)
        for weights in (None, truth.ravel().astype(float))
    ]
    predicted, hits = (count[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].T for count in counts)
    either = predicted + truth.sum(axis=0)
    return np.divide(2 * hits, either, out=np.zeros(either.shape), where=either > 0)
