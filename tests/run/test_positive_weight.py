"""Weights of positives as text: read in any order, stored in one, and refused with what is wrong."""

from collections.abc import Mapping

import pytest

from emocore.errors import ConfigError
from emocore.run.config import RunConfig, build
from emocore.run.positive_weight import HIGHEST_GIVEN, WORDS, read_given


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("none", "none"),
        (" balanced ", "balanced"),
        ("sqrt", "sqrt"),
        ("joy:1.5,anger:2", "anger:2,joy:1.5"),
        (" joy : 1.50 , anger:2e0, ", "anger:2,joy:1.5"),
        ({"joy": 1.5, "anger": 2}, "anger:2,joy:1.5"),
        ("fear, dread:2,joy:3", "fear, dread:2,joy:3"),
        ("a:b:0.25", "a:b:0.25"),
        ("joy:0.1234567890123", "joy:0.123456789"),
    ],
)
def test_equal_weights_are_equal_texts(typed: str | Mapping[str, float], stored: str) -> None:
    config = build(RunConfig, {"positive_weight": typed})
    assert config.positive_weight == stored
    assert build(RunConfig, config.model_dump()) == config


@pytest.mark.parametrize("word", WORDS)
def test_a_word_gives_no_emotion_a_number(word: str) -> None:
    assert read_given(word) == {}


def test_each_emotion_has_its_number() -> None:
    assert read_given("anger:2,fear, dread:0.5,a:b:3") == {"anger": 2, "fear, dread": 0.5, "a:b": 3}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("balance", "it should be none, balanced, sqrt or a number for each emotion such as anger:2,joy:1.5, not 'bal"),
        ("", "it should be none, balanced, sqrt or a number for each emotion"),
        (",", "it should be none, balanced, sqrt or a number for each emotion"),
        ("2", "it should be none, balanced, sqrt or a number for each emotion"),
        ("anger:2,joy", "it should be none, balanced, sqrt or a number for each emotion"),
        ("anger:0", "the weight of anger should be a number above 0 and at most 10,000, not '0'"),
        ("joy:1,anger:-1", "the weight of anger should be a number above 0"),
        ("anger:nan", "the weight of anger should be a number above 0"),
        ("anger:inf", "the weight of anger should be a number above 0"),
        (f"anger:{HIGHEST_GIVEN + 1}", "the weight of anger should be a number above 0"),
        ("anger:much", "the weight of anger should be a number above 0 .*, not 'much'"),
        ("anger:", "the weight of anger should be a number above 0"),
        ("anger:2,joy:3,anger:2", "anger is given twice; leave one of the two out"),
        ({}, "it should be none, balanced, sqrt or a number for each emotion"),
        ({"joy": -2}, "the weight of joy should be a number above 0"),
        (None, "Input should be a valid string"),
        (2.0, "Input should be a valid string"),
        ("a:1," * 2000, "8,000 characters are more than the 4,096 that are read; shorten it"),
        ("a\x00:1", "it contains a control character"),
    ],
)
def test_what_means_nothing_is_refused_by_name(typed: object, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^positive_weight: {message}") as caught:
        build(RunConfig, {"positive_weight": typed})
    assert caught.value.field == "positive_weight"
