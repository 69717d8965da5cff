"""Labels that have a column each: of 0 and 1, of words such as yes and no, or of intensities with a cut."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emocore.data.cells import cut_into_pieces
from emocore.data.reading.names import ID_COLUMN_NAMES
from emocore.data.reading.record import USUAL_CUT, LabelCells, Reading
from emocore.data.rows import count_rows
from emocore.data.source import quote_cell, quote_column, quote_columns
from emocore.emotions import is_emotion_name
from emocore.errors import DataError

ZERO_OR_ONE = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
YES_OR_NO = {"false": 0, "no": 0, "true": 1, "yes": 1}
GRADES = ("0", "1", "2", "3", "0.0", "1.0", "2.0", "3.0")
LABEL_SHARE = 0.9  # of a column's cells; from this share on it is a label column, and other cells are errors
FIRST_ROWS = 20  # enough to see for most columns that they hold no numbers
MEANT = {"0/1": "0 or 1", "yes/no": "yes or no, or true or false", "intensities": "a number"}


def guess_cells(frame: pd.DataFrame, candidates: Sequence[str], wishes: Reading) -> LabelCells | None:
    """What two or more columns hold in nine cells of ten; None if they hold no labels.

    Intensities are guessed only from 0 to 3, where two columns have more than 0 and 1, or where every such column is
    that of a known emotion.
    """
    if wishes.label_cells or wishes.cut is not None:
        return wishes.label_cells or "intensities"
    wanted = wishes.labels if set(wishes.labels or ()) <= set(candidates) else None
    columns = wanted or [column for column in candidates if column.lower() not in ID_COLUMN_NAMES]
    zero_or_one = [column for column in columns if reads_as_labels(frame[column])]
    graded = [column for column in columns if column not in zero_or_one and _share(frame[column], GRADES)]
    has_grades = len(graded) >= 2 or all(is_emotion_name(column) for column in [*zero_or_one, *graded])
    if graded and has_grades and len(graded) + len(zero_or_one) >= 2:
        return "intensities"
    if len(zero_or_one) >= 2:
        return "0/1"
    if sum(_share(frame[column], YES_OR_NO) for column in columns) >= 2:
        return "yes/no"
    return None


def find_label_columns(frame: pd.DataFrame, candidates: Sequence[str], wishes: Reading, name: str) -> Reading:
    """The wishes with label cells, cut and labels. Raises DataError if there is none."""
    cells = guess_cells(frame, candidates, wishes) or "0/1"
    if wishes.labels:
        missing = [label for label in wishes.labels if label not in candidates]
        if missing:
            columns = quote_columns(name, frame.columns)
            raise DataError(f"{name}: no label column {missing[0]!r}; it has {columns}")
        labels = wishes.labels
    else:
        labels = tuple(column for column in candidates if _is_label_column(frame[column], column, cells))
    if not labels:
        other = "" if wishes.label_form else ", or one column with the names of all labels, which you can name"
        raise DataError(
            f"{name}: no label columns; apart from the text it needs one column of 0 or 1 per emotion{other}"
        )
    cut = None if cells != "intensities" else USUAL_CUT if wishes.cut is None else wishes.cut
    return wishes.model_copy(update={"label_form": "columns", "label_cells": cells, "cut": cut, "labels": labels})


def read_label_column(frame: pd.DataFrame, label: str, reading: Reading, name: str) -> pd.Series:
    """(rows,) int8. Raises DataError with the rows of other cells."""
    codes, distinct = pd.factorize(frame[label])
    values = _read_values(pd.Series(distinct).str.strip(), reading)
    wrong = frame[label][np.isnan(values)[codes]].str.strip()
    if len(wrong):
        raise DataError(
            f"{name}, row {wrong.index[0]}, column {quote_column(name, label, frame.columns)}: "
            f"{quote_cell(name, wrong.iloc[0])} where a label is {MEANT[reading.label_cells or '0/1']} "
            f"({count_rows(wrong.index)}). Correct it, or name the real label columns with the setting label_columns"
        )
    return pd.Series(values.astype(np.int8)[codes], index=frame.index)


def _read_values(cells: pd.Series, reading: Reading) -> np.ndarray:
    """(cells,) 0 or 1, NaN where a cell is neither."""
    if reading.label_cells == "intensities" and reading.cut is not None:
        numbers = pd.to_numeric(cells, errors="coerce")
        values = (numbers >= reading.cut).astype(float).where(numbers.abs() < float("inf"))
    else:
        values = cells.str.lower().map(ZERO_OR_ONE if reading.label_cells == "0/1" else YES_OR_NO)
    return values.to_numpy(dtype=float)


def reads_as_labels(column: pd.Series) -> bool:
    return _share(column, ZERO_OR_ONE)


def is_label_like(column: pd.Series) -> bool:
    """Whether a column without a known name holds labels: most cells are 0 or 1, or all are numbers."""
    return reads_as_labels(column) or all(
        _is_numeric(piece) for piece in (column.iloc[:FIRST_ROWS], *cut_into_pieces(column))
    )


def is_yes_or_no(column: pd.Series) -> bool:
    return _share(column, YES_OR_NO)


def _is_label_column(column: pd.Series, name: str, cells: LabelCells) -> bool:
    if is_emotion_name(name):
        return bool((column.str.strip() != "").any())  # an emotion that was not annotated at all may have a column
    if name.lower() in ID_COLUMN_NAMES:
        return False
    return is_yes_or_no(column) if cells == "yes/no" else is_label_like(column) or _share(column, GRADES)


def _share(column: pd.Series, known: Sequence[str] | dict[str, int]) -> bool:
    """Whether nine cells in ten are one of the known."""
    found = sum(piece.str.strip().str.lower().isin(list(known)).sum() for piece in cut_into_pieces(column))
    return bool(found / len(column) >= LABEL_SHARE)


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column.str.strip(), errors="coerce").notna().all())
