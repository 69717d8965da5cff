"""A copy for spreadsheets contains no formula and is read back as the original texts; other files keep their bytes."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.spreadsheet import (
    defuse,
    defuse_table,
    is_for_spreadsheets,
    name_for_spreadsheets,
    to_csv,
    undo,
    write_csv,
)
from emocore.data.table import read_table, read_texts

FORMULAS = ["=cmd|'/C calc'!A0", "+1+1", "-2", "@SUM(1)", "\tx", "\rx", "'=1", "''@x"]
HARMLESS = ["", "so happy", "'tis", "a=b", "''quoted''", "😂 = 1", "<b>"]


@pytest.mark.parametrize("cell", [*FORMULAS, *HARMLESS])
def test_only_what_a_spreadsheet_takes_for_a_formula_is_defused_and_it_comes_back(cell: str) -> None:
    assert defuse(cell) == (cell if cell in HARMLESS else f"'{cell}")
    assert undo(defuse(cell)) == cell


def test_the_name_says_so() -> None:
    assert name_for_spreadsheets("out.csv") == "out.for-spreadsheets.csv"
    assert is_for_spreadsheets("out.for-spreadsheets.csv") and is_for_spreadsheets("out.for-spreadsheets (1).csv")
    assert not is_for_spreadsheets("spreadsheets.csv")


def test_numbers_stay_numbers_and_names_are_defused_too() -> None:
    table = pd.DataFrame({"=name": ["@ada", None], "points": [-0.5, 2.0], "yes": [True, False]})
    copy = defuse_table(table)
    assert list(copy.columns) == ["'=name", "points", "yes"]
    assert copy["'=name"][0] == "'@ada" and pd.isna(copy["'=name"][1])
    pd.testing.assert_frame_equal(copy[["points", "yes"]], table[["points", "yes"]])
    assert table.columns[0] == "=name"


TEXTS = ["@ada so happy", "=1+1", "'=x", 'a "b", c', "two\nlines", "carriage\rreturn", "both\r\nof them", "-", "😂"]


@pytest.mark.parametrize("with_return", [True, False])
def test_texts_come_back_byte_for_byte_from_either_file(tmp_path: Path, with_return: bool) -> None:
    texts = [text for text in TEXTS if with_return or "\r" not in text]
    table = pd.DataFrame({"text": texts, "joy": [0.25] * len(texts)})
    out, copy = write_csv(tmp_path / "out.csv", table, for_spreadsheets=True)
    assert copy == tmp_path / "out.for-spreadsheets.csv"
    assert read_texts(str(out)) == read_texts(str(copy)) == texts
    assert [row[0] for row in csv.reader(io.StringIO(out.read_bytes().decode(), newline=""))][1:] == texts
    cells = [cell for row in csv.reader(io.StringIO(copy.read_bytes().decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert write_csv(out, table) == [out]


def test_a_table_of_labels_comes_back_too(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["@a", "-b"], "=anger": [1, 0], "joy": [0, 1]})
    for path in write_csv(tmp_path / "t.csv", table, for_spreadsheets=True):
        read = read_table(str(path))
        assert read.labels == ("=anger", "joy") and read.frame["text"].tolist() == ["@a", "-b"]


def test_a_file_is_replaced_in_one_step_and_a_link_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real.csv").write_text("old", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_csv(tmp_path / "link.csv", pd.DataFrame({"a": [1]}))
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "real.csv").read_text() == "a\n1\n"
    write_csv(Path("/dev/null"), pd.DataFrame({"a": [1]}))
    assert Path("/dev/null").is_char_device()


def test_a_table_without_returns_is_as_pandas_writes_it() -> None:
    table = pd.DataFrame({"text": ["a", 'b "c"'], "n": [1.5, None]})
    assert to_csv(table) == table.to_csv(index=False)
