"""Label sets known by name: recognition, order and colours; and that aliases name nothing and teach nothing."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from emocore.data.table import read_table
from emocore.emotions import (
    LABEL_SETS,
    describe_label_set,
    display_order,
    emotion_color,
    find_label_set,
    is_emotion_name,
)
from tests.support.label_counts import LABELS_BY_COUNT
from tests.support.repository import REPOSITORY

SIZES = {"ekman-6": 6, "ekman-7": 7, "semeval-11": 11, "goemotions-28": 28}
EVERY_LABEL = sorted({label for known in LABEL_SETS.values() for label in known.labels})
THEME = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours #rrggbb (WCAG 2.2)."""
    levels = np.array([[int(color[place : place + 2], 16) for place in (1, 3, 5)] for color in (one, other)]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    dark, bright = sorted(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return float(bright / dark)


def test_each_label_set_has_its_number_of_different_labels_under_its_name() -> None:
    assert {name: len(set(known.labels)) for name, known in LABEL_SETS.items()} == SIZES
    assert all(len(known.labels) == SIZES[name] and known.name == name for name, known in LABEL_SETS.items())


def test_aliases_lead_to_labels_of_their_set_and_are_none_themselves() -> None:
    for known in LABEL_SETS.values():
        assert set(known.aliases.values()) <= set(known.labels)
        assert not set(known.aliases) & set(EVERY_LABEL)
        assert [known.find(alias) for alias in known.aliases] == list(known.aliases.values())


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (("anger", "disgust", "fear", "joy", "sadness", "surprise"), "ekman-6"),
        (("Sad", "HAPPINESS", "angry"), "ekman-6"),
        (("joy", "No_Emotion"), "ekman-7"),
        (("joy", "neutral"), "ekman-7"),
        (("love", "joy"), "semeval-11"),
        (("trust", "joy", "pessimism"), "semeval-11"),
        (("love", "joy", "neutral"), "goemotions-28"),
        (LABEL_SETS["goemotions-28"].labels[::-1], "goemotions-28"),
        (("joy", "schadenfreude"), None),
        (("joy", "happiness"), None),
        (("trust", "neutral"), None),
    ],
)
def test_labels_are_recognised_as_those_of_the_smallest_set_that_holds_them_all(
    labels: tuple[str, ...], name: str | None
) -> None:
    known = find_label_set(labels)
    assert (known.name if known else None) == name


def test_a_sentence_says_whose_labels_they_are() -> None:
    assert describe_label_set(LABELS_BY_COUNT[11]) == "These are the labels of SemEval-2018 E-c."
    assert describe_label_set(["joy", "pride"]) == "These are 2 of the 28 labels of GoEmotions."
    assert describe_label_set(["joy", "schadenfreude"]) is None


def test_labels_of_a_known_set_are_shown_in_its_order_under_their_own_names() -> None:
    assert display_order(["no_emotion", "Sad", "Happy", "anger"]) == ["anger", "Happy", "Sad", "no_emotion"]
    assert display_order(reversed(LABELS_BY_COUNT[28])) == list(LABELS_BY_COUNT[28])


def test_other_labels_are_shown_as_they_come() -> None:
    assert display_order(["surprise", "schadenfreude", "anger"]) == ["surprise", "schadenfreude", "anger"]


def test_every_label_of_a_known_set_has_a_colour_of_its_own() -> None:
    colors = [emotion_color(label) for label in EVERY_LABEL]
    assert len(set(colors)) == len(colors)


def test_a_known_label_has_its_colour_in_any_case_and_under_an_alias() -> None:
    assert {emotion_color(name) for name in ("joy", "Joy", "happy", "HAPPINESS")} == {emotion_color("joy")}
    assert emotion_color("No emotion") == emotion_color("no_emotion") == emotion_color("neutral")


def test_other_labels_have_stable_colours_by_name() -> None:
    assert emotion_color("schadenfreude") == "#ce6d50", "the same in every process and version"
    assert emotion_color("Quiet Awe") == emotion_color("quiet_awe")
    colors = {emotion_color(f"feeling {number}") for number in range(1000)}
    assert len(colors) >= 40, "few of many labels share a colour"


@pytest.mark.parametrize("page", ["#ffffff", THEME["light"]["backgroundColor"], THEME["dark"]["backgroundColor"]])
def test_every_colour_is_legible_on_light_and_on_dark(page: str) -> None:
    labels = [*EVERY_LABEL, *(f"feeling {number}" for number in range(1000))]
    for color in {emotion_color(label) for label in labels}:
        assert re.fullmatch(r"#[0-9a-f]{6}", color)
        assert contrast(color, page) >= 3, color


def test_only_a_name_and_no_alias_makes_a_column_a_label(tmp_path: Path) -> None:
    assert all(is_emotion_name(name) for name in (*EVERY_LABEL, "Joy"))
    assert not any(is_emotion_name(name) for name in ("happy", "none", "no_emotion", "schadenfreude"))
    rows = ["text,none,Joy,sad"] + [f"some words {number},so so,{number % 2},{number % 3 // 2}" for number in range(30)]
    (tmp_path / "data.csv").write_text("\n".join(rows), encoding="utf-8")
    table = read_table(str(tmp_path / "data.csv"))
    assert table.labels == ("Joy", "sad"), "stored as in the file"
    assert table.ignored_columns == ("none",)


def test_no_two_sets_have_the_same_labels() -> None:
    for one, other in combinations(LABEL_SETS.values(), 2):
        assert set(one.labels) != set(other.labels)
