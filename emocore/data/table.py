"""Read one data file into a checked table of texts and 0/1 labels.

Covered: CSV and TSV in UTF-8 with a header, a text column and at least two 0/1 label columns.
Not covered: lists of label names in one column, JSONL, parquet.
"""

import hashlib
import re
from dataclasses import dataclass, replace

import pandas as pd

from emocore.data.cells import parse_cells
from emocore.data.source import DataFile, quote_cell, quote_column, quote_columns, read_source
from emocore.emotions import KNOWN_EMOTIONS
from emocore.errors import DataError
from emocore.run.config import STARTER
from emocore.text import counted, join_names

TEXT_COLUMN_NAMES = ("tweet", "text", "message", "sentence", "comment", "content", "utterance", "post")
ID_COLUMN_NAMES = ("id", "row_id", "index", "tweet_id", "example_id", "")
# Columns of the checked table, of the stored predictions and of the output of `classify`.
RESERVED_COLUMNS = ("row_id", "text", "group_name", "split_name", "split", "predicted")
# A column of this name whose cells are all one of these says which split a text belongs to.
SPLIT_COLUMN, SPLIT_NAME = "split", "split_name"
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    "test": "test",
}

MOST_LABELS, LONGEST_LABEL = 200, 100
NO_LABEL_NAME = re.compile(r"[<>\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # markup, control, direction
LABEL_CELLS = ("0", "1", "0.0", "1.0")
LABEL_SHARE = 0.9  # of a column's cells; from this share on it is a label column, and other cells are errors
FIRST_ROWS = 20  # enough to see for most columns that they hold no numbers
MOST_ROWS_NAMED = 5  # in one message
# Invisible characters: spaces, and those that Unicode says to draw as nothing.
INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]*"
)


@dataclass(frozen=True)
class EmotionTable:
    """Texts with their labels.

    `frame` has the columns `row_id` (str), `text` (str), `group_name` (str, only if a group column was named),
    `split_name` (train, validation or test, only if the file says it) and one int8 column per label, in file order.
    `ignored_columns` are those that are none of these; `sha256` is of the file's bytes.
    """

    frame: pd.DataFrame
    labels: tuple[str, ...]
    name: str
    sha256: str
    ignored_columns: tuple[str, ...] = ()


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
    frame = parse_cells(file)
    text = _find_text_column(frame, text_column, label_columns, file.name, group_column)
    if _reads_as_labels(frame[text]):
        raise DataError(
            f"{file.name}, column {quote_column(file.name, text, frame.columns)}: it holds labels, 0 or 1, and no "
            "texts; name the column with the texts in the setting text_column"
        )
    if group_column:
        _check_group_column(frame, group_column, text, label_columns, file.name)
    candidates = [column for column in frame.columns if column not in (text, group_column)]
    labels = _find_labels(frame, candidates, label_columns, file.name)
    _check_label_names(frame, labels, file.name)
    _check_texts(frame[text], file.name, text, frame)
    others = [column for column in candidates if column not in labels]
    named = [column for column in others if column.lower() == SPLIT_COLUMN]
    splits = _read_splits(frame[named[0]]) if len(named) == 1 else None
    if splits is not None:
        others.remove(named[0])
    columns = {
        "row_id": pd.Series(_row_ids(frame, others), index=frame.index, dtype=object),
        "text": frame[text].str.strip(),
        **({"group_name": frame[group_column].str.strip()} if group_column else {}),
        **({SPLIT_NAME: splits} if splits is not None else {}),
        **{label: _binary_column(frame, label, file.name) for label in labels},
    }
    return EmotionTable(
        frame=pd.DataFrame(columns),
        labels=tuple(labels),
        name=file.name,
        sha256=hashlib.sha256(file.content).hexdigest(),
        ignored_columns=tuple(column for column in others if column.lower() not in ID_COLUMN_NAMES),
    )


def read_texts(source: str, text_column: str | None = None) -> list[str]:
    """Only the texts, for classifying; the CSV/TSV needs no labels. Raises DataError."""
    file = read_source(source)
    frame = parse_cells(file)
    column = _find_text_column(frame, text_column, None, file.name)
    _check_texts(frame[column], file.name, column, frame)
    return list(frame[column].str.strip())


def _find_text_column(
    frame: pd.DataFrame, wanted: str | None, label_columns: list[str] | None, name: str, group_column: str | None = None
) -> str:
    if wanted:
        if wanted not in frame.columns:
            raise DataError(f"{name}: no column {wanted!r}; it has {quote_columns(name, frame.columns)}")
        if wanted in (label_columns or []):
            raise DataError(f"{name}: text_column and label_columns both name {wanted!r}; take it out of one of them")
        return wanted
    named = [column for column in frame.columns if column.lower() in TEXT_COLUMN_NAMES]
    if named:
        return str(named[0])
    wordy = [
        column
        for column in frame.columns
        if column.lower() not in (*ID_COLUMN_NAMES, *KNOWN_EMOTIONS)
        and column not in (*(label_columns or []), group_column)
        and not _is_label_like(frame[column])
    ]
    if len(wordy) == 1:
        return str(wordy[0])
    raise DataError(
        f"{name}: no text column found in {quote_columns(name, frame.columns)}; "
        "call it 'text' or name it with the setting text_column"
    )


def _check_group_column(
    frame: pd.DataFrame, column: str, text: str, label_columns: list[str] | None, name: str
) -> None:
    """Raises DataError unless the column names a group of every text, and is neither text, label nor ID."""
    if column not in frame.columns:
        raise DataError(f"{name}: no group column {column!r}; it has {quote_columns(name, frame.columns)}")
    shown = f"{name}, column {quote_column(name, column, frame.columns)}"
    if column == text or column in (label_columns or []):
        kind = "texts" if column == text else "labels"
        raise DataError(f"{shown}: it holds the {kind}; name another column in the setting group_column")
    if _reads_as_labels(frame[column]):
        raise DataError(
            f"{shown}: it holds labels, 0 or 1, and no names of groups; name the column with the author or the thread "
            "in the setting group_column"
        )
    if column.lower() in ID_COLUMN_NAMES and frame[column].is_unique:
        raise DataError(
            f"{shown}: it is the ID, different in every row; name a column whose values several texts share in the "
            "setting group_column"
        )
    _check_filled(frame[column], name, column, frame, "the group is empty", "fill in a name; one text may be a group")


def _find_labels(frame: pd.DataFrame, candidates: list[str], wanted: list[str] | None, name: str) -> list[str]:
    if wanted:
        missing = [label for label in wanted if label not in candidates]
        if missing:
            columns = quote_columns(name, frame.columns)
            raise DataError(f"{name}: no label column {missing[0]!r}; it has {columns}")
        labels = list(wanted)
    else:
        labels = [
            column
            for column in candidates
            if column.lower() in KNOWN_EMOTIONS
            or (column.lower() not in ID_COLUMN_NAMES and _is_label_like(frame[column]))
        ]
    if not labels:
        raise DataError(f"{name}: no label columns; apart from the text it needs one column of 0 or 1 per emotion")
    if len(labels) == 1:
        label = quote_column(name, labels[0], frame.columns)
        raise DataError(f"{name}: only one label column ({label}); multi-label detection needs two or more")
    if len(labels) > MOST_LABELS:
        raise DataError(
            f"{name}: {len(labels):,} label columns; at most {MOST_LABELS} are learned, so name those in the setting "
            "label_columns"
        )
    return labels


def _check_label_names(frame: pd.DataFrame, labels: list[str], name: str) -> None:
    spellings: dict[str, str] = {}
    for label in labels:
        shown = quote_column(name, label, frame.columns)
        if label in RESERVED_COLUMNS or labels.count(label) > 1:
            raise DataError(f"{name}: the label column {shown} is named twice or by a reserved name; rename it")
        if NO_LABEL_NAME.search(label) or len(label) > LONGEST_LABEL:
            raise DataError(
                f"{name}: the label column {shown} has a < or > or a control character in its name, or more than "
                f"{LONGEST_LABEL} characters; rename it"
            )
        other = spellings.setdefault(label.casefold(), label)
        if other != label:
            other = quote_column(name, other, frame.columns)
            raise DataError(f"{name}: the label columns {other} and {shown} differ only in case; rename one of them")


def _binary_column(frame: pd.DataFrame, label: str, name: str) -> pd.Series:
    values = frame[label].str.strip().replace({"0.0": "0", "1.0": "1"})
    wrong = values[~values.isin(["0", "1"])]
    if len(wrong):
        raise DataError(
            f"{name}, row {wrong.index[0]}, column {quote_column(name, label, frame.columns)}: "
            f"{quote_cell(name, wrong.iloc[0])} where a label is 0 or 1 ({_count_rows(wrong.index)}). "
            "Correct it, or name the real label columns with the setting label_columns"
        )
    return values.astype("int8")


def _check_texts(texts: pd.Series, name: str, column: str, frame: pd.DataFrame) -> None:
    _check_filled(texts, name, column, frame, "the text is empty", "fill or remove them")


def _check_filled(cells: pd.Series, name: str, column: str, frame: pd.DataFrame, problem: str, remedy: str) -> None:
    empty = cells[cells.str.fullmatch(INVISIBLE)]
    if len(empty):
        raise DataError(
            f"{name}, row {empty.index[0]}, column {quote_column(name, column, frame.columns)}: {problem} "
            f"({_count_rows(empty.index)}); {remedy}"
        )


def _read_splits(column: pd.Series) -> pd.Series | None:
    """The split of each text; None if the column says something else, or has only one split."""
    splits = column.str.strip().str.lower().map(SPLIT_NAMES)
    return splits if splits.notna().all() and "train" in set(splits) and splits.nunique() > 1 else None


def _count_rows(rows: pd.Index) -> str:
    """3 such rows: 4, 7 and 9."""
    shown = [str(row) for row in rows[:MOST_ROWS_NAMED]]
    more = f"{len(rows) - MOST_ROWS_NAMED:,} more" if len(rows) > MOST_ROWS_NAMED else ""
    named = f": {join_names([*shown, more] if more else shown)}" if len(rows) > 1 else ""
    return f"{counted(len(rows), 'such row')}{named}"


def _row_ids(frame: pd.DataFrame, others: list[str]) -> list[str]:
    """The ID column if its values are unique, otherwise the row numbers of the file."""
    for column in others:
        if column.lower() in ID_COLUMN_NAMES and frame[column].is_unique:
            return frame[column].tolist()
    return [str(number) for number in frame.index]


def _is_label_like(column: pd.Series) -> bool:
    """Whether a column without a known name holds labels: most cells are 0 or 1, or all are numbers."""
    return _reads_as_labels(column) or all(_is_numeric(part) for part in (column.iloc[:FIRST_ROWS], column))


def _reads_as_labels(column: pd.Series) -> bool:
    return bool(column.str.strip().isin(LABEL_CELLS).mean() >= LABEL_SHARE)


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column.str.strip(), errors="coerce").notna().all())
