"""What a file is, by its first bytes and its name; and its cells."""

import re
from pathlib import Path

import pandas as pd

from emocore.data.cells import Progress
from emocore.data.reading.delimited import read_delimited
from emocore.data.reading.json_objects import read_json
from emocore.data.reading.package import is_workbook, list_sheets
from emocore.data.reading.parquet import read_parquet
from emocore.data.reading.record import FileFormat, Reading
from emocore.data.source import JSON_SUFFIXES, DataFile
from emocore.errors import DataError

ZIP = b"PK\x03\x04"
OTHER_FILES = (
    (ZIP, "a ZIP or an Excel file; unpack it, or save the sheet as CSV"),  # an Excel file of a form that is not read
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file, or one with a password; save the sheet as CSV"),
    (b"\x1f\x8b", "packed with gzip; unpack it"),
    (b"\xfd7zXZ", "packed with xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"%PDF-", "a PDF; save the table as CSV"),
    (b"SQLite format 3\0", "a database; write the table as CSV"),
    (b"\x80\x04\x95", "pickled by Python, which can run code when it is read; write it as CSV"),
)
PARQUET = b"PAR1"
OF_ROWS = ("delimiter", "quotes", "header")


def find_format(file: DataFile) -> FileFormat:
    """Raises DataError if the first bytes are those of a file that is not read."""
    suffix = Path(file.name).suffix.lower()
    if file.content.startswith(ZIP) and _is_excel(file, suffix):
        return "xlsx"
    for start, kind in OTHER_FILES:
        if file.content.startswith(start):
            raise DataError(f"{file.name}: this is {kind}")
    if suffix == ".xlsx":
        raise DataError(f"{file.name}: not an Excel file, which begins with PK; give it the name of what it is")
    if file.content.startswith(PARQUET):
        return "parquet"
    if suffix == ".parquet":
        raise DataError(f"{file.name}: not a parquet file, which begins with PAR1; give it the name of what it is")
    if suffix in JSON_SUFFIXES:
        return "json" if _first_character(file.content) == b"[" else "jsonl"
    return "delimited"


def find_sheets(file: DataFile, wishes: Reading) -> tuple[str, ...]:
    """The names of the sheets of an Excel file; none of another one. Raises DataError if the file is damaged."""
    return list_sheets(file) if (wishes.file_format or find_format(file)) == "xlsx" else ()


def read_cells(file: DataFile, wishes: Reading, progress: Progress | None = None) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings by the numbers of rows, and the wishes with what they leave open about the file. Raises
    DataError."""
    file_format = wishes.file_format or find_format(file)
    _check_wishes(file, wishes, file_format)
    wishes = wishes.model_copy(update={"file_format": file_format})
    readers = {
        "delimited": read_delimited,
        "jsonl": read_json,
        "json": read_json,
        "parquet": read_parquet,
        "xlsx": _read_excel,
    }
    return readers[file_format](file, wishes, progress)


def _read_excel(file: DataFile, wishes: Reading, progress: Progress | None) -> tuple[pd.DataFrame, Reading]:
    """Loads openpyxl only if it is needed, since that takes longer than to read a small file."""
    from emocore.data.reading.excel import read_excel

    return read_excel(file, wishes, progress)


def _check_wishes(file: DataFile, wishes: Reading, file_format: FileFormat) -> None:
    """Raises DataError if a wish is about something that files of this format do not have."""
    lacking = {
        "delimited": ("sheet",),
        "parquet": ("sheet", "encoding", *OF_ROWS),
        "xlsx": ("encoding", "delimiter", "quotes"),
    }
    for name in lacking.get(file_format, ("sheet", *OF_ROWS)):
        if getattr(wishes, name) is not None:
            raise DataError(
                f"{file.name}: a file of the form '{file_format}' has no {name} to name; leave it out, or name the "
                "form of the file too"
            )


def _is_excel(file: DataFile, suffix: str) -> bool:
    """A damaged ZIP is an Excel file if it is named like one, so that a message says what is wrong."""
    found = is_workbook(file.content)
    return suffix == ".xlsx" if found is None else found


def _first_character(content: bytes) -> bytes:
    """In UTF-16, every second byte is 0."""
    found = re.search(rb"[^\xef\xbb\xbf\xff\xfe\0 \t\r\n]", content)
    return found[0] if found else b""
