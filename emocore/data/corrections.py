"""Lists of suspected labels that a person has judged, read back as changes.

Each row is one label of one text. The column `corrected` says what the label should be, 0 or 1, and is empty where
nobody judged it. An open list also says what is stored. A blind list has only a number, text and label of each cell;
what is stored, and where, is in its key. The key is a file of its own, because hidden columns of the same file would be
found, and so that whoever judges can be given the list without it.
"""

from collections.abc import Sequence

import pandas as pd

from emocore.data.changes import LabelChange, hash_text
from emocore.data.reading.formats import read_cells
from emocore.data.reading.label_columns import ZERO_OR_ONE
from emocore.data.reading.record import Reading
from emocore.data.reading.split_column import SPLIT_NAMES
from emocore.data.rows import check_filled, count_rows
from emocore.data.source import DataFile, quote_cell, quote_column, quote_columns
from emocore.errors import DataError
from emocore.text import join_names

PLACE = ["split", "row_id", "label"]  # which label of which text
OPEN_COLUMNS = (*PLACE, "stored", "corrected")
TEXT_HASH = "text_hash"  # stands for the text in a list that is given to others
BLIND_COLUMNS = ("cell", "text", "label", "corrected")
KEY_COLUMNS = ("cell", *PLACE, "text", "stored")
SPLITS = tuple(dict.fromkeys(SPLIT_NAMES.values()))


def read_corrections(file: DataFile, key: DataFile | None = None) -> dict[str, tuple[LabelChange, ...]]:
    """By split, the labels that a person wants to change, in the order of the list; a blind list needs its `key`.

    Labels that were judged to be right are no changes. Further columns are ignored. The list may have been saved by a
    spreadsheet, in another encoding or with semicolons.

    Raises DataError with file, row and column if a correction is neither 0, 1 nor empty, a judged label is not named in
    full or is there twice, a column is missing, or the key is not that of the list.
    """
    cells = _read(file, BLIND_COLUMNS if key else OPEN_COLUMNS)
    if not key and TEXT_HASH not in cells:
        _require(file, cells, ["text"])
    corrected = cells["corrected"].map(ZERO_OR_ONE)
    is_wrong = corrected.isna() & (cells["corrected"] != "")
    _check(file, cells, "corrected", is_wrong, " where a label is 0 or 1, or empty if nobody judged it")
    judged = cells[corrected.notna()]
    if key:
        judged = _find_in_key(file, judged, key)
    source = key or file
    for column in PLACE:
        check_filled(judged[column], source.name, column, judged, "the cell is empty", "fill in what was there")
    _check(source, judged, "split", ~judged["split"].isin(SPLITS), f" where a split is {join_names(SPLITS, 'or')}")
    _check_unique(source, judged, PLACE)
    texts = judged[TEXT_HASH] if "text" not in judged and TEXT_HASH in judged else judged["text"].map(hash_text)
    stored = judged["stored"].map(ZERO_OR_ONE)
    _check(source, judged, "stored", stored.isna(), " where a stored label is 0 or 1")
    changes: dict[str, list[LabelChange]] = {}
    for (split, row_id, label), text_hash, old, new in zip(
        judged[PLACE].itertuples(index=False), texts, stored.astype(int), corrected.dropna().astype(int), strict=True
    ):
        if old != new:
            change = LabelChange(row_id=row_id, text_hash=text_hash, label=label, old=old, new=new)
            changes.setdefault(split, []).append(change)
    return {split: tuple(own) for split, own in changes.items()}


def _read(file: DataFile, columns: Sequence[str]) -> pd.DataFrame:
    """All cells as strings by the numbers of their rows; spaces belong only to row ids."""
    cells, _ = read_cells(file, Reading(header=True))
    cells = cells.apply(lambda column: column if column.name == "row_id" else column.str.strip())
    _require(file, cells, columns)
    return cells


def _require(file: DataFile, cells: pd.DataFrame, columns: Sequence[str]) -> None:
    if missing := [name for name in columns if name not in cells]:
        blind = "; a blind list is read together with its key" if "cell" in cells and "cell" not in columns else ""
        raise DataError(
            f"{file.name}: it has {quote_columns(file.name, cells.columns)}, but not {join_names(map(repr, missing))}, "
            f"as a list of label errors that Emocore wrote{blind}"
        )


def _find_in_key(file: DataFile, judged: pd.DataFrame, key: DataFile) -> pd.DataFrame:
    """The rows of the key for the judged cells, in the same order."""
    known = _read(key, KEY_COLUMNS)
    _check_unique(file, judged, ["cell"])
    _check_unique(key, known, ["cell"])
    rows = pd.Series(known.index, index=known["cell"])
    is_there = judged["cell"].isin(rows.index)
    _check(file, judged, "cell", ~is_there, f", which {key.name} does not have; read the list with its own key")
    found = known.loc[rows[judged["cell"]]]
    for column in ("label", "text"):
        own, other = (table[column].str.split().str.join(" ").to_numpy() for table in (judged, found))
        is_other = pd.Series(own != other, index=judged.index)
        _check(file, judged, column, is_other, f", which is not what {key.name} has; read the list with its own key")
    return found


def _check_unique(file: DataFile, cells: pd.DataFrame, columns: list[str]) -> None:
    _check(
        file, cells, columns[-1], cells.duplicated(columns), ", which an earlier row has judged; leave one of them out"
    )


def _check(file: DataFile, cells: pd.DataFrame, column: str, is_wrong: pd.Series, problem: str) -> None:
    """Raises DataError with the first wrong cell of a column and the rows of the others."""
    wrong = cells.loc[is_wrong, column]
    if len(wrong):
        raise DataError(
            f"{file.name}, row {wrong.index[0]}, column {quote_column(file.name, column, cells.columns)}: "
            f"{quote_cell(file.name, wrong.iloc[0])}{problem} ({count_rows(wrong.index)})"
        )
