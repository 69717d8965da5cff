"""Excel's .xlsx: the cells of one sheet, as openpyxl reads them row by row.

Cells are taken as a CSV would hold them: 1 for 1.0, 2024-05-01 for a date, true for TRUE, and a text as it is, also if
it begins with =. Of a formula, the stored result counts; one without a result, or with an error such as #N/A, is
refused, as an empty cell may mean something else. Hidden rows and columns are read. Of merged cells, the first has the
value and the others are empty. Rows without any text are left out, and so are columns without a name and any text.
"""

import contextlib
import datetime
import io
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape

from emocore.data.cells import Progress, check_columns, check_size, check_width, to_cell
from emocore.data.collector import CellCollector
from emocore.data.reading.delimited import SAMPLE_ROWS, Rows, guess_header
from emocore.data.reading.package import check_parts, find_unstored_formula, unreadable
from emocore.data.reading.record import Reading
from emocore.data.source import DataFile, quote_names
from emocore.data.spreadsheet import is_for_spreadsheets, undo
from emocore.errors import DataError

MOST_ROWS, LAST_COLUMN = 1_048_576, 16_384  # of a sheet, in Excel
MOST_EXACT = 1e15  # up to here, Excel shows all digits of a whole number


def read_excel(file: DataFile, wishes: Reading, progress: Progress | None) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings; the index counts rows as Excel does. Raises DataError that names the row."""
    has_formulas = check_parts(file)
    # openpyxl warns of parts that it does not read, such as the colours of conditions.
    with warnings.catch_warnings(action="ignore"), contextlib.closing(_open(file)) as workbook:
        sheet = _find_sheet(file, workbook, wishes.sheet)
        # Only this attribute, which is not public, names the part.
        if has_formulas and (place := find_unstored_formula(file, sheet._worksheet_path)):
            raise DataError(
                f"{file.name}, {place}: a formula whose result is not stored; open the file in Excel or "
                "LibreOffice and save it again, or replace the formula by its value"
            )
        rows = _filled_rows(file, sheet)
        sample = list(itertools.islice(rows, SAMPLE_ROWS))
        if not sample:
            raise DataError(
                f"{file.name}: the sheet is empty; name another sheet, or fill in a header and rows below it"
            )
        has_header = guess_header([row for _, row in sample]) if wishes.header is None else wishes.header
        frame = _collect(file, itertools.chain(sample, rows), has_header, progress)
    found = {"sheet": sheet.title, "header": has_header}
    return frame, wishes.model_copy(update={"file_format": "xlsx", **found})


def _open(file: DataFile) -> Any:
    try:
        return load_workbook(io.BytesIO(file.content), read_only=True, data_only=True, keep_links=False)
    except Exception:  # a damaged file can raise any error in openpyxl
        raise unreadable(file) from None


def _find_sheet(file: DataFile, workbook: Any, wanted: str | None) -> Any:
    """The wanted sheet, or the first that is not hidden."""
    sheets = workbook.worksheets
    if not sheets:
        raise unreadable(file)
    if wanted is None:
        return next((sheet for sheet in sheets if sheet.sheet_state == "visible"), sheets[0])
    for sheet in sheets:
        if sheet.title == wanted:
            return sheet
    raise DataError(
        f"{file.name}: no sheet {wanted!r}; it has {quote_names(file.name, [s.title for s in sheets], 'sheet')}; "
        "name one of them"
    )


def _filled_rows(file: DataFile, sheet: Any) -> Rows:
    """Row numbers and cells, without empty rows and without the empty cells at a row's end."""
    is_marked = is_for_spreadsheets(file.name)
    for number, row in _read_rows(file, sheet):
        texts = ["" if cell.value is None else _to_text(file, number, cell) for cell in row]
        cells = [text if text.strip() else "" for text in texts]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, list(map(undo, cells)) if is_marked else cells


def _read_rows(file: DataFile, sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Row numbers and openpyxl's cells. Each row ends with its last cell, which may be empty."""
    sheet.reset_dimensions()  # which say how large a sheet is, but need not be right
    rows, cells = sheet.iter_rows(), 0
    for number in itertools.count(1):
        try:
            row = next(rows, None)
        except Exception:  # a damaged file can raise any error in openpyxl
            raise unreadable(file) from None
        if row is None:
            return
        if number > MOST_ROWS or len(row) > LAST_COLUMN:
            raise unreadable(file)
        cells += len(row)
        check_size(file.name, cells)
        yield number, row


def _to_text(file: DataFile, number: int, cell: Any) -> str:
    value = cell.value
    if cell.data_type == "e":
        raise DataError(
            f"{file.name}, row {number}, column {get_column_letter(cell.column)}: an error of Excel, such as #N/A; "
            "correct its formula, or empty the cell"
        )
    if isinstance(value, str):
        return _unescape(file, number, value) if "_x" in value else value
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT:
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat().replace("T", " ").removesuffix(" 00:00:00")
    return to_cell(value)


def _unescape(file: DataFile, number: int, text: str) -> str:
    """XML cannot hold some characters, so Excel writes a carriage return, which ends its lines, as _x000D_."""
    try:
        return to_cell(unescape(text))
    except ValueError as error:
        raise DataError(f"{file.name}, row {number}: {error}") from None


def _collect(file: DataFile, rows: Rows, has_header: bool, progress: Progress | None) -> pd.DataFrame:
    header = [cell.strip() for cell in next(rows)[1]] if has_header else []
    check_width(file, len(header))
    check_columns(file, [name for name in header if name])
    collector = CellCollector(file.name, progress)
    for number, row in rows:
        if has_header and len(row) > len(header):
            raise DataError(
                f"{file.name}, row {number}: it ends in column {get_column_letter(len(row))}, but the header in "
                f"{get_column_letter(len(header))}; give each column a name, or empty the cells"
            )
        check_width(file, len(row))
        collector.add(number, row + [""] * (len(header) - len(row)))
    if not len(collector):
        raise DataError(f"{file.name}: only a header; the sheet needs rows below it")
    names = {place: header[place] if has_header else f"column {1 + place}" for place in range(collector.width)}
    used = {place: name for place, name in names.items() if (has_header and name) or not collector.is_blank(place)}
    check_columns(file, list(used.values()))
    return collector.to_frame(used)
