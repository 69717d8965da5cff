"""Metrics against hand-worked cases, counts made with only numpy, and scikit-learn's own report."""

import numpy as np
import pytest
from sklearn.metrics import classification_report

from emocore.metrics import (
    METRIC_DESCRIPTIONS,
    score_emotions,
    score_flattened,
    score_logits,
    score_multilabel,
    sigmoid,
)

# Four texts, three emotions. Column a: tp 1, fp 1, fn 1. Column b: tp 2. Column c: fp 1, never true.
TRUTH = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=np.int8)
PREDICTED = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0]], dtype=np.int8)
LABELS = ["a", "b", "c"]


def random_case(seed: int, texts: int = 300, labels: int = 11) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = (random.random((texts, labels)) < 0.2134).astype(np.int8)
    noise = (random.random((texts, labels)) < 0.15).astype(np.int8)
    return truth, truth ^ noise


def count_f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    right = np.sum(truth & predicted)
    total = np.sum(truth) + np.sum(predicted)
    return float(2 * right / total) if total else 0.0


def test_multilabel_averages_of_the_hand_worked_case() -> None:
    scores = score_multilabel(TRUTH, PREDICTED)
    assert scores == pytest.approx(
        {
            "f1_macro": (1 / 2 + 1 + 0) / 3,
            "f1_micro": 2 * 3 / (4 + 5),
            "f1_weighted": (2 * 1 / 2 + 2 * 1 + 0) / 4,
            "precision_micro": 3 / 5,
            "recall_micro": 3 / 4,
            "jaccard": (1 + 1 / 2 + 1 / 3 + 1) / 4,
            "exact_match": 2 / 4,
        }
    )


def test_flattened_scores_of_the_hand_worked_case() -> None:
    # 12 cells: 3 true positives, 2 false positives, 1 false negative, 6 true negatives.
    assert score_flattened(TRUTH, PREDICTED) == pytest.approx(
        {"f1_micro": 9 / 12, "f1_macro": (2 * 3 / (4 + 5) + 2 * 6 / (8 + 7)) / 2}
    )


def test_scores_by_emotion_of_the_hand_worked_case() -> None:
    probabilities = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.1], [0.6, 0.7, 0.9], [0.1, 0.2, 0.3]])
    scores = score_emotions(TRUTH, PREDICTED, probabilities, LABELS)
    assert list(scores) == LABELS
    # a: the positives stand at ranks 1 and 3 of its column, precision there 1/1 and 2/3.
    halves = dict.fromkeys(("precision", "recall", "f1"), 0.5)
    assert scores["a"] == pytest.approx(halves | {"average_precision": (1 + 2 / 3) / 2, "support": 2, "predicted": 2})
    assert scores["b"]["f1"] == scores["b"]["average_precision"] == 1
    nothing_to_find = dict.fromkeys(("precision", "recall", "f1", "support"), 0)
    assert scores["c"] == nothing_to_find | {"average_precision": None, "predicted": 1}


def test_a_text_without_emotions_on_either_side_counts_one_in_jaccard() -> None:
    nothing = np.zeros((5, 3), dtype=np.int8)
    assert score_multilabel(nothing, nothing)["jaccard"] == 1
    one = nothing.copy()
    one[0, 0] = 1
    assert score_multilabel(nothing, one)["jaccard"] == pytest.approx(4 / 5)
    assert score_multilabel(one, nothing)["jaccard"] == pytest.approx(4 / 5)


def test_perfect_and_inverted_predictions_are_the_ends_of_the_scale() -> None:
    truth, _ = random_case(0)
    assert set(score_multilabel(truth, truth).values()) == {1.0}
    worst = score_multilabel(truth, 1 - truth)
    assert (worst["f1_macro"], worst["f1_micro"], worst["exact_match"]) == (0, 0, 0)
    assert score_flattened(truth, truth) == {"f1_macro": 1, "f1_micro": 1}
    assert score_flattened(truth, 1 - truth) == {"f1_macro": 0, "f1_micro": 0}


@pytest.mark.parametrize("seed", range(5))
def test_scores_agree_with_scikit_learn_and_plain_counts(seed: int) -> None:
    truth, predicted = random_case(seed)
    labels = [f"emotion{i}" for i in range(truth.shape[1])]
    report = classification_report(truth, predicted, target_names=labels, output_dict=True, zero_division=0)
    shared, union = (truth & predicted).sum(axis=1), (truth | predicted).sum(axis=1)
    assert score_multilabel(truth, predicted) == pytest.approx(
        {f"f1_{name}": report[f"{name} avg"]["f1-score"] for name in ("macro", "micro", "weighted")}
        | {f"{name}_micro": report["micro avg"][name] for name in ("precision", "recall")}
        | {"jaccard": np.mean(np.where(union == 0, 1, shared / np.maximum(union, 1)))}
        | {"exact_match": np.mean((truth == predicted).all(axis=1))}
    )
    flattened = (count_f1(truth, predicted) + count_f1(1 - truth, 1 - predicted)) / 2
    assert score_flattened(truth, predicted) == pytest.approx(
        {"f1_micro": np.mean(truth == predicted), "f1_macro": flattened}
    )
    scores = score_emotions(truth, predicted, predicted.astype(float), labels)
    for label in labels:
        found = {
            name.replace("f1", "f1-score"): scores[label][name] for name in ("precision", "recall", "f1", "support")
        }
        assert found == pytest.approx(report[label])


def test_silence_scores_the_numbers_of_the_study_in_the_flattened_convention() -> None:
    truth = np.zeros(110_000, dtype=np.int8)
    truth[: round(0.2134 * len(truth))] = 1
    truth = np.random.default_rng(0).permutation(truth).reshape(-1, 11)
    silence = score_flattened(truth, np.zeros_like(truth))
    assert silence["f1_micro"] == pytest.approx(0.7866, abs=1e-9)
    assert silence["f1_macro"] == pytest.approx(0.44, abs=5e-4)
    assert score_multilabel(truth, np.zeros_like(truth))["f1_macro"] == 0


def test_scores_of_logits_have_the_form_of_a_result() -> None:
    logits = np.where(PREDICTED == 1, 2.0, -2.0).astype(np.float32)
    scores = score_logits(TRUTH, logits, LABELS, 0.5)
    assert scores["multilabel"].pop("per_emotion") == score_emotions(TRUTH, PREDICTED, sigmoid(logits), LABELS)
    assert scores == {
        "multilabel": score_multilabel(TRUTH, PREDICTED),
        "flattened": score_flattened(TRUTH, PREDICTED),
    }
    values = [*scores["multilabel"].values(), *scores["flattened"].values()]
    assert {type(value) for value in values} == {float}  # plain numbers: result.json is written from them


def test_a_probability_at_its_threshold_is_predicted() -> None:
    logits = np.zeros((2, 2), dtype=np.float32)
    scores = score_logits(np.ones((2, 2), dtype=np.int8), logits, ["a", "b"], 0.5)
    assert scores["multilabel"]["recall_micro"] == 1


def test_every_emotion_can_have_its_own_threshold() -> None:
    logits = np.zeros((4, 2), dtype=np.float32)
    truth = np.ones((4, 2), dtype=np.int8)
    scores = score_logits(truth, logits, ["a", "b"], np.array([0.4, 0.6]))["multilabel"]["per_emotion"]
    assert (scores["a"]["predicted"], scores["b"]["predicted"]) == (4, 0)


def test_sigmoid_is_symmetric_and_exact_in_float64() -> None:
    logits = np.array([-30, -1, 0, 1, 30], dtype=np.float32)
    probabilities = sigmoid(logits)
    assert probabilities.dtype == np.float64
    assert probabilities[2] == 0.5
    np.testing.assert_allclose(probabilities + probabilities[::-1], 1)
    assert probabilities[0] == pytest.approx(9.357622968840175e-14)
    assert probabilities[-1] < 1


@pytest.mark.parametrize(("logit", "probability"), [(-1000, 0), (1000, 1)])
def test_sigmoid_of_extreme_logits_is_0_or_1_without_a_warning(logit: float, probability: float) -> None:
    assert sigmoid(np.array([logit], dtype=np.float32))[0] == probability  # a warning would fail the test


def test_every_score_has_a_description() -> None:
    assert set(METRIC_DESCRIPTIONS) == {
        *score_multilabel(TRUTH, PREDICTED),
        *(f"flattened_{name}" for name in score_flattened(TRUTH, PREDICTED)),
    }
