"""The labels of a file, in whichever form they are."""

from collections.abc import Sequence

import pandas as pd

from emocore.data.reading.label_columns import find_label_columns, guess_cells, read_label_column
from emocore.data.reading.label_names import find_label_column, find_names, read_names
from emocore.data.reading.record import Reading
from emocore.emotions import is_emotion_name
from emocore.errors import DataError


def find_labels(frame: pd.DataFrame, candidates: Sequence[str], wishes: Reading, name: str) -> Reading:
    """The wishes with form and labels; `candidates` are the columns that are neither texts nor groups. Raises
    DataError if there are none."""
    column = None if _are_columns(frame, candidates, wishes) else find_label_column(frame, candidates, wishes, name)
    if column:
        return find_names(frame, column, wishes, name)
    if wishes.label_form in ("names", "one") or wishes.label_names or wishes.separator:
        raise DataError(f"{name}: no column with names or numbers of labels found; name it as the label column")
    return find_label_columns(frame, candidates, wishes, name)


def read_labels(frame: pd.DataFrame, reading: Reading, name: str) -> tuple[dict[str, pd.Series], list[str]]:
    """By label (rows,) int8; and labels of texts that the reading leaves out. Raises DataError with rows."""
    if reading.label_form != "columns":
        return read_names(frame, reading, name)
    return {label: read_label_column(frame, label, reading, name) for label in reading.labels or ()}, []


def _are_columns(frame: pd.DataFrame, candidates: Sequence[str], wishes: Reading) -> bool:
    """Whether each label has a column; a wish decides, otherwise two columns of label cells or of known emotions."""
    if wishes.label_form:
        return wishes.label_form == "columns"
    if wishes.label_names or wishes.label_column or wishes.separator:
        return False
    if wishes.labels and all(label in candidates for label in wishes.labels):
        return True
    return (
        guess_cells(frame, candidates, wishes) is not None or sum(is_emotion_name(column) for column in candidates) >= 2
    )
