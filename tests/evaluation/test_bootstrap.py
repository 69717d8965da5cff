"""Scores from counts: equal to scikit-learn's on the texts as they are and on resampled ones."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from emocore.evaluation.bootstrap import CHUNK, Scores, resample, score
from emocore.evaluation.no_skill import no_skill_scores
from emocore.evaluation.predictions import Predictions
from emocore.metrics import score_emotions, score_flattened, score_multilabel
from tests.support.simulated import predictions_of

METRICS = {
    "f1_macro", "f1_micro", "f1_weighted", "jaccard", "exact_match", "flattened_f1_macro", "flattened_f1_micro",
}  # fmt: skip


def predict(truth: np.ndarray, *predicted: np.ndarray) -> Predictions:
    """One run each of `predicted` (texts, labels), 0/1."""
    scores = np.where(np.stack(predicted), 1.0, -1.0)
    return predictions_of(truth.astype(bool), scores, tuple(f"run {number}" for number in range(len(predicted))))


def random_case(seed: int, texts: int = 200, labels: int = 11, runs: int = 3) -> Predictions:
    random = np.random.default_rng(seed)
    truth = random.random((texts, labels)) < np.linspace(0.45, 0.05, labels)
    return predict(truth, *(truth ^ (random.random(truth.shape) < 0.15) for _ in range(runs)))


def by_scikit_learn(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """F1 by emotion, and the metrics by name; by emocore.metrics, which is tested on its own."""
    truth, predicted = truth.astype(np.int8), predicted.astype(np.int8)
    labels = [str(number) for number in range(truth.shape[1])]
    emotions = score_emotions(truth, predicted, predicted.astype(float), labels)
    flattened = {f"flattened_{name}": value for name, value in score_flattened(truth, predicted).items()}
    metrics = score_multilabel(truth, predicted) | flattened
    return np.array([scores["f1"] for scores in emotions.values()]), {name: metrics[name] for name in METRICS}


def check(
    scores: Scores, predictions: Predictions, rows: np.ndarray, place: tuple[int, ...] = (), error: float = 0
) -> None:
    """`scores` at a place of their leading axes are scikit-learn's for these rows of the texts, for every run."""
    for run, predicted in enumerate(predictions.predicted):
        emotions, metrics = by_scikit_learn(predictions.truth[rows], predicted[rows])
        assert scores.emotions[(*place, run)] == pytest.approx(emotions, abs=error or 1e-12)
        values = {name: values[(*place, run)] for name, values in scores.metrics.items()}
        assert values == pytest.approx(metrics, abs=error or 1e-12)


@pytest.mark.parametrize("labels", [7, 11, 28])
def test_scores_are_those_of_scikit_learn(labels: int) -> None:
    predictions = random_case(labels, labels=labels)
    check(score(predictions), predictions, np.arange(200))


NOTHING, ALL = np.zeros((6, 3), dtype=bool), np.ones((6, 3), dtype=bool)
SOME = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]], dtype=bool)  # the third has none


@pytest.mark.parametrize("truth", [SOME, NOTHING, ALL], ids=["an emotion without texts", "no emotions", "all emotions"])
def test_scores_are_those_of_scikit_learn_where_it_has_to_divide_by_zero(truth: np.ndarray) -> None:
    predictions = predict(truth, NOTHING, ALL, SOME, ~SOME)
    check(score(predictions), predictions, np.arange(6))


@pytest.mark.parametrize("truth", [[[1, 0, 1]], [[0, 0, 0]]])
def test_one_text_is_enough(truth: list[list[int]]) -> None:
    predictions = predict(np.array(truth), NOTHING[:1], ALL[:1], SOME[:1])
    check(score(predictions), predictions, np.arange(1))
    check(resample(predictions, 2), predictions, np.zeros(1, dtype=int), place=(1,), error=1e-6)


def test_one_emotion_is_scored_as_yes_or_no() -> None:
    """scikit-learn takes a single column for two classes; F1 of the class "present" is meant."""
    truth, predicted = SOME[:, :1], np.array([[1], [0], [0], [1], [0], [1]], dtype=bool)
    scores = score(predict(truth, predicted))
    f1 = f1_score(truth.ravel(), predicted.ravel())
    assert scores.emotions == pytest.approx(f1) and f1 == pytest.approx(2 * 2 / (3 + 3))
    assert [scores.metrics[name][0] for name in ("f1_macro", "f1_micro", "f1_weighted")] == pytest.approx([f1] * 3)
    assert scores.metrics["exact_match"] == scores.metrics["flattened_f1_micro"] == pytest.approx(4 / 6)


def test_the_hand_worked_case() -> None:
    """Emotion a: 1 hit, 1 false alarm, 1 missed. b: 2 hits. c: 1 false alarm, never true. 12 cells, 9 right."""
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]])
    predicted = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0]])
    scores = score(predict(truth, predicted))
    assert scores.emotions[0] == pytest.approx([1 / 2, 1, 0])
    assert {name: values[0] for name, values in scores.metrics.items()} == pytest.approx(
        {
            "f1_macro": 1 / 2,
            "f1_micro": 2 * 3 / (4 + 5),
            "f1_weighted": (2 * 1 / 2 + 2 * 1 + 0) / 4,
            "jaccard": (1 + 1 / 2 + 1 / 3 + 1) / 4,
            "exact_match": 2 / 4,
            "flattened_f1_macro": (2 * 3 / (4 + 5) + 2 * 6 / (8 + 7)) / 2,
            "flattened_f1_micro": 9 / 12,
        }
    )


def test_silence_scores_0_7866_and_0_44_where_21_34_of_100_cells_are_positive() -> None:
    """Micro is the share of empty cells, 1 - 0.2134; macro half the F1 of "absent", 0.7866 / (1 + 0.7866) = 0.4403."""
    truth = np.random.default_rng(0).permutation(np.arange(110_000) < 0.2134 * 110_000).reshape(-1, 11)
    assert truth.mean() == 0.2134
    metrics = score(predict(truth, np.zeros_like(truth))).metrics
    assert metrics["flattened_f1_micro"][0] == pytest.approx(0.7866, abs=1e-12)
    assert metrics["flattened_f1_macro"][0] == pytest.approx(0.7866 / 1.7866, abs=1e-12)
    assert f"{metrics['flattened_f1_micro'][0]:.4f} / {metrics['flattened_f1_macro'][0]:.2f}" == "0.7866 / 0.44"
    assert metrics["f1_macro"][0] == metrics["f1_micro"][0] == 0
    flattened = no_skill_scores(truth.astype(np.int8))["silence"]["flattened"]
    assert (flattened["f1_macro"], flattened["f1_micro"]) == pytest.approx((0.7866 / 1.7866, 0.7866), abs=1e-12)


def test_resampled_scores_are_those_of_scikit_learn_on_the_drawn_texts() -> None:
    """As many texts as there are, with replacement, the same for all runs; the second chunk goes on with the stream."""
    predictions = random_case(3, texts=60, labels=7, runs=2)
    drawn = resample(predictions, CHUNK + 3, seed=5)
    random = np.random.default_rng(5)
    rows = np.concatenate([random.integers(0, 60, size=(size, 60), dtype=np.int32) for size in (CHUNK, 3)])
    assert drawn.emotions.shape == (CHUNK + 3, 2, 7) and drawn.emotions.dtype == np.float32
    for place in (0, 1, CHUNK // 2, CHUNK - 1, CHUNK, CHUNK + 2):
        check(drawn, predictions, rows[place], place=(place,), error=2e-6)


def test_whole_groups_are_drawn_as_many_as_there_are() -> None:
    """A resample has as many texts as its groups have."""
    groups = np.random.default_rng(1).integers(0, 12, 60)
    predictions = replace(random_case(3, texts=60, labels=7, runs=2), groups=groups)
    drawn = resample(predictions, CHUNK + 2, seed=5)
    random = np.random.default_rng(5)
    chosen = np.concatenate([random.integers(0, 12, size=(size, 12), dtype=np.int32) for size in (CHUNK, 2)])
    sizes = set()
    for place in (0, 1, CHUNK - 1, CHUNK + 1):
        rows = np.concatenate([np.flatnonzero(groups == group) for group in chosen[place]])
        sizes.add(len(rows))
        check(drawn, predictions, rows, place=(place,), error=2e-6)
    assert len(sizes) > 1


def test_groups_of_one_text_are_drawn_like_texts() -> None:
    predictions = random_case(3, texts=60, labels=7, runs=2)
    alone = resample(replace(predictions, groups=np.arange(60)), 50)
    assert alone.emotions == pytest.approx(resample(predictions, 50).emotions)


def test_ten_thousand_resamples_of_the_largest_comparison_take_seconds() -> None:
    """15 runs, 3,259 texts, 11 emotions, 1 s. This is processor time, since other tests may run at once; a loop
    over resamples would take minutes."""
    predictions = random_case(0, texts=3_259, runs=15)
    begin = time.process_time()
    drawn = resample(predictions)
    seconds = time.process_time() - begin
    assert drawn.emotions.shape == (10_000, 15, 11)
    assert seconds < 6
