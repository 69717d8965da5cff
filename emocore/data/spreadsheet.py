"""Tables as CSV: texts byte for byte, and copies that are safe to open in a spreadsheet.

A third of all tweets begin with @, which a spreadsheet may take for a formula, like = + - or a tab. A copy for
spreadsheets has an apostrophe before such cells and says so in its name. When it is read, the apostrophes are removed.
"""

import csv
import re
from pathlib import Path
from typing import Literal

import pandas as pd
from pandas.api.types import is_numeric_dtype

from emocore.system.files import write_atomically

MARK = ".for-spreadsheets"  # before the suffix of a file's name
# Includes apostrophes that are already there, so that the added one can be told apart.
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def name_for_spreadsheets(name: str) -> str:
    """out.for-spreadsheets.csv"""
    path = Path(name)
    return f"{path.stem}{MARK}{path.suffix}"


def is_for_spreadsheets(name: str) -> bool:
    """Whether a file is a copy for spreadsheets, even if a browser added a number to its name."""
    return MARK in name


def defuse(cell: str) -> str:
    """'@ada for @ada, which a spreadsheet then shows as text."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def undo(cell: str) -> str:
    """The original cell: undoes `defuse`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def defuse_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same numbers, with every text and every column's name defused."""
    parts = {
        defuse(str(name)): column if is_numeric_dtype(column) else column.map(_defuse_any)
        for name, column in table.items()
    }
    return pd.DataFrame(parts, index=table.index)


def to_csv(table: pd.DataFrame) -> str:
    """CSV without the index. All texts are quoted if one contains a carriage return, which would end its row."""
    texts = [column for _, column in table.items() if not is_numeric_dtype(column)]
    has_returns = any(column.astype(str).str.contains("\r", regex=False).any() for column in texts)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if has_returns else csv.QUOTE_MINIMAL
    return table.to_csv(index=False, lineterminator="\n", quoting=quoting)


def write_csv(path: Path, table: pd.DataFrame, for_spreadsheets: bool = False) -> list[Path]:
    """Write the table and, with `for_spreadsheets`, a copy next to it. Each is written in one step, so that a full disk
    leaves no partial file. Returns the paths. Raises OSError."""
    texts = {path: to_csv(table)}
    if for_spreadsheets:
        texts[path.with_name(name_for_spreadsheets(path.name))] = to_csv(defuse_table(table))
    for place, text in texts.items():
        if place.exists() and not place.is_file():  # a pipe or a terminal cannot be replaced
            with place.open("w", encoding="utf-8", newline="") as stream:
                stream.write(text)
        else:
            write_atomically(place.resolve(), text)
    return list(texts)


def _defuse_any(value: object) -> object:
    return defuse(value) if isinstance(value, str) else value
