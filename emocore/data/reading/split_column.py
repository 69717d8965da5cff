"""The column of a file that says which split a text belongs to."""

from collections.abc import Iterable

import pandas as pd

from emocore.data.reading.record import Reading
from emocore.data.rows import count_rows
from emocore.data.source import quote_cell, quote_column, quote_columns
from emocore.errors import DataError
from emocore.text import join_names

SPLIT_COLUMN = "split"  # the name by which it is recognised
NO_SPLIT_COLUMN = ""  # as a wish: no column says the splits, whatever it is called
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    "test": "test",
}


def find_split_column(frame: pd.DataFrame, wishes: Reading, name: str) -> str | None:
    """The wanted column, or none if that is the wish; otherwise the only one named split, if it names training and
    another split. Raises DataError if it does not say of every text which split it belongs to: an official split must
    not be lost because of a cell."""
    if wishes.split_column == NO_SPLIT_COLUMN:
        return None
    if wishes.split_column:
        _check(frame, wishes.split_column, name)
        return wishes.split_column
    named = list_split_columns(frame.columns)
    if len(named) != 1:
        return None
    splits = set(read_splits(frame[named[0]]).dropna())
    if "train" not in splits or len(splits) < 2:
        return None
    _check(frame, named[0], name)
    return named[0]


def list_split_columns(columns: Iterable[str]) -> list[str]:
    """Those with the name by which the column of splits is recognised."""
    return [column for column in columns if column.lower() == SPLIT_COLUMN]


def read_splits(column: pd.Series) -> pd.Series:
    """The split of each text, missing where the column says something else."""
    return column.str.strip().str.lower().map(SPLIT_NAMES)


def _check(frame: pd.DataFrame, column: str, name: str) -> None:
    if column not in frame.columns:
        raise DataError(f"{name}: no column {column!r} for the splits; it has {quote_columns(name, frame.columns)}")
    splits, place = read_splits(frame[column]), quote_column(name, column, frame.columns)
    wrong = frame.loc[splits.isna(), column]
    if len(wrong):
        raise DataError(
            f"{name}, row {wrong.index[0]}, column {place}: {quote_cell(name, wrong.iloc[0])} where a split is "
            f"{join_names(SPLIT_NAMES, 'or')} ({count_rows(wrong.index)}). Correct it, remove the row, or "
            "rename the column if it means something else"
        )
    if "train" not in set(splits) or splits.nunique() < 2:
        raise DataError(
            f"{name}, column {place}: it names only the split {splits.iloc[0]}; it needs rows for training and others "
            "for evaluation"
        )
