"""The bytes of a data file -> a table of strings.

Covered: CSV and TSV in UTF-8 with a header. Files that are too large to be in memory several times are refused.
"""

import csv
import io
import re
from collections.abc import Iterator

import pandas as pd

from emocore.data.source import DataFile, quote_column
from emocore.data.spreadsheet import is_for_spreadsheets, undo
from emocore.errors import DataError

MOST_COLUMNS = 1_000
MOST_CELLS = 20_000_000  # a cell takes 8 to 60 bytes or more, twice for a moment


def parse_cells(file: DataFile) -> pd.DataFrame:
    """Every column as strings, with "" for blank cells; the index counts rows as a spreadsheet does.

    Raises DataError that names the row.
    """
    text = _decode(file)
    header_line = re.search(r"[^\r\n]+", text)
    delimiter = "\t" if header_line and "\t" in header_line[0] else ","
    del text, header_line  # read from the bytes below, line by line
    try:
        rows = _filled_rows(file, delimiter)
        header, numbers, cells = _split_header(file, rows)
    except csv.Error as error:
        raise DataError(f"{file.name}: not a readable CSV ({error}); check its quotation marks") from None
    if is_for_spreadsheets(file.name):
        header, cells = list(map(undo, header)), [list(map(undo, row)) for row in cells]
    return pd.DataFrame(cells, columns=header, index=pd.Index(numbers, name="row"), dtype=str)


def _decode(file: DataFile) -> str:
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{file.name}, line {line}: byte {error.start} is not UTF-8; save the file as UTF-8 and try again"
        ) from None
    if not text.strip():
        raise DataError(f"{file.name}: the file is empty; it needs a header line and rows below it")
    if "\0" in text:
        line = file.content[: file.content.index(b"\0")].count(b"\n") + 1
        raise DataError(f"{file.name}, line {line}: a NUL character, which no text has; save the file as UTF-8 again")
    return text


def _filled_rows(file: DataFile, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and cells, without empty rows."""
    lines = io.TextIOWrapper(io.BytesIO(file.content), encoding="utf-8-sig", newline="")
    for number, row in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), start=1):
        if any(cell.strip() for cell in row):
            yield number, row


def _split_header(
    file: DataFile, rows: Iterator[tuple[int, list[str]]]
) -> tuple[list[str], list[int], list[list[str]]]:
    header = [cell.strip() for cell in next(rows, (0, []))[1]]
    if not header:
        raise DataError(f"{file.name}: its lines hold only commas; it needs a header line and rows below it")
    if len(header) > MOST_COLUMNS:
        raise DataError(f"{file.name}: {len(header):,} columns; at most {MOST_COLUMNS:,} are read, so leave some out")
    if len(set(header)) < len(header):
        twice = next(name for name in sorted(header) if header.count(name) > 1)
        raise DataError(f"{file.name}: the column {quote_column(file.name, twice, header)} is there twice; rename one")
    numbers: list[int] = []
    cells: list[list[str]] = []
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file.name}, row {number}: {len(row):,} cells where the header has {len(header):,}; "
                "a text with commas or line breaks needs quotation marks"
            )
        if len(cells) * len(header) > MOST_CELLS:
            raise DataError(
                f"{file.name}: more than {MOST_CELLS:,} cells are not read; leave out columns or rows that are not used"
            )
        numbers.append(number)
        cells.append(row)
    if not cells:
        raise DataError(f"{file.name}: only a header line; it needs rows below it")
    return header, numbers, cells
