"""Delimiter, header and quotation marks are guessed from the first rows; each guess can be overridden."""

import pytest

from tests.support.forms import read_form

ROWS = "so happy, at last;1;0\nso sad, again;0;1\nwell;0;0\n"


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("text,anger,joy\nx,1,0\ny,0,1\n", ","),
        ("text;anger;joy\n" + ROWS, ";"),
        (ROWS, ";"),
        (ROWS.replace(";", "|"), "|"),
        ("text\tanger\tjoy\nx, y; z\t1\t0\n", "\t"),
        ("text,labels\nx,joy|fear\ny,joy;fear|fear\nz,joy\nx,fear\n", ","),
        ('text;anger;joy\n"a;b,c";1;0\n"d, e";0;1\n', ";"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_every_row_as_many_cells(content: str, delimiter: str) -> None:
    assert read_form("a.csv", content).reading.delimiter == delimiter


def test_a_wrong_row_is_told_by_the_delimiter_of_the_others() -> None:
    with pytest.raises(Exception, match="row 3: 2 cells where the header has 3"):
        read_form("a.csv", "text;anger;joy\na, b;1;0\nc;1\n")


@pytest.mark.parametrize(
    ("first", "has_header"),
    [
        ("text,emotion", True),
        ("said,mood", True),
        ("id,mood of it", True),
        ("so glad,joy", False),
        ("what a very happy day,bliss", False),
        ("so glad,3", False),
    ],
)
def test_a_header_has_names_and_no_texts_numbers_or_labels(first: str, has_header: bool) -> None:
    rows = "".join(f"words {row},{['joy', 'fear'][row % 2]}\n" for row in range(8))
    table = read_form(
        "a.csv", f"{first}\n{rows}", label_form="one", **({} if not first.startswith("id") else {"text_column": "id"})
    )
    assert table.reading.header is has_header and len(table.frame) == 9 - has_header


def test_the_guess_of_a_header_can_be_overridden() -> None:
    rows = "said,1,0\nso glad,0,1\nso sad,1,0\n"
    assert read_form("a.csv", rows).reading.labels == ("column 2", "column 3")
    table = read_form("a.csv", rows, header=True)
    assert table.labels == ("1", "0") and table.frame["row_id"].tolist() == ["2", "3"]


def test_quotation_marks_of_texts_are_kept_where_they_enclose_nothing() -> None:
    table = read_form("a.tsv", 'text\tanger\tjoy\n"Well" she said\t1\t0\n"no\t0\t1\n')
    assert table.reading.quotes is False and table.frame["text"].tolist() == ['"Well" she said', '"no']
    table = read_form("a.tsv", 'text\tanger\tjoy\n"a\tb"\t1\t0\nc\t0\t1\n')
    assert table.reading.quotes is True and table.frame["text"].tolist() == ["a\tb", "c"]
    table = read_form("a.tsv", 'text\tanger\tjoy\n"a"\t1\t0\nc\t0\t1\n', quotes=False)
    assert table.frame["text"].tolist() == ['"a"', "c"]
