"""The parts of a reading that a user may set, and what can be chosen for each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from emocore.data.reading.record import DELIMITER_TITLES, SEPARATOR_TITLES
from emocore.data.registry.drafts import Draft

ENCODINGS = (
    "utf-8", "utf-16", "windows-1252", "iso-8859-15", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
FORMATS = {
    "delimited": "rows of cells",
    "jsonl": "JSON Lines",
    "json": "a JSON list",
    "parquet": "parquet",
    "xlsx": "Excel",
}
FORMS = {"columns": "a column each", "names": "several in a cell", "one": "one per text"}
CELLS = {"0/1": "0 or 1", "yes/no": "yes or no", "intensities": "intensities"}


class Control(NamedTuple):
    """One part of a reading; `without` says what it means that a file has no such part."""

    field: str
    title: str
    options: Mapping[Any, str]
    applies: bool
    without: str = "not found"


def list_controls(draft: Draft) -> list[Control]:
    """Those of the file, of its columns and of its labels; those that do not apply to the draft are marked so."""
    reading = draft.reading
    is_rows = reading.file_format == "delimited"
    columns = {name: name for name in draft.columns}
    encodings = dict.fromkeys((*ENCODINGS, *([reading.encoding] if reading.encoding else [])))
    has_columns, form = bool(columns), reading.label_form
    return [
        Control("file_format", "File", FORMATS, applies=True),
        Control(
            "sheet",
            "Sheet",
            {name: name for name in draft.sheets},
            applies=len(draft.sheets) > 1,
            without="the first",
        ),
        Control(
            "encoding",
            "Encoding",
            {name: name for name in encodings},
            applies=reading.file_format not in ("parquet", "xlsx"),
        ),
        Control("delimiter", "Between cells", DELIMITER_TITLES, applies=is_rows),
        Control(
            "header",
            "First row",
            {True: "column names", False: "a text"},
            applies=reading.file_format in ("delimited", "xlsx"),
        ),
        Control("quotes", "Quotation marks", {True: "enclose cells", False: "belong to texts"}, applies=is_rows),
        Control("text_column", "Texts", columns, applies=has_columns),
        Control("id_column", "IDs", columns, applies=has_columns, without="row numbers"),
        Control("group_column", "Groups", columns, applies=has_columns, without="– none –"),
        Control("split_column", "Splits", columns, applies=has_columns, without="– none –"),
        Control("label_form", "Labels", FORMS, applies=has_columns),
        Control("label_cells", "Label cells", CELLS, applies=form == "columns"),
        Control("label_column", "Label column", columns, applies=form in ("names", "one")),
        Control("separator", "Between labels", SEPARATOR_TITLES, applies=form == "names"),
    ]
