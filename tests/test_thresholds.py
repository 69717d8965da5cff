"""Tuned thresholds: their formula, what they win over a plain search, and extreme cases."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit, ndtri
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from emocore.thresholds import FOLDS, PENALTY, PRIOR_POSITIVES, cross_calibrate, cross_fit, tune
from tests.support.simulated import goemotions_world
from tests.support.studies import draw_truth

GRID = np.arange(1, 100) / 100
LABELS = 11
# What the model's logits have to be multiplied by and moved by to be calibrated.
SLOPE, OFFSET = 1.6, -0.5


def draw_case(texts: int, seed: int, own: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Truth and logits of a model that is well calibrated after one Platt step, except that each emotion is moved by
    its own offset of this spread."""
    truth = draw_truth(texts, LABELS, seed)
    shares = np.linspace(0.4, 0.05, LABELS)
    random = np.random.default_rng(seed + 1000)
    calibrated = 2.0 * truth - 1.0 + random.normal(size=truth.shape)
    calibrated = 2 * calibrated + logit(shares)  # the log-odds that follow from two normals 2 apart
    return truth, (calibrated - OFFSET) / SLOPE + own * np.random.default_rng(5).normal(size=LABELS)


def score(truth: np.ndarray, logits: np.ndarray, thresholds: np.ndarray) -> float:
    return float(f1_score(truth, expit(logits) >= thresholds, average="macro", zero_division=0))


def search(truth: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """The threshold with each emotion's highest F1 on these texts."""
    predicted = expit(logits) >= GRID[:, None, None]
    hits = (predicted & (truth == 1)).sum(axis=1)
    return GRID[np.argmax(2 * hits / np.maximum(predicted.sum(axis=1) + truth.sum(axis=0), 1), axis=0)]


@pytest.mark.parametrize("own", [0.0, 1.0], ids=["calibrated alike", "each emotion in its own way"])
def test_on_other_texts_they_score_higher_than_those_that_were_best(own: float) -> None:
    truth, logits = draw_case(5_000, 1, own)
    gains = []
    for seed in range(2, 10):
        few, few_logits = draw_case(100, seed, own)
        searched, tuned = (score(truth, logits, choose(few, few_logits)) for choose in (search, tune))
        gains.append(tuned - searched)
    assert np.mean(gains) > 0.004


def test_of_28_mostly_rare_labels_they_score_higher_than_those_that_were_best() -> None:
    """Tuned on 50 and on 200 texts, of which most labels have next to none."""
    world = goemotions_world()
    for texts in (50, 200):
        gains = []
        for number in range(20):
            random = np.random.default_rng([31, number])
            shift, skill = world.draw_seeds(random, 1)
            few = replace(world, texts=texts).draw(random, [(shift, skill, 0.0)])
            logits = logit(few.probabilities[0])
            searched, tuned = (
                world.true_f1(shift, skill, cut=ndtri(choose(few.truth, logits))).mean() for choose in (search, tune)
            )
            gains.append(tuned - searched)
        assert np.mean(gains) > 0.005


def test_with_many_texts_they_are_the_best_thresholds() -> None:
    truth, logits = draw_case(5_000, 1)
    searched, tuned = (score(truth, logits, choose(*draw_case(20_000, 2))) for choose in (search, tune))
    assert tuned > searched - 0.002


def test_the_calibration_is_a_penalised_logistic_regression() -> None:
    """By scikit-learn: shared columns that are hardly penalised, and own ones for each emotion. F1 is highest at half
    of its own value (Lipton et al. 2014), which is checked on calibrated probabilities. The F1 of all emotions moves
    that by no more than a text or two where 7 texts or more are expected to have the emotion."""
    truth, logits = draw_case(150, 3, own=1.0)
    shared, own = 1e3, 1 / np.sqrt([4 * PENALTY, PENALTY])
    rows = []
    for text in logits:
        for place, value in enumerate(text):
            row = np.zeros(2 + 2 * LABELS)
            row[:2] = shared * value, shared
            row[2 + place], row[2 + LABELS + place] = own[0] * value, own[1]
            rows.append(row)
    model = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8, max_iter=10_000)
    probabilities = model.fit(rows, truth.ravel()).predict_proba(rows)[:, 1].reshape(truth.shape)
    thresholds = tune(truth, logits)
    every = -np.sort(-probabilities, axis=0)
    highest = (2 * every.cumsum(axis=0) / (np.arange(1, len(every) + 1)[:, None] + every.sum(axis=0))).max(axis=0)
    mean = np.average(highest, weights=every.sum(axis=0))
    for column in range(LABELS):
        ranked = np.sort(probabilities[:, column])[::-1]
        expected = 2 * ranked.cumsum() / (np.arange(1, len(ranked) + 1) + ranked.sum())
        is_above = expit(logits[:, column]) >= thresholds[column]
        assert is_above.sum() == pytest.approx(expected.argmax() + 1, abs=2)
        best = (ranked.sum() * expected.max() + PRIOR_POSITIVES * mean) / (ranked.sum() + PRIOR_POSITIVES)
        assert probabilities[is_above, column].min() >= best / 2 - 1e-4 >= probabilities[~is_above, column].max() - 2e-4


def test_each_fifth_of_the_texts_has_thresholds_of_the_others() -> None:
    truth, logits = draw_case(150, 4)
    thresholds = cross_fit(truth, logits)
    found = np.unique(thresholds, axis=0)
    assert len(found) == FOLDS
    for row in found:
        is_fold = (thresholds == row).all(axis=1)
        assert is_fold.sum() == 150 / FOLDS
        assert row == pytest.approx(tune(truth[~is_fold], logits[~is_fold]))


def test_cross_calibrated_probabilities_are_right_where_the_model_s_are_not() -> None:
    """A text's own labels have no say in them."""
    truth, logits = draw_case(3000, 6, own=1.0)

    def miss(probabilities: np.ndarray) -> float:
        return float(np.abs(probabilities.mean(axis=0) - truth.mean(axis=0)).mean())

    calibrated = cross_calibrate(truth, logits)
    assert miss(calibrated) < 0.005 < 0.05 < miss(expit(logits))
    changed = truth.copy()
    changed[0] = 1 - changed[0]
    assert cross_calibrate(changed, logits)[0] == pytest.approx(calibrated[0])


def test_an_emotion_without_positives_is_predicted_less_often() -> None:
    truth, logits = draw_case(300, 5)
    before = (expit(logits) >= tune(truth, logits))[:, 3].mean()
    truth[:, 3] = 0
    assert 0 < (expit(logits) >= tune(truth, logits))[:, 3].mean() < before / 2


NOTHING = np.zeros((20, LABELS), dtype=np.int8)
SEPARABLE = draw_truth(40, LABELS, 0)


@pytest.mark.parametrize(
    ("truth", "logits"),
    [
        (NOTHING, np.zeros(NOTHING.shape)),
        (NOTHING + 1, np.zeros(NOTHING.shape)),
        (SEPARABLE, np.where(SEPARABLE, 8.0, -8.0)),
        (SEPARABLE, np.where(SEPARABLE, 3e38, -3e38)),
        (SEPARABLE, np.where(SEPARABLE, -3.0, 3.0)),
        (SEPARABLE, np.full(SEPARABLE.shape, np.nan)),
        (SEPARABLE[:1], np.zeros((1, LABELS))),
    ],
    ids=["none", "all", "separable", "huge", "inverted", "not numbers", "one text"],
)
def test_extreme_answers_have_thresholds_too(truth: np.ndarray, logits: np.ndarray) -> None:
    thresholds = tune(truth, logits)
    assert thresholds.shape == (LABELS,) and ((thresholds > 0) & (thresholds < 1)).all()
    assert cross_fit(truth, logits).shape == truth.shape
    assert np.isfinite(cross_calibrate(truth, logits)).all()


def test_separable_answers_are_separated() -> None:
    logits = np.where(SEPARABLE, 8.0, -8.0)
    is_separated = ((expit(logits) >= tune(SEPARABLE, logits)) == SEPARABLE).all(axis=0)
    assert (is_separated | ~SEPARABLE.any(axis=0)).all()
