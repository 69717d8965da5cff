"""Label columns are those of which nine cells in ten are labels; their other cells are mistakes."""

import pytest

from emocore.errors import DataError
from tests.support.forms import read_form

CELLS = {"0/1": ["0", "1", "1.0"], "yes/no": ["yes", "No", "TRUE"], "intensities": ["0", "3", "2.0"]}


def make(kind: str, mistakes: int) -> str:
    """40 rows with two columns of this kind; the first has so many mistakes."""
    cells = CELLS[kind]
    rows = [f"words {row},{'x' if row < mistakes else cells[row % 3]},{cells[(row + 1) % 3]}" for row in range(40)]
    return "\n".join(["said,zeal,apathy", *rows])


@pytest.mark.parametrize("kind", CELLS)
def test_up_to_one_cell_in_ten_is_a_mistake(kind: str) -> None:
    assert read_form("a.csv", make(kind, 0)).reading.label_cells == kind
    for mistakes in (1, 4):
        with pytest.raises(DataError, match=rf"row 2, column 'zeal': 'x' where .* \({mistakes} such row"):
            read_form("a.csv", make(kind, mistakes))
    with pytest.raises(DataError, match=r"no label columns|only one label column|no text column"):
        read_form("a.csv", make(kind, 5))


def test_a_single_column_of_grades_is_not_taken_for_an_intensity() -> None:
    content = "text,zeal,apathy,stars\n" + "".join(f"w,{row % 2},{row // 2 % 2},{row % 4}\n" for row in range(24))
    with pytest.raises(DataError, match="column 'stars': '2' where a label is 0 or 1"):
        read_form("a.csv", content)
    assert read_form("a.csv", content, labels=("zeal", "apathy")).ignored_columns == ("stars",)


def test_a_cut_makes_intensities_of_any_numbers() -> None:
    content = "text,zeal,apathy\n" + "".join(f"w,{row / 10},{-row}\n" for row in range(9))
    table = read_form("a.csv", content, cut=0.4)
    assert table.frame["zeal"].tolist() == [0] * 4 + [1] * 5 and not table.frame["apathy"].any()


def test_an_emotion_that_nobody_annotated_is_no_label() -> None:
    content = "text,anger,disgust,joy\n" + "".join(f"w,{row % 2},,{row // 2 % 2}\n" for row in range(24))
    table = read_form("a.csv", content)
    assert (table.labels, table.ignored_columns) == (("anger", "joy"), ("disgust",))
    with pytest.raises(DataError, match=r"row 2, column 'disgust': '' where a label is 0 or 1 \(24 such rows"):
        read_form("a.csv", content, labels=("anger", "disgust"))
