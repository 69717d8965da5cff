"""The probability from which an emotion counts as present: fixed for all emotions, or tuned by emotion.

A threshold that is chosen as the best on some hundred texts follows their chance: the F1 of few texts has many peaks.
So the logits are calibrated first, by a Platt step (Platt 1999) that all emotions share, with penalised deviations of
single emotions. The threshold of an emotion is then the one with the highest F1 that its calibrated probabilities
expect; it is half of that F1 (Lipton, Elkan and Narayanaswamy 2014). An emotion that few texts have thus gets about the
calibration of all emotions. Where next to no text is expected to have the emotion, the texts do not show that F1
either, so it is averaged with that of all emotions.

Thresholds are tuned on a validation split, never on the texts that are scored with them. Training, comparisons and the
Playground use this module alike. The search for label errors takes only the calibrated probabilities from it.
"""

from collections.abc import Iterator

import numpy as np
import scipy
from scipy.special import expit, logit

# What a policy of fixed thresholds uses for runs that were launched to be tuned.
USUAL_THRESHOLD = 0.5
# The penalty on deviations of single emotions. On SemEval-2018 E-c, 5 and 20 score alike; 5 follows better if each
# emotion is miscalibrated in its own way.
PENALTY = 5.0
# As how many expected texts with an emotion the F1 of all emotions counts. Without it, 28 labels of which most are rare
# lost 1 to 5 points of macro-F1 if they were tuned on 200 or 50 texts; with 1 or more, 11 labels lost some.
PRIOR_POSITIVES = 0.5
# With fewer texts, tuned thresholds are rough.
FEWEST_TEXTS = 50
FOLDS = 5
# Log-odds are cut here: further out, rounding makes probabilities 0 or 1.
MOST_LOG_ODDS = 30.0
FLATTEST_SLOPE = 0.01


def tune(truth: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """(labels,) the probability with the highest expected F1 of each emotion; truth is 0/1 and logits float, both
    (texts, labels). Without texts it is USUAL_THRESHOLD."""
    if not len(truth):
        return np.full(truth.shape[1], USUAL_THRESHOLD)
    cut = _cut(logits)
    slopes, offsets = _calibrate(truth, cut)
    probabilities = -np.sort(-expit(slopes * cut + offsets), axis=0)
    predicted = np.arange(1, len(cut) + 1)[:, None]
    positives = probabilities.sum(axis=0)
    best = (2 * probabilities.cumsum(axis=0) / (predicted + positives)).max(axis=0)
    best = (positives * best + PRIOR_POSITIVES * np.average(best, weights=positives)) / (positives + PRIOR_POSITIVES)
    tuned = (logit(best / 2) - offsets) / slopes
    return np.asarray(expit(np.clip(tuned, -MOST_LOG_ODDS, MOST_LOG_ODDS)))


def cross_fit(truth: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """(texts, labels) thresholds to score the texts themselves: those of each fifth are tuned on the other four."""
    thresholds = np.empty(truth.shape)
    for own, others in _folds(len(truth)):
        thresholds[own] = tune(truth[others], logits[others])
    return thresholds


def cross_calibrate(truth: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """(texts, labels) calibrated probabilities: those of each fifth of the texts by what the other four show. `truth`
    is 0/1 and `logits` float, both (texts, labels)."""
    probabilities, cut = np.empty(truth.shape), _cut(logits)
    for own, others in _folds(len(truth)):
        slopes, offsets = _calibrate(truth[others], cut[others])
        probabilities[own] = expit(slopes * cut[own] + offsets)
    return probabilities


def _folds(texts: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(texts,) which texts belong to a fold, and which to the others."""
    folds = np.random.default_rng(0).permutation(texts) % FOLDS
    for fold in range(FOLDS):
        yield folds == fold, folds != fold


def _cut(logits: np.ndarray) -> np.ndarray:
    known = np.nan_to_num(logits.astype(np.float64), nan=-MOST_LOG_ODDS)  # NaN after a training that diverged
    return np.clip(known, -MOST_LOG_ODDS, MOST_LOG_ODDS)


def _calibrate(truth: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and offsets (labels,) of the calibrated log-odds, slope * logit + offset.

    They minimise the log-loss plus PENALTY / 2 * (sum of squared own offsets + 4 * sum of squared own slopes).
    """
    labels = logits.shape[1]
    penalties = PENALTY * np.repeat([0.0, 4.0, 1.0], [2, labels, labels])

    def lines(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        (slope, offset), own_slopes, own_offsets = np.split(parameters, [2, 2 + labels])
        return slope + own_slopes, offset + own_offsets

    def lose(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, offsets = lines(parameters)
        log_odds = slopes * logits + offsets
        error = expit(log_odds) - truth
        by_slope, by_offset = (error * logits).sum(axis=0), error.sum(axis=0)
        loss = (np.logaddexp(0, log_odds) - truth * log_odds).sum() + penalties @ parameters**2 / 2
        gradient = np.concatenate([[by_slope.sum(), by_offset.sum()], by_slope, by_offset])
        return loss, gradient + penalties * parameters

    def curve(parameters: np.ndarray) -> np.ndarray:
        """The Hessian: a block for each emotion, which also adds to those of the shared slope and offset."""
        slopes, offsets = lines(parameters)
        probabilities = expit(slopes * logits + offsets)
        weights = probabilities * (1 - probabilities)
        offset, both, slope = ((weights * logits**power).sum(axis=0) for power in range(3))
        own = np.block([[np.diag(slope), np.diag(both)], [np.diag(both), np.diag(offset)]])
        with_shared = np.block([[slope, both], [both, offset]])
        shared = [[slope.sum(), both.sum()], [both.sum(), offset.sum()]]
        return np.block([[np.array(shared), with_shared], [with_shared.T, own]]) + np.diag(penalties)

    uncalibrated = np.zeros(2 + 2 * labels)
    uncalibrated[0] = 1
    found = scipy.optimize.minimize(lose, uncalibrated, jac=True, hess=curve, method="trust-exact")
    slopes, offsets = lines(found.x)
    return np.maximum(slopes, FLATTEST_SLOPE), offsets
