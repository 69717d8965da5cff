"""Names and numbers of labels in one column, in the ways in which people write them."""

from pathlib import Path

import pytest

from emocore.data.reading.label_names import read_label_names
from emocore.data.reading.record import note_reading
from emocore.errors import DataError
from tests.support.forms import read_form, to_lines
from tests.support.tables import write_text


def read_cells(cells: list[str], **wishes: object) -> list[list[str]]:
    """The labels of each text."""
    rows = [{"text": f"words {row}", "labels": cell} for row, cell in enumerate(cells)]
    table = read_form("a.jsonl", to_lines(rows), **wishes)
    frame = table.frame[list(table.labels)]
    return [[label for label in table.labels if frame.loc[row, label]] for row in frame.index]


@pytest.mark.parametrize(
    "cell",
    [
        '["joy", "fear"]',
        "['joy', 'fear']",
        "[\"joy\", 'fear']",
        "[ 'joy' ,'fear', ]",
        "[joy, fear]",
        '["fear", "joy", "joy"]',
        '["joy", "\\u0066ear", ""]',
    ],
)
def test_a_list_is_read_however_it_is_printed(cell: str) -> None:
    assert read_cells([cell, "[]", "['joy']", ""] * 5)[:4] == [["fear", "joy"], [], ["joy"], []]


@pytest.mark.parametrize(
    "cell",
    [
        "['joy'",
        "['joy' 'fear']",
        "['a\\'b']",
        "[['joy']]",
        "{'joy'}",
        '["joy", null]',
        "['joy'] + ['fear']",
        "[" * 9_000,
    ],
)
def test_what_is_no_list_is_told_and_never_evaluated(cell: str) -> None:
    with pytest.raises(DataError, match=r"row 40, column 'labels': .* is no list of labels"):
        read_cells(["['joy', 'fear']"] * 39 + [cell])


@pytest.mark.parametrize("cell", ["joy|fear", "fear | joy", "|joy|fear|", "joy|fear|joy"])
def test_separators_may_have_spaces_and_stand_at_the_ends(cell: str) -> None:
    assert read_cells([cell, "joy", "", "fear"] * 5)[:4] == [["fear", "joy"], ["joy"], [], ["fear"]]


def test_numbers_are_sorted_as_numbers_and_named_by_a_file() -> None:
    cells = ["10", "2,10", "1.0", ""] * 5
    assert read_cells(cells)[:4] == [["10"], ["2", "10"], ["1"], []]
    names = tuple("abcdefghijk")
    assert read_cells(cells, label_names=names)[:4] == [["k"], ["c", "k"], ["b"], []]
    table = read_form("a.jsonl", to_lines([{"text": "x", "labels": [row % 3]} for row in range(9)]))
    assert note_reading(table.reading) == [
        "the labels are numbers; a file of label names, one per line, would name them"
    ]


def test_the_order_is_that_of_the_file_of_names_even_without_a_text() -> None:
    lines = to_lines([{"text": "x", "labels": [label]} for label in ("joy", "fear", "joy")])
    table = read_form("a.jsonl", lines, label_names=("joy", "awe", "fear"))
    assert table.labels == ("joy", "awe", "fear") and table.frame["awe"].tolist() == [0, 0, 0]


def test_labels_that_are_not_wanted_are_left_out_and_named() -> None:
    lines = to_lines([{"text": "x", "labels": own} for own in (["joy", "awe"], ["fear"], ["bliss"])])
    table = read_form("a.jsonl", lines, labels=("joy", "fear"))
    assert table.labels == ("joy", "fear") and table.ignored_labels == ("awe", "bliss")
    assert table.frame[["joy", "fear"]].to_numpy().tolist() == [[1, 0], [0, 1], [0, 0]]


def test_one_label_may_have_the_characters_of_a_separator() -> None:
    cells = ["joy, mild", "joy, strong"] * 5
    assert read_cells(cells, label_form="one")[:2] == [["joy, mild"], ["joy, strong"]]
    assert read_cells(cells)[:2] == [["joy", "mild"], ["joy", "strong"]]


def test_a_file_of_names_is_read_line_by_line(tmp_path: Path) -> None:
    assert read_label_names(write_text(tmp_path / "n.txt", "joy\r\nfear \n\n")) == ("joy", "fear")
    assert read_label_names(write_text(tmp_path / "n.txt", "Ärger\nWut\n".encode("cp1252"))) == ("Ärger", "Wut")
    for content, words in (
        ("joy\n\nfear", "line 2: no name"),
        ("joy\nfear\njoy", "line 3: the same"),
        ("", "is empty"),
    ):
        with pytest.raises(DataError, match=words):
            read_label_names(write_text(tmp_path / "n.txt", content))
    with pytest.raises(DataError, match="201 lines; at most 200 labels"):
        read_label_names(write_text(tmp_path / "n.txt", "\n".join(map(str, range(201)))))
    with pytest.raises(DataError, match="no such file"):
        read_label_names(str(tmp_path / "gone.txt"))
