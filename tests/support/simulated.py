"""Simulated comparisons with known truth: texts with real label frequencies, methods, seeds and chance.

A text's score for an emotion is a mean that depends on whether it has the emotion, plus normal noise: a part that all
models share (hard texts), one of the method, and one of the seed. Seeds also shift each emotion's mean a little, so
that they differ on the whole population. The population's F1 follows from normal integrals, also at the thresholds that
were tuned on a draw of validation texts.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logit, ndtr, ndtri

from emocore.evaluation.predictions import Predictions, ThresholdPolicy
from emocore.thresholds import tune

# Share of the texts of the SemEval-2018 E-c test set that have each emotion, commonest first, and about the precision
# and recall that a small base reaches.
SHARES = np.array([0.442, 0.351, 0.338, 0.337, 0.295, 0.158, 0.149, 0.130, 0.115, 0.052, 0.047])
PRECISION = np.array([0.82, 0.70, 0.75, 0.72, 0.72, 0.60, 0.75, 0.45, 0.45, 0.50, 0.35])
RECALL = np.array([0.78, 0.68, 0.72, 0.72, 0.62, 0.50, 0.60, 0.25, 0.30, 0.15, 0.10])
TEXTS = 886
VALIDATION_TEXTS = 886
# The same for the 28 labels of the GoEmotions test set (27 emotions and neutral), of which most are rare. The strong
# model finds some of each; the weak one hardly ever predicts the NEVER_PREDICTED rarest, so that their F1 is mostly 0.
MANY = np.array(  # share, precision and recall
    [
        *[(0.330, 0.66, 0.64), (0.093, 0.70, 0.72), (0.065, 0.44, 0.38), (0.065, 0.90, 0.90), (0.059, 0.42, 0.36)],
        *[(0.052, 0.52, 0.54), (0.049, 0.78, 0.82), (0.049, 0.48, 0.42), (0.044, 0.76, 0.80), (0.036, 0.55, 0.54)],
        *[(0.034, 0.64, 0.56), (0.030, 0.62, 0.60), (0.029, 0.58, 0.54), (0.028, 0.50, 0.44), (0.028, 0.40, 0.30)],
        *[(0.027, 0.38, 0.24), (0.026, 0.58, 0.56), (0.025, 0.45, 0.40), (0.023, 0.55, 0.46), (0.019, 0.50, 0.40)],
        *[(0.015, 0.58, 0.48), (0.014, 0.68, 0.66), (0.010, 0.60, 0.62), (0.007, 0.58, 0.44), (0.004, 0.45, 0.32)],
        *[(0.003, 0.50, 0.36), (0.002, 0.45, 0.32), (0.001, 0.50, 0.30)],
    ]
)
NEVER_PREDICTED = 7
# Draws of 1,000 training texts that move macro-F1 by 0.8 points, and differences of two methods by 0.6, as measured.
DRAWS: dict[str, Any] = {"draw_skill": 0.04, "own_draw_shift": 0.05, "own_draw_skill": 0.02}
# Texts of 90 authors. Those of one are so alike that 886 of them tell as much of macro-F1 as 380 of as many authors.
GROUPS: dict[str, Any] = {"groups": 90, "group_share": 0.8}
# Shifts of the emotions' means between seeds that move F1 by standard deviations of 0.6 to 4.7 points (2 in the root
# mean square), about as on real models, and macro-F1 by 0.7.
SEED_SHIFTS = np.array([0.072, 0.106, 0.111, 0.112, 0.082, 0.12, 0.143, 0.233, 0.121, 0.072, 0.067])
# The gain that moves macro-F1 by one point, with fixed and with tuned thresholds; within 5 % for gaps up to 13 points.
GAIN_OF_A_POINT: dict[ThresholdPolicy, float] = {"fixed": 0.0488, "tuned": 0.0466}
# Noise by which answers for 3,259 texts move LoRA and IA3 apart as measured with tuned thresholds: single runs by 0.39
# points of macro-F1, of which 0.21 do not average out over runs. With the usual noise of a World, single runs differ by
# 0.54 points.
TEXT_NOISE: dict[str, Any] = {"shared_noise": 0.888, "method_noise": 0.055}
# Two methods as alike as LoRA and QLoRA, with fixed thresholds: their differences in macro-F1 vary by 0.45 points over
# draws of the training texts, and by 0.31 points more for the seed of each; those of their means by 0.12 points over
# 3,259 evaluation texts.
ALIKE: dict[str, Any] = {
    "seed_shift": 0.4 * SEED_SHIFTS,
    "seed_skill": 0.01,
    "draw_skill": 0.04,
    "own_draw_shift": 0.03,
    "own_draw_skill": 0.014,
    "shared_noise": 0.9934,
    "method_noise": 0.0028,
}


@dataclass(frozen=True)
class World:
    """`shared_noise` + `method_noise` <= 1 are shares of the noise's variance; the rest is each seed's own.

    `seed_shift` is the spread of an emotion's mean between seeds, of all emotions or (labels,) of each, and
    `seed_skill` that of all means together. A draw of the training texts moves the skill of all methods by
    `draw_skill`, and each method's means and skill by `own_draw_shift` and `own_draw_skill` of its own.

    With `groups`, each text is of one of them, of which some have many texts and others few; `group_share` of the
    variance of the mood and of the shared and the methods' noise is the same in all texts of a group. The predictions
    know their groups if `tells_groups`."""

    shares: np.ndarray = field(default_factory=SHARES.copy)
    precision: np.ndarray = field(default_factory=PRECISION.copy)
    recall: np.ndarray = field(default_factory=RECALL.copy)
    texts: int = TEXTS
    shared_noise: float = 0.6
    method_noise: float = 0.2
    seed_shift: float | np.ndarray = 0.08
    seed_skill: float = 0.02
    draw_skill: float = 0.0
    own_draw_shift: float = 0.0
    own_draw_skill: float = 0.0
    groups: int = 0
    group_share: float = 0.0
    tells_groups: bool = True

    @property
    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """(labels,) mean score of a text that has the emotion, and of one that has not; it is predicted above 0."""
        false_alarms = self.recall * self.shares * (1 - self.precision) / (self.precision * (1 - self.shares))
        return ndtri(self.recall), ndtri(false_alarms)

    def true_f1(
        self, shift: np.ndarray, skill: np.ndarray, gain: float = 0.0, cut: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """(..., labels) F1 in the whole population; `gain` moves the means apart, `skill` is (..., 1), and an emotion
        is predicted from the score `cut` (..., labels)."""
        present, absent = self.means
        hits = self.shares * ndtr(present + shift - cut + (skill + gain) / 2)
        predicted = hits + (1 - self.shares) * ndtr(absent + shift - cut - (skill + gain) / 2)
        return 2 * hits / (predicted + self.shares)

    def draw_seeds(self, random: np.random.Generator, seeds: int) -> tuple[np.ndarray, np.ndarray]:
        """Shift (seeds, labels) and skill (seeds, 1) of trained models."""
        labels = len(self.shares)
        return random.normal(0, self.seed_shift, (seeds, labels)), random.normal(0, self.seed_skill, (seeds, 1))

    def draw_replicates(
        self, random: np.random.Generator, methods: int, replicates: int
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The same of each method, for one seed on each of `replicates` draws of the training texts."""
        shared = random.normal(0, self.draw_skill, (replicates, 1))
        trained = []
        for _ in range(methods):
            shift, skill = self.draw_seeds(random, replicates)
            shift = shift + random.normal(0, self.own_draw_shift, shift.shape)
            trained.append((shift, skill + shared + random.normal(0, self.own_draw_skill, skill.shape)))
        return trained

    def expected_f1(self, gain: float = 0.0, draws: int = 20_000) -> np.ndarray:
        """(labels,) F1 in the population, mean over all seeds there could be."""
        return self.true_f1(*self.draw_seeds(np.random.default_rng(1), draws), gain).mean(axis=0)

    @cached_property
    def mean_f1(self) -> np.ndarray:
        """`expected_f1` without a gain, worked out once."""
        return self.expected_f1()

    def tuned_f1(self, gain: float, draws: int) -> np.ndarray:
        """(labels,) the same at thresholds that each model tunes on its own draw of the validation texts."""
        found = []
        for number in range(draws):
            random = np.random.default_rng([3, number])
            shift, skill = self.draw_seeds(random, 1)
            tuned = tune_on(self.draw_validation(random, [(shift, skill, gain)]))
            found.append(self.true_f1(shift, skill, gain, ndtri(tuned))[0])
        return np.mean(found, axis=0)

    def draw_validation(
        self, random: np.random.Generator, models: list[tuple[np.ndarray, np.ndarray, float]]
    ) -> Predictions:
        """Answers of the same trained models for one draw of the validation texts."""
        return replace(self, texts=VALIDATION_TEXTS).draw(random, models)

    def draw(self, random: np.random.Generator, models: list[tuple[np.ndarray, np.ndarray, float]]) -> Predictions:
        """One evaluation set; each method of `models` has its seeds' shifts and skills, and its gain."""
        labels = len(self.shares)
        groups = self.draw_groups(random)

        def alike(*shape: int) -> np.ndarray:
            """(texts, ...) of unit variance, of which groups share their part."""
            own = random.normal(size=(self.texts, *shape))
            if groups is None:
                return own
            common = random.normal(size=(self.groups, *shape))[groups]
            return np.asarray(np.sqrt(self.group_share) * common + np.sqrt(1 - self.group_share) * own)

        mood = alike(1) * np.where(np.arange(labels) % 2, 0.6, -0.6)
        truth = mood + 0.8 * random.normal(size=(self.texts, labels)) < ndtri(self.shares)
        present, absent = self.means

        def noise() -> np.ndarray:
            """Unit variance; a text that is hard for one emotion is a little harder for the others."""
            return np.sqrt(0.2) * alike(1) + np.sqrt(0.8) * alike(labels)

        def seed_noise(seeds: int) -> np.ndarray:
            """The same of each seed and text."""
            shape = (seeds, self.texts)
            return np.sqrt(0.2) * random.normal(size=(*shape, 1)) + np.sqrt(0.8) * random.normal(size=(*shape, labels))

        shared = np.sqrt(self.shared_noise) * noise()
        scores, series = [], []
        for place, (shift, skill, gain) in enumerate(models):
            own = np.sqrt(self.method_noise) * noise()
            rest = np.sqrt(1 - self.shared_noise - self.method_noise) * seed_noise(len(shift))
            apart = np.where(truth, 0.5, -0.5) * (skill[:, None] + gain)
            scores.append(np.where(truth, present, absent) + shift[:, None] + apart + shared + own + rest)
            series += [f"method {place}"] * len(shift)
        return replace(
            predictions_of(truth, np.concatenate(scores), tuple(series)), groups=groups if self.tells_groups else None
        )

    def draw_groups(self, random: np.random.Generator) -> np.ndarray | None:
        """(texts,) the number of each text's group; None without groups."""
        if not self.groups:
            return None
        sizes = random.exponential(size=self.groups)
        return np.unique(random.choice(self.groups, self.texts, p=sizes / sizes.sum()), return_inverse=True)[1]


def goemotions_world(texts: int = TEXTS, weak: bool = False) -> World:
    """28 labels of which most are rare; see MANY. Macro-F1 is 0.53, or 0.30 with `weak`."""
    shares, precision, recall = MANY.T.copy()
    if weak:
        # Of the commonest label as much is found as by the strong model, of a rarer one ever less.
        recall *= np.maximum(1 + 0.45 * np.log10(shares / shares[0]), 0)
        recall[-NEVER_PREDICTED:] = 0.002
    return World(shares=shares, precision=precision, recall=recall, texts=texts)


def tune_on(validation: Predictions) -> np.ndarray:
    """(runs, labels) thresholds of each run, tuned by emotion on these answers for the validation texts."""
    return np.stack([tune(validation.truth, logit(own)) for own in validation.probabilities])


def use_thresholds(predictions: Predictions, thresholds: np.ndarray) -> Predictions:
    """The same answers with other thresholds (runs, labels)."""
    predicted = predictions.probabilities >= thresholds[:, None]
    return replace(predictions, predicted=predicted, thresholds=thresholds)


def predictions_of(truth: np.ndarray, scores: np.ndarray, series: tuple[str, ...]) -> Predictions:
    """Predictions of runs whose `scores` (runs, texts, labels) are positive where an emotion is predicted."""
    runs, texts, labels = scores.shape
    probabilities = ndtr(scores)
    return Predictions(
        runs=tuple(f"run {number}" for number in range(runs)),
        series=series,
        methods=("lora",) * runs,
        draws=("",) * runs,
        labels=tuple(f"emotion {number}" for number in range(labels)),
        row_ids=tuple(str(number) for number in range(texts)),
        texts=("",) * texts,
        truth=truth,
        probabilities=probabilities,
        predicted=scores > 0,
        thresholds=np.full((runs, labels), 0.5),
    )
