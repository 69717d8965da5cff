"""CSV, TSV and the like: how cells are separated, whether there is a header, and the cells."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import pandas as pd

from emocore.data.cells import Progress, check_columns
from emocore.data.collector import CellCollector
from emocore.data.reading.encodings import check_text, find_encoding, open_lines
from emocore.data.reading.names import ID_COLUMN_NAMES, LABEL_COLUMN_NAMES, TEXT_COLUMN_NAMES
from emocore.data.reading.record import USUAL_ENCODING, Delimiter, Reading
from emocore.data.source import DataFile
from emocore.data.spreadsheet import is_for_spreadsheets, undo
from emocore.errors import DataError

USUAL_NAMES = {*TEXT_COLUMN_NAMES, *ID_COLUMN_NAMES, *LABEL_COLUMN_NAMES} - {""}
SAMPLE_ROWS = 200
MANY_WORDS = 5  # from here on, a cell of the first row is a text and no name of a column
NUMBER = re.compile(r"\s*[+-]?\d[\d.,;| ]*")

Rows = Iterator[tuple[int, list[str]]]


def plain_reading(content: bytes) -> Reading:
    """The form that is read without a guess: UTF-8 with a header and 0/1 columns, separated by tabs if the first line
    has one and by commas otherwise."""
    first = re.search(rb"[^\r\n]+", content)
    return Reading(
        file_format="delimited",
        encoding=USUAL_ENCODING,
        delimiter="\t" if first and b"\t" in first[0] else ",",
        quotes=True,
        header=True,
        label_form="columns",
        label_cells="0/1",
    )


def read_delimited(file: DataFile, wishes: Reading, progress: Progress | None) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings; the index counts rows as a spreadsheet does. Raises DataError that names the row."""
    encoding = find_encoding(file, wishes.encoding)
    check_text(file, encoding)
    delimiter = wishes.delimiter or _guess_delimiter(file, encoding)
    quotes = _guess_quotes(file, encoding, delimiter) if wishes.quotes is None else wishes.quotes
    try:
        sample = list(itertools.islice(_filled_rows(file, encoding, delimiter, quotes), SAMPLE_ROWS))
        has_header = guess_header([row for _, row in sample]) if wishes.header is None else wishes.header
        frame = _collect(file, _filled_rows(file, encoding, delimiter, quotes), has_header, progress)
    except csv.Error as error:
        raise DataError(f"{file.name}: not a readable CSV ({error}); check its quotation marks") from None
    found = {"encoding": encoding, "delimiter": delimiter, "quotes": quotes, "header": has_header}
    return frame, wishes.model_copy(update={"file_format": "delimited", **found})


def _filled_rows(file: DataFile, encoding: str, delimiter: str, quotes: bool) -> Rows:
    """Row numbers and cells, without empty rows."""
    lines = open_lines(file, encoding)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    for number, row in enumerate(csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting), start=1):
        if any(cell.strip() for cell in row):
            yield number, row


def _guess_delimiter(file: DataFile, encoding: str) -> Delimiter:
    """Tab if the first line has one; otherwise the first that gives all first rows the same number of cells, two or
    more; otherwise the one with the most cells in the first row."""
    first = next((line for line in open_lines(file, encoding) if line.strip()), "")
    if "\t" in first:
        return "\t"
    most: Delimiter = ","
    most_cells = 1
    candidates: tuple[Delimiter, ...] = (",", ";", "|")
    for delimiter in candidates:
        widths = _first_widths(file, encoding, delimiter)
        if len(set(widths)) == 1 and widths[0] > 1:
            return delimiter
        if widths and widths[0] > most_cells:
            most, most_cells = delimiter, widths[0]
    return most


def _first_widths(file: DataFile, encoding: str, delimiter: str) -> list[int]:
    """(rows,) how many cells each of the first rows has; those before a wrong quotation mark."""
    widths: list[int] = []
    try:
        for _, row in itertools.islice(_filled_rows(file, encoding, delimiter, quotes=True), SAMPLE_ROWS):
            widths.append(len(row))
    except csv.Error:
        widths.append(0)
    return widths


def _guess_quotes(file: DataFile, encoding: str, delimiter: str) -> bool:
    """Whether quotation marks enclose cells. Only in a file with tabs they may not, if the rows then are as wide as
    the first, and are not if they do."""
    if delimiter != "\t" or _has_one_width(file, encoding, delimiter, quotes=True):
        return True
    return not _has_one_width(file, encoding, delimiter, quotes=False)


def _has_one_width(file: DataFile, encoding: str, delimiter: str, quotes: bool) -> bool:
    try:
        return len({len(row) for _, row in _filled_rows(file, encoding, delimiter, quotes)}) == 1
    except csv.Error:
        return False


def guess_header(rows: Sequence[Sequence[str]]) -> bool:
    """A usual name is one of a header; a number, a text of many words or a cell that is repeated below it is none."""
    first = [cell.strip() for cell in rows[0]] if rows else []
    if any(cell.lower() in USUAL_NAMES for cell in first):
        return True
    counts = Counter((place, cell.strip()) for row in rows for place, cell in enumerate(row))
    return not any(
        NUMBER.fullmatch(cell) or len(cell.split()) >= MANY_WORDS or (cell and counts[place, cell] > 1)
        for place, cell in enumerate(first)
    )


def _collect(file: DataFile, rows: Rows, has_header: bool, progress: Progress | None) -> pd.DataFrame:
    first_number, first = next(rows, (0, []))
    if not first:
        raise DataError(f"{file.name}: its lines hold only commas; it needs a header line and rows below it")
    header = [cell.strip() for cell in first] if has_header else [f"column {1 + place}" for place in range(len(first))]
    check_columns(file, header)
    is_marked = is_for_spreadsheets(file.name)
    collector = CellCollector(file.name, progress)
    for number, row in rows if has_header else itertools.chain([(first_number, first)], rows):
        if len(row) != len(header):
            first_row = "header" if has_header else "first row"
            raise DataError(
                f"{file.name}, row {number}: {len(row):,} cells where the {first_row} has {len(header):,}; "
                "a text with commas or line breaks needs quotation marks"
            )
        collector.add(number, list(map(undo, row)) if is_marked else row)
    if not len(collector):
        raise DataError(f"{file.name}: only a header line; it needs rows below it")
    return collector.to_frame(dict(enumerate(map(undo, header) if is_marked else header)))
