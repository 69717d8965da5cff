"""Bootstrap over texts: the scores that several runs would have on other texts of the same kind.

All runs are scored on the same resampled texts, so differences between them are paired. Where texts belong together in
groups, whole groups are drawn (the cluster bootstrap, Davison and Hinkley 1997, section 3.8), since texts of one author
are alike and tell less than as many texts of different authors; a resample then has only about as many texts. There is
no loop over resamples: scores follow from counts, and one matrix product gives the counts of many resamples (how often
each text or group was drawn, times what it adds to each count).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emocore.evaluation.predictions import Predictions

RESAMPLES = 10_000
# They show only how much of the variance between halves is text noise, not the tails of a distribution.
RESAMPLES_OF_HALVES = 1_000
CHUNK = 500
SEED = 2018


@dataclass(frozen=True)
class Scores:
    """F1 by emotion as (..., runs, labels), and the other metrics as (..., runs) by name in METRICS.

    Leading axes, if any, are resamples. `halves` are the scores of the predictions' halves, if they have any.
    """

    emotions: np.ndarray
    metrics: dict[str, np.ndarray]
    halves: "Scores | None" = None


def average_runs(scores: np.ndarray, repetitions: Sequence[Sequence[int]], axis: int = 0) -> np.ndarray:
    """The mean of each repetition over its runs, which are on this axis: (runs, ...) -> (repetitions, ...)."""
    return np.stack([np.take(scores, places, axis).mean(axis) for places in repetitions], axis)


@dataclass(frozen=True)
class _Counts:
    """Sums over texts: hits and predicted (..., runs, labels), support (..., labels), the sums of Jaccard and of exact
    matches (..., runs), and the number of texts (..., 1)."""

    hits: np.ndarray
    predicted: np.ndarray
    support: np.ndarray
    jaccard: np.ndarray
    exact: np.ndarray
    texts: np.ndarray


def score(predictions: Predictions) -> Scores:
    """The scores on the original texts."""
    seen = _score(_split(_columns(predictions).sum(axis=0), predictions))
    return replace(seen, halves=score(predictions.halves)) if predictions.halves else seen


def resample(predictions: Predictions, resamples: int = RESAMPLES, seed: int = SEED) -> Scores:
    """The scores on `resamples` draws of equally many texts, or groups of texts, with replacement, as float32."""
    random = np.random.default_rng(seed)
    # Counts below 2**24 stay exact.
    columns, units = predictions.sum_units(_columns(predictions)).astype(np.float32), predictions.units
    parts = []
    for begin in range(0, resamples, CHUNK):
        rows = min(CHUNK, resamples - begin)
        draws = random.integers(0, units, size=(rows, units), dtype=np.int32)
        draws += np.arange(rows, dtype=np.int32)[:, None] * units
        times = np.bincount(draws.ravel(), minlength=rows * units).reshape(rows, units).astype(np.float32)
        parts.append(_score(_split(times @ columns, predictions)))
    names = parts[0].metrics
    halves = predictions.halves
    return Scores(
        np.concatenate([part.emotions for part in parts]),
        {name: np.concatenate([part.metrics[name] for part in parts]) for name in names},
        halves=resample(halves, min(resamples, RESAMPLES_OF_HALVES), seed) if halves else None,
    )


def _columns(predictions: Predictions) -> np.ndarray:
    """(texts, counts): what each text adds to each count."""
    truth, predicted = predictions.truth, predictions.predicted
    hits = predicted & truth
    shared, either = hits.sum(axis=2), (predicted | truth).sum(axis=2)
    jaccard = np.divide(shared, either, out=np.ones(shared.shape), where=either > 0)
    exact = (predicted == truth).all(axis=2)
    texts = len(truth)
    flat = [np.moveaxis(values, 0, 1).reshape(texts, -1) for values in (hits, predicted)]
    return np.concatenate([*flat, truth, jaccard.T, exact.T, np.ones((texts, 1))], axis=1, dtype=float)


def _split(sums: np.ndarray, predictions: Predictions) -> _Counts:
    """Sums over texts (..., counts) -> counts by name; the inverse of `_columns`."""
    runs, _, labels = predictions.predicted.shape
    ends = np.cumsum([runs * labels, runs * labels, labels, runs, runs])
    hits, predicted, support, jaccard, exact, texts = np.split(sums, ends, axis=-1)
    shape = (*sums.shape[:-1], runs, labels)
    return _Counts(hits.reshape(shape), predicted.reshape(shape), support, jaccard, exact, texts)


def _score(counts: _Counts) -> Scores:
    """The definitions of emocore.metrics, on counts."""
    support = counts.support[..., None, :]
    f1 = _f1(counts.hits, counts.predicted, np.broadcast_to(support, counts.hits.shape))
    hits, predicted, true = counts.hits.sum(-1), counts.predicted.sum(-1), support.sum(-1)
    true = np.broadcast_to(true, hits.shape)
    cells = counts.texts * f1.shape[-1]
    right = cells - (predicted + true - 2 * hits)
    weights = support / np.maximum(support.sum(-1, keepdims=True), 1)
    absent = _f1(cells - predicted - true + hits, cells - predicted, cells - true)
    return Scores(
        f1,
        {
            "f1_macro": f1.mean(-1),
            "f1_micro": _f1(hits, predicted, true),
            "f1_weighted": (f1 * weights).sum(-1),
            "jaccard": counts.jaccard / counts.texts,
            "exact_match": counts.exact / counts.texts,
            "flattened_f1_macro": (_f1(hits, predicted, true) + absent) / 2,
            "flattened_f1_micro": right / cells,
        },
    )


def _f1(hits: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """2 hits / (predicted + true); 0 if nothing is predicted or true."""
    total = predicted + true
    return np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
