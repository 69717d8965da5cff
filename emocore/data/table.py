"""Read one data file into a checked table of texts and 0/1 labels.

Covered: CSV and TSV in UTF-8 with a header, a text column and at least two 0/1 label columns.
Not covered: lists of label names in one column, JSONL, parquet.
"""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emocore.config import STARTER
from emocore.emotions import KNOWN_EMOTIONS
from emocore.errors import DataError

STARTER_FILE = Path(__file__).parent / "starter" / "messages.csv"
TEXT_COLUMN_NAMES = ("tweet", "text", "message", "sentence", "comment", "content", "utterance", "post")
ID_COLUMN_NAMES = ("id", "row_id", "index", "tweet_id", "example_id", "")

RESERVED_COLUMNS = ("row_id", "text", "split")  # of the checked table and of the stored predictions


@dataclass(frozen=True)
class EmotionTable:
    """Texts with their labels.

    `frame` has the columns `row_id` (str), `text` (str) and one int8 column a label, in file order.
    `ignored_columns` are those that are neither ID, text nor label; `sha256` is of the file's bytes.
    """

    frame: pd.DataFrame
    labels: tuple[str, ...]
    name: str
    sha256: str
    ignored_columns: tuple[str, ...] = ()


def read_table(source: str, text_column: str | None = None, label_columns: list[str] | None = None) -> EmotionTable:
    """Read and check `source` ("starter" or a path). Raises DataError with file, row and column."""
    path = resolve_source(source)
    content = _read_bytes(path)
    frame = _parse(content, path)
    text = _find_text_column(frame, text_column, label_columns, path)
    candidates = [column for column in frame.columns if column != text]
    labels = _find_labels(frame, candidates, label_columns, path)
    row_ids = _row_ids(frame, [column for column in candidates if column not in labels])
    cleaned = pd.DataFrame({"row_id": row_ids, "text": frame[text].str.strip()})
    _check_texts(cleaned["text"], text, path)
    for label in labels:
        cleaned[label] = _binary_column(frame[label], label, path)
    ignored = [c for c in candidates if c not in labels and c.strip().lower() not in ID_COLUMN_NAMES]
    return EmotionTable(
        frame=cleaned,
        labels=tuple(labels),
        name=STARTER if source == STARTER else path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        ignored_columns=tuple(ignored),
    )


def read_texts(source: str, text_column: str | None = None) -> list[str]:
    """The texts alone, for classifying: a CSV/TSV needs no labels here. Raises DataError."""
    path = resolve_source(source)
    frame = _parse(_read_bytes(path), path)
    column = _find_text_column(frame, text_column, None, path)
    texts = frame[column].str.strip()
    _check_texts(texts, column, path)
    return list(texts)


def resolve_source(source: str) -> Path:
    """The file behind a `data` setting. Raises DataError if there is none."""
    if not source.strip():
        raise DataError(f"no data file named; name a CSV or TSV, or '{STARTER}'")
    try:
        path = STARTER_FILE if source == STARTER else Path(source).expanduser().resolve()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{source[:100]}: not a usable path ({error})") from None
    if not exists:
        raise DataError(f"{source}: no such file; check the path ('{STARTER}' is the built-in set)")
    if not path.is_file():
        raise DataError(f"{source}: this is a folder; name the CSV or TSV file in it")
    return path


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}); check its permissions") from None


def _parse(content: bytes, path: Path) -> pd.DataFrame:
    """All columns as strings; blank cells as empty strings."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path.name}, line {line}: byte {error.start} is not UTF-8; save the file as UTF-8 and try again"
        ) from None
    if not text.strip():
        raise DataError(f"{path.name}: the file is empty; it needs a header line and rows below it")
    header = text.lstrip("\r\n").splitlines()[0]
    delimiter = "\t" if "\t" in header else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"{path.name}: not a readable CSV ({error}); check its quotation marks") from None
    return _to_frame(rows, path)


def _to_frame(rows: list[list[str]], path: Path) -> pd.DataFrame:
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in filled[0][1]]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path.name}: the column {twice[0]!r} is there twice; rename one of them")
    for number, row in filled[1:]:
        if len(row) != len(header):
            raise DataError(
                f"{path.name}, row {number}: {len(row)} cells where the header has {len(header)}; "
                "a text with commas or line breaks needs quotation marks"
            )
    if len(filled) == 1:
        raise DataError(f"{path.name}: only a header line; it needs rows below it")
    index = pd.Index([number for number, _ in filled[1:]], name="row")
    return pd.DataFrame([row for _, row in filled[1:]], columns=header, index=index, dtype=str)


def _find_text_column(frame: pd.DataFrame, wanted: str | None, label_columns: list[str] | None, path: Path) -> str:
    if wanted:
        if wanted not in frame.columns:
            raise DataError(f"{path.name}: no column {wanted!r}; its columns are {_names(frame.columns)}")
        return wanted
    named = [column for column in frame.columns if column.lower() in TEXT_COLUMN_NAMES]
    if named:
        return str(named[0])
    wordy = [
        column
        for column in frame.columns
        if not _is_numeric(frame[column])
        and column.lower() not in (*ID_COLUMN_NAMES, *KNOWN_EMOTIONS)
        and column not in (label_columns or [])
    ]
    if len(wordy) == 1:
        return str(wordy[0])
    raise DataError(
        f"{path.name}: no text column found in {_names(frame.columns)}; "
        "call it 'text' or name it with the setting text_column"
    )


def _find_labels(frame: pd.DataFrame, candidates: list[str], wanted: list[str] | None, path: Path) -> list[str]:
    if wanted:
        missing = [name for name in wanted if name not in candidates]
        if missing:
            raise DataError(f"{path.name}: no label column {missing[0]!r}; its columns are {_names(frame.columns)}")
        labels = list(wanted)
    else:
        labels = [
            column
            for column in candidates
            if column.lower() in KNOWN_EMOTIONS
            or (column.lower() not in ID_COLUMN_NAMES and _is_numeric(frame[column]))
        ]
    clash = [name for name in labels if name in RESERVED_COLUMNS or labels.count(name) > 1]
    if clash:
        raise DataError(f"{path.name}: the label column {clash[0]!r} is named twice or by a reserved name; rename it")
    markup = [name for name in labels if "<" in name or ">" in name]
    if markup:
        raise DataError(f"{path.name}: the label column {markup[0]!r} has a < or > in its name; rename it")
    if not labels:
        raise DataError(
            f"{path.name}: no label columns; beside the text it needs one column an emotion, holding 0 or 1"
        )
    if len(labels) == 1:
        raise DataError(f"{path.name}: one label column only ({labels[0]!r}); multi-label detection needs two or more")
    return labels


def _binary_column(column: pd.Series, label: str, path: Path) -> pd.Series:
    values = column.str.strip().replace({"0.0": "0", "1.0": "1"})
    wrong = values[~values.isin(["0", "1"])]
    if len(wrong):
        raise DataError(
            f"{path.name}, row {wrong.index[0]}, column {label!r}: "
            f"{wrong.iloc[0]!r} where a label is 0 or 1 ({len(wrong)} such rows). "
            "Correct it, or name the real label columns with the setting label_columns"
        )
    return values.astype("int8")


def _check_texts(texts: pd.Series, column: str, path: Path) -> None:
    empty = texts[texts == ""]
    if len(empty):
        raise DataError(
            f"{path.name}, row {empty.index[0]}, column {column!r}: the text is empty "
            f"({len(empty)} such rows); fill or remove them"
        )


def _row_ids(frame: pd.DataFrame, others: list[str]) -> list[str]:
    """The ID column where it is unique, otherwise the row numbers of the file."""
    for column in others:
        if column.lower() in ID_COLUMN_NAMES and frame[column].is_unique:
            return frame[column].tolist()
    return [str(number) for number in frame.index]


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column.str.strip(), errors="coerce").notna().all())


def _names(columns: pd.Index) -> str:
    return ", ".join(repr(str(column)) for column in columns)
