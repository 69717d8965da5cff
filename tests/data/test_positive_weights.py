"""Weights are counted by emotion, within bounds, and an unknown emotion is refused."""

import logging

import numpy as np
import pytest

from emocore.data.positive_weights import HIGHEST, check_emotions, weigh_positives
from emocore.errors import ConfigError

LABELS = ("anger", "joy", "trust")


def truth_with(positives: tuple[int, ...], texts: int) -> np.ndarray:
    return (np.arange(texts)[:, None] < np.array(positives)).astype(int)


def test_without_weights_there_are_none() -> None:
    assert weigh_positives("none", truth_with((1, 2, 3), 8), LABELS) is None


@pytest.mark.parametrize(("setting", "expected"), [("balanced", [7, 3, 0.6]), ("sqrt", [7**0.5, 3**0.5, 0.6**0.5])])
def test_negatives_are_divided_by_positives(setting: str, expected: list[float]) -> None:
    np.testing.assert_allclose(weigh_positives(setting, truth_with((1, 2, 5), 8), LABELS), expected)


def test_both_values_of_a_balanced_label_weigh_the_same_in_sum() -> None:
    truth = truth_with((3, 17, 25), 60)
    np.testing.assert_allclose((weigh_positives("balanced", truth, LABELS) * truth).sum(0), (1 - truth).sum(0))


def test_a_weight_that_is_counted_has_bounds() -> None:
    weights = weigh_positives("balanced", truth_with((1, 999, 500), 1000), LABELS)
    np.testing.assert_allclose(weights, [HIGHEST, 1 / HIGHEST, 1])


@pytest.mark.parametrize("setting", ["balanced", "sqrt"])
def test_an_emotion_with_one_value_weighs_one(setting: str) -> None:
    weights = weigh_positives(setting, truth_with((0, 8, 4), 8), LABELS)
    np.testing.assert_array_equal(weights, [1, 1, 1])


def test_given_numbers_go_to_their_emotions_and_the_others_weigh_one() -> None:
    weights = weigh_positives("joy:0.5,anger:2", truth_with((1, 2, 3), 8), LABELS)
    np.testing.assert_array_equal(weights, [2, 0.5, 1])


def test_the_log_tells_the_weights(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        weigh_positives("balanced", truth_with((1, 2, 5), 8), LABELS)
    assert caplog.messages == ["Positive weights: anger 7, joy 3, trust 0.6"]


def test_an_unknown_emotion_is_refused_with_those_that_there_are() -> None:
    message = "positive_weight: the data has no emotion 'happy'; its emotions are anger, joy and trust"
    for refuse in (
        lambda: check_emotions("anger:2,happy:3", LABELS),
        lambda: weigh_positives("anger:2,happy:3", truth_with((1, 2, 3), 8), LABELS),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            refuse()
        assert caught.value.field == "positive_weight"
    for setting in ("none", "balanced", "anger:2"):
        check_emotions(setting, LABELS)
