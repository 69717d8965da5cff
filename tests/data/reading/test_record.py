"""A reading is one record that cannot contradict itself, and says in words what it holds."""

from typing import Any

import pytest
from pydantic import ValidationError

from emocore.data.reading.record import Reading, describe_reading, note_reading
from tests.support.forms import read_form, to_lines


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"label_form": "columns", "separator": "|"}, "have no separator"),
        ({"cut": 1.0, "label_names": ("a", "b")}, "have no label_names"),
        ({"label_form": "names", "cut": 1.0}, "have no form names"),
        ({"label_form": "one", "separator": ","}, "needs no separator"),
        ({"label_cells": "0/1", "cut": 1.0}, "only intensities have a cut"),
        ({"cut": float("nan")}, "finite"),
        ({"delimiter": "x"}, "delimiter"),
        ({"header": "yes"}, "header"),
    ],
)
def test_a_contradiction_is_refused(wishes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Reading.model_validate(wishes)


def test_every_part_is_told_in_words() -> None:
    grades = "id;text;anger;joy\n" + "".join(f"{row};w {row};{row % 4};{(row + 1) % 4}\n" for row in range(12))
    reading = read_form("a.csv", grades).reading
    assert dict(describe_reading(reading)) == {
        "file": "rows of cells",
        "encoding": "utf-8",
        "delimiter": "semicolon",
        "quotation marks": "enclose cells",
        "header": "the first row",
        "texts": "text",
        "IDs": "id",
        "labels": "2 columns of intensities, on from 1",
    }
    assert note_reading(reading) == ["the label columns hold intensities; a label is on from 1"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([["joy"], ["fear", "joy"]], "a list of names in labels"),
        (["joy|fear", "joy"], "names in labels, separated by bar"),
        (["joy", "fear"], "one per text, in labels"),
    ],
)
def test_the_form_of_labels_is_told(labels: list[Any], words: str) -> None:
    reading = read_form("a.jsonl", to_lines([{"text": "x", "labels": own} for own in labels])).reading
    assert dict(describe_reading(reading))["labels"] == words
    assert dict(describe_reading(reading))["IDs"] == "the numbers of the rows"
