"""The scores of predictors that do not look at the text."""

import numpy as np
import pytest

from emocore.evaluation.bootstrap import score
from emocore.evaluation.no_skill import f1_of_always_on, no_skill_scores
from emocore.evaluation.score_tables import METRICS
from emocore.metrics import score_emotions, score_flattened, score_multilabel
from tests.support.simulated import predictions_of

# Column shares 3/4, 1/4, 0.
TRUTH = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], dtype=np.int8)


def test_silence_finds_nothing_and_is_right_on_empty_texts() -> None:
    scores = no_skill_scores(TRUTH)["silence"]
    assert scores["multilabel"]["f1_macro"] == scores["multilabel"]["f1_micro"] == 0
    assert scores["multilabel"]["exact_match"] == scores["multilabel"]["jaccard"] == 1 / 4
    assert scores["flattened"]["f1_micro"] == pytest.approx(8 / 12)
    assert scores["flattened"]["f1_macro"] == pytest.approx((2 * 8 / (8 + 12)) / 2)


def test_always_on_finds_everything_at_the_price_of_precision() -> None:
    scores = no_skill_scores(TRUTH)["always-on"]
    assert scores["multilabel"]["f1_micro"] == pytest.approx(2 * (4 / 12) / (1 + 4 / 12))
    assert scores["multilabel"]["f1_macro"] == pytest.approx((6 / 7 + 2 / 5 + 0) / 3)
    assert scores["multilabel"]["jaccard"] == pytest.approx((2 / 3 + 1 / 3 + 1 / 3 + 0) / 4)


@pytest.mark.parametrize(("name", "predicted"), [("silence", 0), ("always-on", 1)])
def test_they_score_what_such_predictions_score(name: str, predicted: int) -> None:
    truth = (np.random.default_rng(1).random((60, 5)) < (0.6, 0.3, 0.2, 0.05, 0.0)).astype(np.int8)
    found, answers = no_skill_scores(truth)[name], np.full_like(truth, predicted)
    for convention, score_all in (("multilabel", score_multilabel), ("flattened", score_flattened)):
        known = score_all(truth, answers)
        assert found[convention] == pytest.approx({metric: known[metric] for metric in found[convention]})
    columns = {*found["multilabel"], *(f"flattened_{metric}" for metric in found["flattened"])}
    assert columns == set(METRICS)


def test_frequency_scores_what_random_draws_of_it_score_on_average() -> None:
    random = np.random.default_rng(1)
    truth = (random.random((400, 5)) < (0.5, 0.3, 0.2, 0.1, 0.05)).astype(np.int8)
    truth[:20] = 0
    draws = np.where(random.random((400, *truth.shape)) < truth.mean(axis=0), 1.0, -1.0)
    drawn = score(predictions_of(truth.astype(bool), draws, ("frequency",) * 400)).metrics
    found = no_skill_scores(truth)["frequency"]
    values = {**found["multilabel"], **{f"flattened_{name}": value for name, value in found["flattened"].items()}}
    assert values == pytest.approx({name: runs.mean() for name, runs in drawn.items()}, abs=0.004)


def test_frequency_by_hand() -> None:
    scores = no_skill_scores(np.array([[1, 0], [0, 0]]))["frequency"]
    assert scores["multilabel"]["f1_macro"] == 1 / 4  # the shares are 1/2 and 0
    assert scores["multilabel"]["jaccard"] == (1 / 2 + 1 / 2) / 2
    assert scores["multilabel"]["exact_match"] == 1 / 2
    assert scores["flattened"]["f1_micro"] == (1 / 2 + 1) / 2


def test_the_floor_of_an_emotion_is_what_always_on_scores() -> None:
    always_on = np.ones_like(TRUTH)
    scores = score_emotions(TRUTH, always_on, always_on.astype(float), ["a", "b", "c"])
    floor = f1_of_always_on(TRUTH.mean(axis=0))
    assert floor == pytest.approx([scores[label]["f1"] for label in "abc"])
    assert floor == pytest.approx([6 / 7, 2 / 5, 0])
