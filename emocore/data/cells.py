"""A table of strings, in which files of every format are before their labels are read, and its limits.

Files that are too large to be in memory several times are refused.
"""

import json
import re
from collections.abc import Sequence

import pandas as pd

from emocore.data.source import DataFile, quote_column
from emocore.errors import DataError

MOST_COLUMNS = 1_000
MOST_CELLS = 20_000_000  # a cell takes 8 to 60 bytes or more, twice for a moment
NO_TEXT = re.compile(r"[\0\ud800-\udfff]")  # NUL, and halves of characters, which cannot be encoded


def make_frame(header: Sequence[str], numbers: Sequence[int], cells: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Every column as strings, with "" for blank cells; the index has the numbers of the rows."""
    return pd.DataFrame(cells, columns=list(header), index=pd.Index(numbers, name="row"), dtype=str)


def check_columns(file: DataFile, names: Sequence[str]) -> None:
    """Raises DataError if there are too many columns, or two of one name."""
    check_width(file, len(names))
    if len(set(names)) < len(names):
        twice = next(name for name in sorted(names) if list(names).count(name) > 1)
        raise DataError(f"{file.name}: the column {quote_column(file.name, twice, names)} is there twice; rename one")


def check_width(file: DataFile, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise DataError(f"{file.name}: {columns:,} columns; at most {MOST_COLUMNS:,} are read, so leave some out")


def check_size(name: str, cells: int) -> None:
    """Raises DataError if the table of the file `name` would have too many cells."""
    if cells > MOST_CELLS:
        raise DataError(
            f"{name}: more than {MOST_CELLS:,} cells are not read; leave out columns or rows that are not used"
        )


def to_cell(value: object) -> str:
    """A value of JSON or parquet as a CSV would hold it: "", "true", "27", "0.5", or a list as JSON.

    Raises ValueError for what no text has, RecursionError for lists within lists, a thousand deep.
    """
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, str):
        cell = value
    elif isinstance(value, bool | int | float):
        cell = str(value).lower()
    elif isinstance(value, list | dict | tuple):
        cell = json.dumps(value, ensure_ascii=False, default=str)
    else:
        cell = str(value)
    if found := NO_TEXT.search(cell):
        what = "a NUL character" if found[0] == "\0" else "half of a character"
        raise ValueError(f"{what}, which no text has; take it out")
    return cell
