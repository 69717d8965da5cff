"""Finds and reads the file of a `data` setting, and decides what a message may quote from it.

Others may see a message in a log or on a page. It quotes a column only if that looks like a column's name, and a cell
only if it is short and plain, and both only if the file is named like a data file.
"""

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emocore.data.hub.address import is_address
from emocore.errors import DataError
from emocore.run.config import STARTER
from emocore.system.files import read_bytes
from emocore.text import counted

STARTER_FILE = Path(__file__).parent / "starter" / "messages.csv"
DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")  # of the files that a page reads
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
QUOTED_SUFFIXES = (*DATA_SUFFIXES, *JSON_SUFFIXES, ".parquet")
MOST_DATA_BYTES = 200 * 10**6  # a hundred times SemEval-2018; reading it takes several times as much memory
MOST_NAMED = 40  # columns in one message

COLUMN_NAME = re.compile(r"[\w \-.&'/()]{0,40}")
PLAIN_CELL = re.compile(r"[+-]?[\w.]{0,12}")
NO_FILES = (
    (stat.S_ISDIR, "a folder; name the CSV or TSV file in it"),
    (stat.S_ISFIFO, "a pipe; write its content to a CSV or TSV file and name that"),
    (stat.S_ISSOCK, "a socket; name a CSV or TSV file"),
    (stat.S_ISCHR, "a device; name a CSV or TSV file"),
    (stat.S_ISBLK, "a device; name a CSV or TSV file"),
)


@dataclass(frozen=True)
class DataFile:
    """A file's name without its folder, and its content."""

    name: str
    content: bytes


def quote_column(file_name: str, name: str, columns: Iterable[str]) -> str:
    """'joy', or its number among the file's `columns`."""
    return repr(name) if _may_quote(file_name, name, COLUMN_NAME) else f"number {1 + list(columns).index(name)}"


def quote_columns(file_name: str, columns: Iterable[str]) -> str:
    """'anger', 'joy' and so on, or only their number if one of them does not look like a name."""
    return quote_names(file_name, columns, "column")


def quote_names(file_name: str, names: Iterable[str], thing: str) -> str:
    """As `quote_columns`, for columns or other things that a file names."""
    listed = list(names)
    if not all(_may_quote(file_name, name, COLUMN_NAME) for name in listed):
        return f"{counted(len(listed), thing)} (not named here, as they do not look like those of a data file)"
    more = f" and {len(listed) - MOST_NAMED:,} more" if len(listed) > MOST_NAMED else ""
    return ", ".join(map(repr, listed[:MOST_NAMED])) + more


def quote_cell(file_name: str, cell: str) -> str:
    """'yes', or its length."""
    return repr(cell) if _may_quote(file_name, cell, PLAIN_CELL) else f"a text of {len(cell):,} characters"


def _may_quote(file_name: str, words: str, form: re.Pattern[str]) -> bool:
    return Path(file_name).suffix.lower() in QUOTED_SUFFIXES and form.fullmatch(words) is not None


def is_named_like_data(name: str) -> bool:
    return Path(name).suffix.lower() in DATA_SUFFIXES


def resolve_source(source: str) -> Path:
    """The regular file of a `data` setting, with links resolved. Raises DataError that says what is there instead."""
    if not source.strip():
        raise DataError(f"no data file named; name a CSV or TSV, or '{STARTER}'")
    if source == STARTER:
        return STARTER_FILE
    shown = source[:200]
    if is_address(source):
        raise DataError(f"{shown}: register this first, and name it then: `python -m emocore data add NAME {shown}`")
    try:
        named = Path(source).expanduser()
        mode = named.stat().st_mode
        path = named.resolve()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{shown}: no such file; check the path ('{STARTER}' is the built-in set)") from None
    except (OSError, RuntimeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{shown[:100]}: not a usable path ({why})") from None
    for is_kind, kind in NO_FILES:
        if is_kind(mode):
            raise DataError(f"{shown}: this is {kind}")
    if path.parts[1:2] in (("proc",), ("sys",)):  # regular files, but reading one may block or act
        raise DataError(f"{shown}: this is a file of the kernel; name a CSV or TSV file")
    return path


def read_source(source: str) -> DataFile:
    """Read the file of a `data` setting. Raises DataError if it does not exist, cannot be read or is too large."""
    path = resolve_source(source)
    try:
        return DataFile(path.name, read_bytes(path, MOST_DATA_BYTES))
    except PermissionError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}); check its permissions") from None
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}); name a smaller or another file") from None
