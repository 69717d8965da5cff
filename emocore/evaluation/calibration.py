"""Measures how well probabilities are calibrated, and computes precision and recall at every threshold.

Covered: each emotion as a binary label, over all label cells (a text and an emotion) of a series or over those of one
emotion. Not covered: recalibration; no probability is changed here.
"""

import numpy as np
import pandas as pd

from emocore.evaluation.intervals import wilson_interval
from emocore.evaluation.predictions import Predictions

BINS = 10
# k / 100 equals scikit-learn's recall k / 100 exactly as a float, which linspace does not guarantee.
RECALL_GRID = np.arange(101) / 100
PRECISION_RECALL_COLUMNS = ("series", "method", "emotion", "recall", "precision", "average_precision", "no_skill")


def reliability_table(predictions: Predictions, emotion: str | None = None) -> pd.DataFrame:
    """The share of true labels among cells with similar probability, for one emotion or for all.

    One row per series and non-empty bin of equal width: series, method, bin_low, bin_high, confidence (mean
    probability), observed (share that is true), low, high (95 % interval of observed), count (cells per run, mean over
    seeds). Seeds are pooled, but since they share their texts, the interval counts the cells of one run, or with
    groups of texts as many independent ones as tell as much. A probability on the edge of two bins belongs to the lower
    one, as in scikit-learn's calibration_curve.

    Raises ValueError for an emotion that the runs do not have.
    """
    probabilities, truth = _cells(predictions, emotion)
    sums = _sum_bins(probabilities, truth)
    edges = np.linspace(0, 1, BINS + 1)
    tables = []
    for name, places in predictions.members.items():
        count, probability, positives, _ = sums[:, places].sum(axis=1)
        used = np.flatnonzero(count)
        observed, cells = positives[used] / count[used], count[used] / len(places)
        told = cells
        if predictions.groups is not None:
            groups = np.repeat(predictions.groups, len(truth) // len(predictions.truth))
            effective = np.mean([_effective_cells(probabilities[place], truth, groups) for place in places], axis=0)
            told = np.minimum(cells, effective[used])
        low, high = wilson_interval(observed, told)
        table = {
            "series": name,
            "method": predictions.method_of[name],
            "bin_low": edges[used],
            "bin_high": edges[used + 1],
            "confidence": probability[used] / count[used],
            "observed": observed,
            "low": low,
            "high": high,
            "count": cells,
        }
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def calibration_table(predictions: Predictions, emotion: str | None = None) -> pd.DataFrame:
    """One row per series: series, method, ece, ece_floor, brier; means over seeds, for one emotion's cells or for all.

    `ece` is the expected calibration error (Naeini et al. 2015) over BINS bins of equal width: the sum over bins of
    count / total * |confidence - observed|. Confidence is the probability of the emotion, even below 0.5, and not that
    of the more likely class as in multi-class calibration. `brier` (Brier 1950) is the mean squared difference between
    the probability and the truth, 0 or 1. Both are 0 at best. `ece_floor` is the `ece` to be expected of as many cells
    with the same probabilities if these are right: in each bin, the mean distance of a sum of Bernoulli variables from
    its expectation, by the normal approximation.

    Raises ValueError for an emotion that the runs do not have.
    """
    probabilities, truth = _cells(predictions, emotion)
    count, probability, positives, variance = _sum_bins(probabilities, truth)
    # A bin's count cancels out: count / total * |probability / count - positives / count|.
    ece = np.abs(probability - positives).sum(axis=1) / count.sum(axis=1)
    floor = np.sqrt(2 * variance / np.pi).sum(axis=1) / count.sum(axis=1)
    brier = ((probabilities - truth) ** 2).mean(axis=1)
    rows = [
        {
            "series": name,
            "method": predictions.method_of[name],
            "ece": ece[places].mean(),
            "ece_floor": floor[places].mean(),
            "brier": brier[places].mean(),
        }
        for name, places in predictions.members.items()
    ]
    return pd.DataFrame(rows)


def precision_recall_table(predictions: Predictions, emotion: str) -> pd.DataFrame:
    """The precision-recall curve of each series for one emotion: PRECISION_RECALL_COLUMNS.

    One row per series and recall of RECALL_GRID, rising; precision is the mean over seeds at that recall. The curve of
    a seed is scikit-learn's as a step function whose area is the average precision: at a recall it has the precision of
    the highest threshold that reaches it. It is flat near recall 0, where scikit-learn defines a precision of 1 without
    a prediction. `average_precision` is the mean over seeds; `no_skill` is the share of the texts with the emotion,
    which is the precision of a random predictor.

    Empty if no text has the emotion. Raises ValueError for an emotion that the runs do not have.
    """
    from sklearn import metrics

    column = predictions.labels.index(emotion)
    truth = predictions.truth[:, column]
    if not truth.any():
        return pd.DataFrame(columns=PRECISION_RECALL_COLUMNS)
    scores = predictions.probabilities[:, :, column]
    tables = []
    for name, places in predictions.members.items():
        table = {
            "series": name,
            "method": predictions.method_of[name],
            "emotion": emotion,
            "recall": RECALL_GRID,
            "precision": np.mean([_precision_at_recalls(truth, scores[place]) for place in places], axis=0),
            "average_precision": np.mean([metrics.average_precision_score(truth, scores[place]) for place in places]),
            "no_skill": truth.mean(),
        }
        tables.append(pd.DataFrame(table, columns=PRECISION_RECALL_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def _cells(predictions: Predictions, emotion: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (runs, cells) and truth (cells,) for one emotion or for all."""
    columns = slice(None) if emotion is None else predictions.labels.index(emotion)
    probabilities = predictions.probabilities[..., columns].reshape(len(predictions.runs), -1)
    return probabilities, predictions.truth[:, columns].ravel()


def _sum_bins(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(4, runs, BINS): the number of cells in a bin, the sum of their probabilities, the number of true ones, and the
    variance of that number if the probabilities are right."""
    runs = len(probabilities)
    places = _find_bins(probabilities) + BINS * np.arange(runs)[:, None]
    chances = probabilities.ravel()
    weights = (np.ones(chances.size), chances, np.tile(truth, runs), chances * (1 - chances))
    sums = [np.bincount(places.ravel(), weights=weight, minlength=runs * BINS) for weight in weights]
    return np.stack(sums).reshape(4, runs, BINS)


def _find_bins(probabilities: np.ndarray) -> np.ndarray:
    """The number of each probability's bin, of the same shape."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], probabilities)


def _effective_cells(probabilities: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(BINS,) how many independent cells tell as much of the share of true ones as the cells of one run in each bin.

    All are (cells,). It is share (1 - share) / variance, with the variance of a ratio of sums over whole groups (Kish
    1965); where that is 0, every group counts once.
    """
    units = int(groups.max()) + 1
    places = _find_bins(probabilities) * units + groups
    count, positives = (
        np.bincount(places, weights=weight, minlength=BINS * units).reshape(BINS, units) for weight in (None, truth)
    )
    total = np.maximum(count.sum(axis=1), 1)
    share = positives.sum(axis=1) / total
    apart = positives - share[:, None] * count
    variance = (apart**2).sum(axis=1) / total**2
    there = (count > 0).sum(axis=1).astype(float)
    return np.divide(share * (1 - share), variance, out=there, where=variance > 0)


def _precision_at_recalls(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(101,) precision on RECALL_GRID of one run; truth bool and scores float, both (texts,)."""
    from sklearn import metrics

    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    # Recall now rises; for equal recalls the highest threshold comes first. The start is scikit-learn's extra point.
    rising, steps = recall[::-1][1:], precision[::-1][1:]
    first = np.searchsorted(rising, np.maximum(RECALL_GRID, rising[rising > 0][0]))
    return np.asarray(steps[first])
