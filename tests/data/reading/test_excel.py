"""An Excel sheet is read as a CSV of it would be, and what a CSV could not hold is told or refused."""

import datetime
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart
from openpyxl.styles import PatternFill

from emocore.data.reading.record import Reading, describe_reading
from emocore.data.source import DataFile
from emocore.data.table import Sheet, open_sheet, read_table
from emocore.errors import DataError
from tests.support.forms import change_part, read_form, save_workbook, to_xlsx
from tests.support.tables import write_text

HEADER = ["text", "joy", "fear"]
ROWS = [HEADER, ["so happy", 1, 0], ["so afraid", 0, 1], ["well, well", 0, 0]]
SHEET = "xl/worksheets/sheet1.xml"


def open_rows(*rows: list[Any], **wishes: Any) -> Sheet:
    return open_sheet(DataFile("a.xlsx", to_xlsx(list(rows))), Reading.model_validate(wishes))


def as_text(value: Any) -> str:
    """What a cell of an unused column becomes."""
    return str(open_rows([*HEADER, "more"], ["a b", 1, 0, value], ["c d", 0, 1, "x"]).cells["more"].iloc[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (-3.0, "-3"),
        (0.5, "0.5"),
        (12345678901234, "12345678901234"),
        (1e300, "1e+300"),
        (True, "true"),
        (None, ""),
        (" spaces ", " spaces "),
        ("007", "007"),
        ("line\nbreak", "line\nbreak"),
        ("#N/A is a text", "#N/A is a text"),
        (datetime.date(2024, 5, 1), "2024-05-01"),
        (datetime.datetime(2024, 5, 1), "2024-05-01"),
        (datetime.datetime(2024, 5, 1, 13, 30), "2024-05-01 13:30:00"),
        (datetime.time(13, 30), "13:30:00"),
        (datetime.timedelta(hours=30), "1 day, 6:00:00"),
        (CellRichText("so ", TextBlock(InlineFont(b=True), "happy")), "so happy"),
    ],
)
def test_a_cell_becomes_what_a_csv_would_hold(value: Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("text", ["=cmd|'/C calc'!A1", "=1+1", "@ada", "+1", "-1"])
def test_a_text_that_looks_like_a_formula_is_a_text(text: str) -> None:
    workbook = Workbook()
    for row in [*ROWS, [text, 1, 1]]:
        workbook.active.append(row)
    cell = workbook.active["A5"]
    cell.value, cell.data_type = text, "s"
    assert read_form("a.xlsx", save_workbook(workbook)).frame["text"][5] == text


def test_texts_may_be_in_the_cells_themselves() -> None:
    workbook = Workbook()
    for row in ROWS:
        workbook.active.append(row)
    frame = read_form("a.xlsx", save_workbook(workbook)).frame
    pd.testing.assert_frame_equal(frame, read_form("a.xlsx", to_xlsx(ROWS)).frame)


def test_a_carriage_return_is_read_from_its_escape() -> None:
    assert as_text("one_x000D_\ntwo") == "one\r\ntwo"
    with pytest.raises(DataError, match=r"a\.xlsx, row 2: a NUL character, which no text has"):
        as_text("one_x0000_two")


def test_the_index_counts_rows_as_excel_does_and_blank_rows_are_left_out() -> None:
    sheet = open_rows([], ["", "  "], HEADER, ["a b", 1, 0], [None, None, None], ["c d", 0, 1])
    assert sheet.cells.index.tolist() == [4, 6] and sheet.cells["text"].tolist() == ["a b", "c d"]


def test_columns_without_name_and_cells_are_left_out_and_a_row_may_end_early() -> None:
    sheet = open_rows(["text", None, "joy", "fear", "why", " "], ["a b", None, 1, 0], ["c d", "", 0, 1, "so", None])
    assert list(sheet.cells) == ["text", "joy", "fear", "why"] and sheet.cells["why"].tolist() == ["", "so"]
    with pytest.raises(DataError, match="row 3: it ends in column D, but the header in C; give each column a name"):
        open_rows(HEADER, ["a b", 1, 0], ["c d", 0, 1, "x"])
    with pytest.raises(DataError, match="the column '' is there twice"):
        open_rows(["text", "", "", "joy", "fear"], ["a b", "x", "x", 1, 0], ["c d", "x", "y", 0, 1])
    unnamed = open_rows(["", *HEADER], [0, "a b", 1, 0], [1, "c d", 0, 1])
    assert unnamed.reading.id_column == ""


def test_a_sheet_may_have_no_header() -> None:
    rows = [[f"so happy, number {row}", row % 2, row % 3 // 2, None, *["x"] * (row == 7)] for row in range(9)]
    sheet = open_rows(*rows)
    assert sheet.reading.header is False and list(sheet.cells) == ["column 1", "column 2", "column 3", "column 5"]
    assert sheet.cells.index.tolist() == list(range(1, 10))
    assert open_rows(["so happy", "glee", 0, "why", 1], *rows, header=True).reading.header is True


def test_hidden_rows_and_columns_are_read_and_merged_cells_are_empty_but_the_first() -> None:
    workbook = Workbook()
    for row in [[*HEADER, "who"], *([f"words {row}", row % 2, row % 3 // 2, "me"] for row in range(9))]:
        workbook.active.append(row)
    workbook.active.row_dimensions[3].hidden = True
    workbook.active.column_dimensions["B"].hidden = True
    workbook.active.merge_cells("D2:D4")
    sheet = open_sheet(DataFile("a.xlsx", save_workbook(workbook)), Reading())
    assert len(sheet.cells) == 9 and sheet.reading.labels == ("joy", "fear")
    assert sheet.cells["who"].tolist() == ["me", "", "", *["me"] * 6]


def test_the_first_sheet_that_is_shown_is_read_unless_another_is_named() -> None:
    workbook = Workbook()
    workbook.active.title = "notes"
    workbook.active.sheet_state = "hidden"
    workbook.create_chartsheet("chart").add_chart(BarChart())
    for name, texts in (("train", 3), ("test", 5)):
        sheet = workbook.create_sheet(name)
        for row in [HEADER, *([f"{name} {row}", row % 2, 1 - row % 2] for row in range(texts))]:
            sheet.append(row)
    content = save_workbook(workbook)
    first, other = read_form("a.xlsx", content), read_form("a.xlsx", content, sheet="test")
    assert (first.reading.sheet, len(first.frame), other.reading.sheet, len(other.frame)) == ("train", 3, "test", 5)
    assert dict(describe_reading(other.reading))["sheet"] == "test"
    with pytest.raises(DataError, match="no sheet 'dev'; it has 'notes', 'train', 'test'"):
        read_form("a.xlsx", content, sheet="dev")
    with pytest.raises(DataError, match="the sheet is empty; name another sheet"):
        read_form("a.xlsx", content, sheet="notes")


def test_a_sheet_can_be_named_for_excel_only_and_a_delimiter_not() -> None:
    with pytest.raises(DataError, match="'delimited' has no sheet to name"):
        read_form("a.csv", "text,joy,fear\n", sheet="train")
    with pytest.raises(DataError, match="'xlsx' has no delimiter to name"):
        read_form("a.xlsx", to_xlsx(ROWS), delimiter=",")


def test_of_a_formula_the_stored_result_counts() -> None:
    content = to_xlsx([[*HEADER, "more"], ["so happy", 1, 0, "=1+1"], ["so afraid", 0, 1, '=IF(B3,"x","")']])
    with pytest.raises(DataError, match=r"a\.xlsx, cell D2: a formula whose result is not stored; open the file in"):
        read_form("a.xlsx", content)

    def calculate(sheet: str) -> str:
        sheet = sheet.replace("<f>1+1</f><v />", "<f>1+1</f><v>2</v>")
        return sheet.replace('<c r="D3"><f>', '<c r="D3" t="str"><f>')

    calculated = change_part(content, SHEET, calculate)
    cells = open_sheet(DataFile("a.xlsx", calculated), Reading()).cells
    assert cells["more"].tolist() == ["2", ""]


def test_a_formula_without_result_in_another_sheet_is_no_matter() -> None:
    content = to_xlsx(ROWS, [*ROWS, ["=A1", 1, 0]])
    assert len(read_form("a.xlsx", content).frame) == 3
    with pytest.raises(DataError, match="cell A5: a formula"):
        read_form("a.xlsx", content, sheet="Sheet2")


def test_an_error_of_excel_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match="row 3, column C: an error of Excel, such as #N/A; correct its formula"):
        read_form("a.xlsx", to_xlsx([HEADER, ["so happy", 1, 0], ["so afraid", 0, "#N/A"]]))


def test_empty_rows_and_columns_that_count_as_used_are_left_out() -> None:
    workbook = Workbook()
    for row in ROWS:
        workbook.active.append(row)
    for row in range(1, 60):
        for column in range(1, 40):
            workbook.active.cell(row, column).fill = PatternFill("solid", "00FFFF00")
    content = save_workbook(workbook)
    assert read_form("a.xlsx", content).frame.shape == (3, 4)
    said = change_part(content, SHEET, lambda sheet: sheet.replace('ref="A1:AM59"', 'ref="A1:XFD1048576"'))
    assert said != content and read_form("a.xlsx", said).frame.shape == (3, 4)


@pytest.mark.timeout(20)
def test_a_million_empty_rows_take_no_time() -> None:
    rows = "".join(f'<row r="{row}" ht="15"/>' for row in range(5, 50_000))
    last = '<row r="1048576"><c r="C1048576"/></row>'
    content = change_part(
        to_xlsx(ROWS), SHEET, lambda sheet: sheet.replace("</sheetData>", f"{rows}{last}</sheetData>")
    )
    assert len(read_form("a.xlsx", content).frame) == 3


def test_a_path_is_read_and_a_copy_for_spreadsheets_undone(tmp_path: Any) -> None:
    content = to_xlsx([HEADER, ["'@ada", 1, 0], ["it's", 0, 1]])
    assert read_table(write_text(tmp_path / "a.xlsx", content)).frame["text"].tolist() == ["'@ada", "it's"]
    copy = write_text(tmp_path / "a.for-spreadsheets.xlsx", content)
    assert read_table(copy).frame["text"].tolist() == ["@ada", "it's"]


def test_cells_of_spaces_are_blank_and_columns_of_them_are_left_out() -> None:
    rows = [
        ["text", " ", "joy", " ", "anger"],
        *([f"so happy {row}", " ", row % 2, None, 1 - row % 2] for row in range(9)),
    ]
    table = read_form("a.xlsx", to_xlsx(rows))
    assert (table.labels, table.ignored_columns) == (("joy", "anger"), ())
