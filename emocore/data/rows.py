"""Cells that must not be empty, and how messages name rows."""

import re
from collections.abc import Sequence

import pandas as pd

from emocore.data.cells import cut_into_pieces
from emocore.data.source import quote_column
from emocore.errors import DataError
from emocore.text import counted, join_names

MOST_ROWS_NAMED = 5  # in one message
# Invisible characters: spaces, and those that Unicode says to draw as nothing.
INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]*"
)


def check_filled(cells: pd.Series, name: str, column: str, frame: pd.DataFrame, problem: str, remedy: str) -> None:
    """Raises DataError if there is nothing to see in a cell of the file `name`."""
    # Arrow's own regular expressions, which some versions of pandas take, know fewer kinds of space than Python's.
    pieces = cut_into_pieces(cells)
    empty = pd.concat([piece[[INVISIBLE.fullmatch(cell) is not None for cell in piece.tolist()]] for piece in pieces])
    if len(empty):
        raise DataError(
            f"{name}, row {empty.index[0]}, column {quote_column(name, column, frame.columns)}: {problem} "
            f"({count_rows(empty.index)}); {remedy}"
        )


def count_rows(rows: pd.Index) -> str:
    """3 such rows: 4, 7 and 9."""
    return f"{counted(len(rows), 'such row')}{f': {list_rows(rows, len(rows))}' if len(rows) > 1 else ''}"


def list_rows(rows: Sequence[int] | pd.Index, count: int) -> str:
    """4, 7 and 9; of many, the first ones "and 8 more". `rows` may hold fewer than the `count` that there are."""
    shown = [str(row) for row in rows[:MOST_ROWS_NAMED]]
    return join_names([*shown, f"{count - len(shown):,} more"] if count > len(shown) else shown)
