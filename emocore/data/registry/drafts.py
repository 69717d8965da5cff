"""Files that may become a dataset, as far as they can be read: for a user who corrects how they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from emocore.data.overview import LabelCounts, count_labels
from emocore.data.reading.formats import find_sheets, read_cells
from emocore.data.reading.record import Reading
from emocore.data.registry.importing import Import, check_parts, fit_wishes, take_parts
from emocore.data.registry.manifest import Part
from emocore.data.source import DataFile
from emocore.data.table import open_sheet
from emocore.errors import DataError

FIRST_ROWS = 8
STEPS = 3  # of reading a draft


@dataclass(frozen=True)
class Draft:
    """How files are read.

    `columns` and `first_cells` (strings by the numbers of rows) are those of the training file, empty if it has no
    readable cells, and `sheets` are the names of its sheets if it is an Excel file. `reading` has what is known of how
    that is read. `found` can be registered, and `counts` are those of the dataset that it makes; after an `error` both
    are None.
    """

    columns: tuple[str, ...]
    first_cells: pd.DataFrame
    reading: Reading
    found: Import | None = None
    counts: LabelCounts | None = None
    error: str | None = None
    sheets: tuple[str, ...] = ()


def read_draft(
    files: Mapping[Part, DataFile],
    wishes: Reading,
    paths: Mapping[Part, Path],
    removes_doubtful: bool,
    report: Callable[[int, str], None],
) -> Draft:
    """Read the files as `read_parts` does, or find out what is wrong. `report` is told the number of each step and what
    it does."""
    train = files["train"]
    sheets = _find_sheets(train, wishes)
    report(1, f"reading {train.name}")
    own = wishes
    try:
        own = fit_wishes("train", files, wishes)
        sheet = open_sheet(train, own, lambda rows: report(1, f"reading {train.name}, {rows:,} rows so far"))
    except DataError as error:
        return replace(_look_at_cells(train, own, str(error)), sheets=sheets)
    columns, first_cells = tuple(sheet.cells.columns), sheet.cells.head(FIRST_ROWS)
    report(2, "reading texts and labels")
    try:
        tables = take_parts(sheet, files, wishes)
        report(3, "checking splits and texts")
        found = check_parts(tables, files, wishes, paths, removes_doubtful)
    except DataError as error:
        return Draft(columns, first_cells, sheet.reading, error=str(error), sheets=sheets)
    counts = count_labels(replace(found.tables["train"], frame=found.frame))
    return Draft(columns, first_cells, sheet.reading, found, counts, sheets=sheets)


def _look_at_cells(train: DataFile, wishes: Reading, problem: str) -> Draft:
    """What can be shown of a file in which texts or labels were not found."""
    try:
        cells, reading = read_cells(train, wishes)
    except DataError:
        return Draft((), pd.DataFrame(), wishes, error=problem)
    reading = reading.model_copy(update={"split_column": reading.split_column or None})
    return Draft(tuple(cells.columns), cells.head(FIRST_ROWS), reading, error=problem)


def _find_sheets(train: DataFile, wishes: Reading) -> tuple[str, ...]:
    """None of a file that is not read as an Excel file, or that is damaged, which the error of its draft tells."""
    try:
        return find_sheets(train, wishes)
    except DataError:
        return ()
