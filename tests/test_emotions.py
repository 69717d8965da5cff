"""Label sets and the fixed colour of each emotion."""

import re
from itertools import pairwise

import pytest

from emocore.emotions import EKMAN_7, EMOTION_COLORS, GOEMOTIONS_28, KNOWN_EMOTIONS, SEMEVAL_11, emotion_color


@pytest.mark.parametrize(("labels", "size"), [(SEMEVAL_11, 11), (EKMAN_7, 7), (GOEMOTIONS_28, 28)])
def test_a_label_set_has_its_number_of_different_emotions(labels: tuple[str, ...], size: int) -> None:
    assert len(labels) == len(set(labels)) == size


def test_all_names_are_lower_case_words_known_as_emotions() -> None:
    assert all(re.fullmatch(r"[a-z]+", name) for name in KNOWN_EMOTIONS)


def test_semeval_emotions_stand_in_the_order_of_the_task() -> None:
    assert list(SEMEVAL_11) == sorted(SEMEVAL_11)
    assert SEMEVAL_11[0] == "anger"
    assert SEMEVAL_11[-1] == "trust"


def test_each_semeval_emotion_has_a_colour_of_its_own() -> None:
    colors = [EMOTION_COLORS[name] for name in SEMEVAL_11]
    assert len(set(colors)) == 11
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in EMOTION_COLORS.values())


def test_a_known_emotion_keeps_its_colour_wherever_it_stands() -> None:
    assert {emotion_color("joy", position) for position in range(30)} == {EMOTION_COLORS["joy"]}


def test_neighbouring_unknown_emotions_differ_in_colour_and_never_run_out() -> None:
    colors = [emotion_color(f"label{position}", position) for position in range(60)]
    assert all(first != second for first, second in pairwise(colors))
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in colors)
