"""Cells about halves: whether runs on halves of the training texts tell what other training texts would do.

Unlike in the other cells, models really learn: ridge regressions on the features of simulated texts, and on random
functions of them. So nothing is assumed of what a draw of the training texts does to a score.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from scipy.special import expit

from benchmarks.coverage.cells import Cell
from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.verdicts import compare_pairs
from tests.support.simulated import World, predictions_of

FEATURES, HIDDEN, LABELS = 40, 60, 11
COLUMNS = ("above", "below", "width")
# Draws of training texts, and evaluation texts for each, that give the true difference to about 0.03 points.
TRUTH_DRAWS, TRUTH_TEXTS = 300, 20_000
# A seed is what else differs between trainings: each learns from a random share of its rows.
SHARE_OF_A_SEED = 0.9
PENALTIES = (5.0, 60.0)
CUT = -0.25

_fixed = np.random.default_rng(0)
WEIGHTS = 0.35 * _fixed.normal(size=(FEATURES, LABELS))
PROJECTION = _fixed.normal(size=(FEATURES, HIDDEN)) / np.sqrt(FEATURES)
COMMONNESS = -np.array([0.3, 0.7, 0.7, 0.7, 0.9, 1.6, 1.6, 1.7, 1.8, 2.5, 2.5])


@dataclass(frozen=True, eq=False, kw_only=True)
class HalvesCell(Cell):
    """Two methods with one run on all of `train_texts`, and so many on `halves` of them; without halves, the spread of
    the only run is assumed."""

    train_texts: int
    texts: int
    halves: int
    world: World = field(default_factory=World)

    @property
    def columns(self) -> tuple[str, ...]:
        """Whether the interval of the difference lies above and below what it is on average over draws of the training
        texts, and how wide it is."""
        return COLUMNS

    def simulate(self, number: int) -> list[float]:
        random = np.random.default_rng([17, number])
        known, scored = draw_texts(random, self.train_texts), draw_texts(random, self.texts)
        every = np.arange(self.train_texts)
        halves = [random.permutation(every)[: self.train_texts // 2] for _ in range(self.halves)]
        predictions = self._predict(random, [every], known, scored)
        if halves:
            drawn = self._predict(random, halves, known, scored)
            predictions = replace(predictions, halves=drawn)
        seen, samples = score(predictions), resample(predictions, self.resamples, seed=number)
        row = compare_pairs(predictions, seen, samples).overall.iloc[0]
        truth = true_difference(self.train_texts)
        return [float(v) for v in (row["low_95"] > truth, row["high_95"] < truth, row["high_95"] - row["low_95"])]

    def _predict(
        self,
        random: np.random.Generator,
        draws: list[np.ndarray],
        known: tuple[np.ndarray, np.ndarray],
        scored: tuple[np.ndarray, np.ndarray],
    ) -> Predictions:
        """The answers of both methods for the texts that are scored, trained on each draw of the known ones."""
        scores = [train(random, kind, known, draw)(scored[0]) for kind in range(2) for draw in draws]
        series = [f"method {kind}" for kind in range(2) for _ in draws]
        predictions = predictions_of(scored[1], np.stack(scores), tuple(series))
        return replace(predictions, draws=tuple(str(number) for number in range(len(draws))) * 2)


def draw_texts(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (texts, FEATURES) and truth (texts, LABELS)."""
    features = random.normal(size=(count, FEATURES))
    chance = expit((features @ WEIGHTS + COMMONNESS + 0.4 * np.tanh(features[:, :1] * features[:, 1:2])) / 0.6)
    return features, random.random(chance.shape) < chance


def train(
    random: np.random.Generator, kind: int, known: tuple[np.ndarray, np.ndarray], draw: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Scores (texts, LABELS) as a function of features, learned from these rows of the known texts."""
    rows = draw[random.random(len(draw)) < SHARE_OF_A_SEED]
    features, truth = known[0][rows], known[1][rows]
    inputs = expand(kind, features)
    weights = np.linalg.solve(
        inputs.T @ inputs + PENALTIES[kind] * np.eye(inputs.shape[1]), inputs.T @ (2.0 * truth - 1)
    )
    return lambda others: expand(kind, others) @ weights - CUT


def expand(kind: int, features: np.ndarray) -> np.ndarray:
    """The inputs of a method: the features, or random functions of them; and a constant."""
    inputs = np.maximum(features @ PROJECTION, 0) if kind else features
    return np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)


@cache
def true_difference(train_texts: int) -> float:
    """Between the methods' macro-F1 on all texts there could be, on average over draws of the training texts."""
    random = np.random.default_rng(5)
    differences = []
    for _ in range(TRUTH_DRAWS):
        known, (features, truth) = draw_texts(random, train_texts), draw_texts(random, TRUTH_TEXTS)
        scores = [train(random, kind, known, np.arange(train_texts))(features) for kind in range(2)]
        macro = [
            (2 * ((own > 0) & truth).sum(axis=0) / ((own > 0).sum(axis=0) + truth.sum(axis=0))).mean() for own in scores
        ]
        differences.append(macro[0] - macro[1])
    return float(np.mean(differences))
