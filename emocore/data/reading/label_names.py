"""Labels in one column: their names or numbers, separated or as a list, or only one for each text."""

import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from emocore.data.cells import check_size, cut_into_pieces
from emocore.data.reading.encodings import check_text, find_encoding, open_lines
from emocore.data.reading.label_columns import LABEL_SHARE
from emocore.data.reading.names import (
    ID_COLUMN_NAMES,
    LABEL_COLUMN_NAMES,
    LONGEST_LABEL,
    MOST_LABELS,
    NO_LABEL_NAME,
)
from emocore.data.reading.record import Reading, Separator
from emocore.data.rows import check_filled, count_rows
from emocore.data.source import DataFile, quote_cell, quote_column, quote_columns, read_source
from emocore.errors import DataError

SEPARATORS: tuple[Separator, ...] = ("|", ";", ",")
WHOLE = re.compile(r"(\d{1,9})\.0+")  # a number that was among empty cells once
# One item of a list as Python prints it: in quotation marks without backslashes, or bare.
ITEM = re.compile(r"""(?:\s*+'([^'\\]*+)'\s*+|\s*+"([^"\\]*+)"\s*+|([^'",\[\]]++))(,|\Z)""")


def read_label_names(source: str) -> tuple[str, ...]:
    """The names in the file at a path, one per line, for the numbers from 0 on. Raises DataError."""
    return take_label_names(read_source(source))


def take_label_names(file: DataFile) -> tuple[str, ...]:
    """The same of a file that has been read. Raises DataError."""
    encoding = find_encoding(file, None)
    check_text(file, encoding)
    names = [line.strip() for line in open_lines(file, encoding, newline=None)]
    while not names[-1]:
        names.pop()
    if len(names) > MOST_LABELS:
        raise DataError(f"{file.name}: {len(names):,} lines; at most {MOST_LABELS} labels are learned")
    if "" in names:
        raise DataError(f"{file.name}, line {1 + names.index('')}: no name, but each line names a label; remove it")
    if len(set(names)) < len(names):
        twice = next(line for line, label in enumerate(names) if label in names[:line])
        raise DataError(f"{file.name}, line {1 + twice}: the same name as in a line above it; each is to be there once")
    return tuple(names)


def find_label_column(frame: pd.DataFrame, candidates: Sequence[str], wishes: Reading, name: str) -> str | None:
    """The wanted column; otherwise one of a usual name; otherwise the only one in which few names are repeated. None if
    there is no such. Raises DataError if the wanted one is not there."""
    if wishes.label_column:
        if wishes.label_column not in candidates:
            raise DataError(
                f"{name}: no column {wishes.label_column!r} for the labels; apart from texts, IDs and groups, it has "
                f"{quote_columns(name, candidates) or 'none'}"
            )
        return wishes.label_column
    named = [column for column in candidates if column.lower() in LABEL_COLUMN_NAMES]
    if named:
        return named[0]
    others = [column for column in candidates if column.lower() not in ID_COLUMN_NAMES]
    fitting = [column for column in others if _holds_names(frame[column], wishes)]
    return fitting[0] if len(fitting) == 1 else None


def find_names(frame: pd.DataFrame, column: str, wishes: Reading, name: str) -> Reading:
    """The wishes with form, separator and labels. Raises DataError if there is none."""
    separator = _find_separator(frame[column], wishes)
    form = wishes.label_form or ("names" if separator else "one")
    found = wishes.model_copy(update={"label_form": form, "label_column": column, "separator": separator})
    if wishes.labels:
        labels = list(wishes.labels)
    elif wishes.label_names:
        labels = list(wishes.label_names)
    else:
        parts = (_resolve(cell, found) for cell in frame[column].unique())
        labels = _sort({label for part in parts for label in part or ()})
    if not labels:
        shown = quote_column(name, column, frame.columns)
        raise DataError(f"{name}, column {shown}: no labels in it; name the column with them as the label column")
    return found.model_copy(update={"labels": tuple(labels)})


def read_names(frame: pd.DataFrame, reading: Reading, name: str) -> tuple[dict[str, pd.Series], list[str]]:
    """By label (rows,) int8; and the labels of texts that the reading leaves out. Raises DataError with the rows of
    cells that hold no labels."""
    column, labels = str(reading.label_column), reading.labels or ()
    cells = frame[column]
    if reading.label_form == "one":
        check_filled(cells, name, column, frame, "the label is empty", "fill in a label, or remove the row")
    codes, distinct = pd.factorize(cells)
    known = [_resolve(cell, reading) for cell in distinct]
    _check_cells(cells[np.array([own is None for own in known])[codes]], frame, reading, name)
    check_size(name, len(cells) * len(labels))
    places = {label: place for place, label in enumerate(labels)}
    matrix = np.zeros((len(known), len(labels)), dtype=np.int8)
    for row, own in enumerate(known):
        matrix[row, [places[label] for label in own or () if label in places]] = 1
    values = {label: pd.Series(matrix[codes, place], index=frame.index) for label, place in places.items()}
    return values, _sort({label for own in known for label in own or ()} - set(labels))


def _check_cells(wrong: pd.Series, frame: pd.DataFrame, reading: Reading, name: str) -> None:
    """Raises DataError if there are cells that hold no labels."""
    if not len(wrong):
        return
    place, problem = quote_column(name, str(reading.label_column), frame.columns), _describe_problem(reading)
    if len(wrong) > (1 - LABEL_SHARE) * len(frame):
        raise DataError(
            f"{name}, column {place}: {len(wrong):,} of its {len(frame):,} cells are {problem} (the first in row "
            f"{wrong.index[0]}); name another label column, another separator, or the right file of label names"
        )
    raise DataError(
        f"{name}, row {wrong.index[0]}, column {place}: {quote_cell(name, wrong.iloc[0])} is {problem} "
        f"({count_rows(wrong.index)}). Correct it"
    )


def _describe_problem(reading: Reading) -> str:
    if reading.label_names:
        return f"not among the {len(reading.label_names)} label names, nor their numbers from 0 on"
    if reading.separator == "list":
        return 'no list of labels, such as ["joy", "fear"]'
    return f"no name of a label (of at most {LONGEST_LABEL} characters without < and >)"


def _find_separator(column: pd.Series, wishes: Reading) -> Separator | None:
    """`list` if most cells are in brackets; otherwise the character that most of the cells have, if any has one."""
    if wishes.separator or wishes.label_form == "one":
        return wishes.separator
    filled = lists = 0
    counts = dict.fromkeys(SEPARATORS, 0)
    for piece in cut_into_pieces(column):
        cells = piece.str.strip()
        filled += int((cells != "").sum())
        lists += int((cells.str.startswith("[") & cells.str.endswith("]")).sum())
        for separator in SEPARATORS:
            counts[separator] += int(cells.str.contains(separator, regex=False).sum())
    if filled and lists / filled >= LABEL_SHARE:
        return "list"
    most = max(SEPARATORS, key=lambda separator: counts[separator])
    return most if counts[most] or wishes.label_form == "names" else None


def _holds_names(column: pd.Series, wishes: Reading) -> bool:
    """Whether there are at most half as many labels as texts, as none is in only one text on average."""
    reading = wishes.model_copy(update={"separator": _find_separator(column, wishes)})
    most = min(MOST_LABELS, len(column) / 2)
    labels: set[str] = set()
    named = 0
    for piece in cut_into_pieces(column):
        codes, distinct = pd.factorize(piece)
        counts = np.bincount(codes, minlength=len(distinct))
        for cell, count in zip(distinct, counts, strict=True):
            own = _resolve(cell, reading)
            labels.update(own or ())
            named += 0 if own is None else int(count)
            if len(labels) > most:  # as in a column of texts
                return False
    return len(labels) >= 2 and named / len(column) >= LABEL_SHARE


def _resolve(cell: str, reading: Reading) -> list[str] | None:
    """The labels in a cell by name; None if it holds anything else."""
    parts = _split(cell.strip(), reading.separator)
    if parts is None:
        return None
    names = reading.label_names
    found = []
    for part in parts:
        label = WHOLE.sub(r"\1", part) if WHOLE.fullmatch(part) else part
        if names and label not in names:
            if not re.fullmatch(r"[0-9]{1,9}", label) or int(label) >= len(names):
                return None
            label = names[int(label)]
        if len(label) > LONGEST_LABEL or NO_LABEL_NAME.search(label):
            return None
        found.append(label)
    return found


def _split(cell: str, separator: Separator | None) -> list[str] | None:
    """The parts of a cell, without empty ones; None if it should be a list and is none."""
    if separator == "list" and cell:
        parts = _split_list(cell)
        return None if parts is None else [part.strip() for part in parts if part.strip()]
    parts = cell.split(separator) if separator and separator != "list" else [cell]
    return [part.strip() for part in parts if part.strip()]


def _split_list(cell: str) -> list[str] | None:
    """The items of a list as JSON or as Python prints it."""
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        return _split_printed(cell)
    if not isinstance(items, list) or any(type(item) not in (str, int, float) for item in items):
        return None
    return [str(item) for item in items]


def _split_printed(cell: str) -> list[str] | None:
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    inside, place, parts = cell[1:-1].strip(), 0, []
    while place < len(inside):
        item = ITEM.match(inside, place)
        if item is None:
            return None
        parts.append(next((part for part in item.groups()[:3] if part is not None), ""))
        place = item.end()
    return parts


def _sort(labels: Iterable[str]) -> list[str]:
    """By number if all are numbers, otherwise by name."""
    names = sorted(labels)
    return sorted(names, key=int) if all(re.fullmatch(r"[0-9]{1,9}", name) for name in names) else names
