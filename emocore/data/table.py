"""Read one data file into a checked table of texts and 0/1 labels.

A file of any form that `emocore.data.reading` knows is read; what it does not say itself is guessed, and the guess is
part of the table. A CSV or TSV that only a path names is read without a guess: UTF-8 with a header and 0/1 columns.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from emocore.data.cells import Progress, cut_into_pieces, is_unique, strip_cells
from emocore.data.reading.delimited import plain_reading
from emocore.data.reading.formats import find_format, read_cells
from emocore.data.reading.label_columns import is_label_like, is_yes_or_no, reads_as_labels
from emocore.data.reading.labels import find_labels, read_labels
from emocore.data.reading.names import (
    ID_COLUMN_NAMES,
    LABEL_COLUMN_NAMES,
    LONGEST_LABEL,
    MOST_LABELS,
    NO_LABEL_NAME,
    TEXT_COLUMN_NAMES,
)
from emocore.data.reading.record import Reading
from emocore.data.reading.split_column import NO_SPLIT_COLUMN, find_split_column, list_split_columns, read_splits
from emocore.data.rows import check_filled
from emocore.data.source import DataFile, quote_cell, quote_column, quote_columns, read_source
from emocore.emotions import is_emotion_name
from emocore.errors import DataError
from emocore.run.config import STARTER

# Columns of the checked table, of the stored predictions and of the output of `classify`.
RESERVED_COLUMNS = ("row_id", "text", "group_name", "split_name", "split", "predicted")
SPLIT_NAME = "split_name"
SPACED_SHARE = 0.5  # of a column's cells; with so many spaces it holds texts rather than names


@dataclass(frozen=True)
class EmotionTable:
    """Texts with their labels.

    `frame` has the columns `row_id` (str), `text` (str), `group_name` (str, only if a group column was named),
    `split_name` (train, validation or test, only if the file says it) and one int8 column per label: in file order, in
    that of the file of label names, or sorted. `reading` says how the file was read, and reads it again in the same
    way. `ignored_columns` are those that are none of these, `ignored_labels` those of texts that were not wanted;
    `sha256` is of the file's bytes. A person corrected `corrected_labels` of the labels after models had been seen.
    """

    frame: pd.DataFrame
    labels: tuple[str, ...]
    name: str
    sha256: str
    reading: Reading
    ignored_columns: tuple[str, ...] = ()
    ignored_labels: tuple[str, ...] = ()
    corrected_labels: int = 0


@dataclass(frozen=True)
class Sheet:
    """The cells of a file by the numbers of its rows, and how they are to be read.

    Every column of `cells` holds strings, "" for a blank cell; one of few distinct cells is a pandas categorical.
    """

    file: DataFile
    cells: pd.DataFrame
    reading: Reading


def read_table(
    source: str,
    text_column: str | None = None,
    label_columns: list[str] | None = None,
    group_column: str | None = None,
) -> EmotionTable:
    """Read and check `source` ("starter" or a path). Raises DataError with file, row and column."""
    table = check_table(read_source(source), text_column, label_columns, group_column)
    return replace(table, name=STARTER) if source == STARTER else table


def check_table(
    file: DataFile,
    text_column: str | None = None,
    label_columns: list[str] | None = None,
    group_column: str | None = None,
) -> EmotionTable:
    """The table in a file that has been read. Raises DataError as `read_table` does."""
    named = {"text_column": text_column, "group_column": group_column, "labels": tuple(label_columns or ()) or None}
    return take_table(open_sheet(file, _usual_wishes(file).model_copy(update=named)))


def read_texts(source: str, text_column: str | None = None) -> list[str]:
    """Only the texts, for classifying; the file needs no labels. Raises DataError."""
    file = read_source(source)
    frame, wishes = read_cells(file, _usual_wishes(file))
    column = _find_text_column(frame, wishes.model_copy(update={"text_column": text_column}), file.name)
    _check_texts(frame, column, file.name)
    return list(strip_cells(frame[column]))


def open_sheet(file: DataFile, wishes: Reading, progress: Progress | None = None) -> Sheet:
    """Read the cells, and guess what the wishes leave open. `progress` is called with the number of rows read so far.
    Raises DataError if something cannot be read or guessed."""
    frame, wishes = read_cells(file, wishes, progress)
    text = _find_text_column(frame, wishes, file.name)
    if reads_as_labels(frame[text]):
        raise DataError(
            f"{file.name}, column {quote_column(file.name, text, frame.columns)}: it holds labels, 0 or 1, and no "
            "texts; name the column with the texts in the setting text_column"
        )
    if wishes.group_column:
        _check_group_column(frame, wishes.group_column, text, wishes.labels, file.name)
    split = find_split_column(frame, wishes, file.name)
    unused = list_split_columns(frame.columns) if wishes.split_column == NO_SPLIT_COLUMN else []
    taken = (text, wishes.group_column, split, *unused)
    others = [column for column in frame.columns if column not in taken]
    candidates = [column for column in others if column != wishes.id_column]
    reading = find_labels(frame, candidates, wishes, file.name)
    _check_labels(frame, reading, file.name)
    others = [column for column in others if column not in (*(reading.labels or ()), reading.label_column)]
    id_column = _find_id_column(frame, others, reading, file.name)
    found = {"text_column": text, "id_column": id_column, "split_column": split}
    return Sheet(file, frame, reading.model_copy(update=found))


def take_table(sheet: Sheet) -> EmotionTable:
    """The table in the cells. Raises DataError with row and column if a text is empty or a label is none."""
    frame, reading, name = sheet.cells, sheet.reading, sheet.file.name
    text, group = str(reading.text_column), reading.group_column
    _check_texts(frame, text, name)
    values, left_out = read_labels(frame, reading, name)
    split = reading.split_column
    ids = pd.Series(frame.index, index=frame.index) if reading.id_column is None else frame[reading.id_column]
    columns = {
        "row_id": ids.astype(str),
        "text": strip_cells(frame[text]),
        **({"group_name": strip_cells(frame[group])} if group else {}),
        **({SPLIT_NAME: read_splits(frame[split])} if split else {}),
        **values,
    }
    used = {text, group, split, reading.id_column, reading.label_column, *values}
    return EmotionTable(
        frame=pd.DataFrame(columns),
        labels=tuple(values),
        name=name,
        sha256=hashlib.sha256(sheet.file.content).hexdigest(),
        reading=reading,
        ignored_columns=tuple(
            column for column in frame.columns if column not in used and column.lower() not in ID_COLUMN_NAMES
        ),
        ignored_labels=tuple(left_out),
    )


def _usual_wishes(file: DataFile) -> Reading:
    """A guess at the form of a CSV or TSV should be confirmed, so none is made; other formats say what they are."""
    return plain_reading(file.content) if find_format(file) == "delimited" else Reading()


def _find_text_column(frame: pd.DataFrame, wishes: Reading, name: str) -> str:
    wanted = wishes.text_column
    if wanted is not None:
        if wanted not in frame.columns:
            raise DataError(f"{name}: no column {wanted!r}; it has {quote_columns(name, frame.columns)}")
        if wanted in (wishes.labels or ()) and wishes.label_form in ("columns", None):
            raise DataError(f"{name}: text_column and label_columns both name {wanted!r}; take it out of one of them")
        return wanted
    named = [column for column in frame.columns if column.lower() in TEXT_COLUMN_NAMES]
    if named:
        return str(named[0])
    taken = (*(wishes.labels or ()), wishes.group_column, wishes.id_column, wishes.label_column)
    wordy = [
        str(column)
        for column in frame.columns
        if column.lower() not in ID_COLUMN_NAMES
        and not is_emotion_name(column)
        and column not in taken
        and not is_label_like(frame[column])
    ]
    free = [column for column in wordy if column.lower() not in LABEL_COLUMN_NAMES and not is_yes_or_no(frame[column])]
    spaced = [column for column in free if _has_spaces(frame[column])]
    for found in (wordy, free, spaced):
        if len(found) == 1:
            return found[0]
    raise DataError(
        f"{name}: no text column found in {quote_columns(name, frame.columns)}; "
        "call it 'text' or name it with the setting text_column"
    )


def _has_spaces(column: pd.Series) -> bool:
    spaced = sum(piece.str.strip().str.contains(" ", regex=False).sum() for piece in cut_into_pieces(column))
    return bool(spaced > SPACED_SHARE * len(column))


def _check_group_column(frame: pd.DataFrame, column: str, text: str, labels: Sequence[str] | None, name: str) -> None:
    """Raises DataError unless the column names a group of every text, and is neither text, label nor ID."""
    if column not in frame.columns:
        raise DataError(f"{name}: no group column {column!r}; it has {quote_columns(name, frame.columns)}")
    shown = f"{name}, column {quote_column(name, column, frame.columns)}"
    if column == text or column in (labels or ()):
        kind = "texts" if column == text else "labels"
        raise DataError(f"{shown}: it holds the {kind}; name another column in the setting group_column")
    if reads_as_labels(frame[column]):
        raise DataError(
            f"{shown}: it holds labels, 0 or 1, and no names of groups; name the column with the author or the thread "
            "in the setting group_column"
        )
    if column.lower() in ID_COLUMN_NAMES and is_unique(frame[column]):
        raise DataError(
            f"{shown}: it is the ID, different in every row; name a column whose values several texts share in the "
            "setting group_column"
        )
    check_filled(frame[column], name, column, frame, "the group is empty", "fill in a name; one text may be a group")


def _check_labels(frame: pd.DataFrame, reading: Reading, name: str) -> None:
    """Raises DataError if there is only one label, too many, or one that cannot have its name."""
    labels = reading.labels or ()
    thing = "label column" if reading.label_form == "columns" else "label"

    def show(label: str) -> str:
        return quote_column(name, label, frame.columns) if label in frame.columns else quote_cell(name, label)

    if len(labels) == 1:
        raise DataError(f"{name}: only one {thing} ({show(labels[0])}); multi-label detection needs two or more")
    if len(labels) > MOST_LABELS:
        raise DataError(
            f"{name}: {len(labels):,} {thing}s; at most {MOST_LABELS} are learned, so name those in the setting "
            "label_columns"
        )
    spellings: dict[str, str] = {}
    for label in labels:
        shown = show(label)
        if label in RESERVED_COLUMNS or labels.count(label) > 1:
            raise DataError(f"{name}: the {thing} {shown} is named twice or by a reserved name; rename it")
        if NO_LABEL_NAME.search(label) or len(label) > LONGEST_LABEL:
            raise DataError(
                f"{name}: the {thing} {shown} has a < or > or a control character in its name, or more than "
                f"{LONGEST_LABEL} characters; rename it"
            )
        other = spellings.setdefault(label.casefold(), label)
        if other != label:
            raise DataError(f"{name}: the {thing}s {show(other)} and {shown} differ only in case; rename one of them")


def _find_id_column(frame: pd.DataFrame, others: Sequence[str], wishes: Reading, name: str) -> str | None:
    """The wanted column, or one with the name of an ID (without a header, one without spaces), if its values are
    unique; None stands for the numbers of the rows."""
    wanted = wishes.id_column
    if wanted is not None:
        if wanted not in others:
            columns = quote_columns(name, others) or "none"
            raise DataError(
                f"{name}: no column {wanted!r} for the IDs; apart from texts, labels and groups, it has {columns}"
            )
        if not is_unique(frame[wanted]):
            raise DataError(
                f"{name}, column {quote_column(name, wanted, frame.columns)}: an ID is there twice; name another "
                "column, or none, which numbers the rows"
            )
        return wanted
    for column in others:
        is_named = column.lower() in ID_COLUMN_NAMES
        if (is_named or (wishes.header is False and _reads_as_ids(frame[column]))) and is_unique(frame[column]):
            return column
    return None


def _reads_as_ids(column: pd.Series) -> bool:
    return bool(column.str.fullmatch(r"\S+").all())


def _check_texts(frame: pd.DataFrame, column: str, name: str) -> None:
    check_filled(frame[column], name, column, frame, "the text is empty", "fill or remove them")
