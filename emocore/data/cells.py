"""A table of strings, in which files of every format are before their labels are read: its limits and its cells.

Long columns are looked at in pieces, so that only few cells are Python strings at a time.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from emocore.data.source import DataFile, quote_column
from emocore.errors import DataError

MOST_COLUMNS = 1_000
MOST_CELLS = 20_000_000
PIECE_ROWS = 20_000
NO_TEXT = re.compile(r"[\0\ud800-\udfff]")  # NUL, and halves of characters, which cannot be encoded

# Called with the number of rows that have been read so far.
Progress = Callable[[int], None]


def cut_into_pieces(column: pd.Series) -> Iterator[pd.Series]:
    """The column in pieces, at least one, so that what is made of a piece is not in memory for all cells at a time."""
    for start in range(0, max(1, len(column)), PIECE_ROWS):
        yield column.iloc[start : start + PIECE_ROWS]


def strip_cells(column: pd.Series) -> pd.Series:
    """Strings without spaces around them. A piece in which none has any shares the memory of the column."""
    pieces = []
    for piece in cut_into_pieces(column.astype(str)):
        stripped = piece.str.strip()
        pieces.append(piece if stripped.equals(piece) else stripped)
    return pd.concat(pieces)


def is_unique(column: pd.Series) -> bool:
    """Whether no cell is there twice. Only cells of equal hashes are compared; a set of all would take much memory."""
    pieces = [pd.util.hash_array(piece.to_numpy(dtype=object), categorize=False) for piece in cut_into_pieces(column)]
    hashes = np.concatenate(pieces)
    ordered = np.sort(hashes)
    equal = ordered[1:][ordered[1:] == ordered[:-1]]
    return not len(equal) or bool(column[np.isin(hashes, equal)].is_unique)


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
    elif isinstance(value, bytes):
        try:
            cell = value.decode()
        except UnicodeDecodeError:
            raise ValueError("bytes that are no text in UTF-8; write the column as texts") from None
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
