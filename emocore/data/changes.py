"""Changes of single labels, as a person decided them, and the table that they make of a table.

A change names its text by the row id and a hash, since a row id may be only the number of a row, and says what the
label was. So it cannot be made in another table by mistake, nor twice. Texts cannot be changed, added or removed.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Self

import pandas as pd
from pydantic import Field, model_validator

from emocore.data.source import quote_cell, quote_column
from emocore.data.table import RESERVED_COLUMNS
from emocore.errors import DataError
from emocore.run.records import Strict
from emocore.text import counted

ANOTHER_TABLE = "choose the table that was corrected, or leave the change out"

Value = Annotated[int, Field(ge=0, le=1)]


class LabelChange(Strict):
    """One label of one text, before and after; the values are 0 and 1, or 1 and 0. `text_hash` is the `hash_text` of
    the text."""

    row_id: str = Field(min_length=1)
    text_hash: str = Field(pattern=r"^[0-9a-f]{16}$")
    label: str = Field(min_length=1)
    old: Value
    new: Value

    @model_validator(mode="after")
    def _check_difference(self) -> Self:
        if self.old == self.new:
            raise ValueError("old and new are the same, which is no change")
        return self


def hash_text(text: str) -> str:
    """16 hexadecimal digits of SHA-256; a spreadsheet may change white space, so that does not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def apply_changes(frame: pd.DataFrame, changes: Sequence[LabelChange], name: str) -> pd.DataFrame:
    """A copy of the frame of an `EmotionTable` with the changed labels; `name` is that of the table, for messages.

    Raises DataError, which names the change, its row id and its label, if the frame has no such label, the row id is
    not there, is that of several texts or of another text, the label has not the old value, or an earlier change is of
    the same label of the same text.
    """
    changed = frame.copy()
    rows: dict[str, list[int]] = {}
    for row, row_id in enumerate(frame["row_id"]):
        rows.setdefault(row_id, []).append(row)
    done: set[tuple[int, str]] = set()
    for number, change in enumerate(changes, start=1):
        label = quote_column(name, change.label, [*frame.columns, change.label])
        place = f"{name}, change {number}, row id {quote_cell(name, change.row_id)}, column {label}"
        if change.label not in frame.columns or change.label in RESERVED_COLUMNS:
            raise DataError(f"{place}: the table has no such label; {ANOTHER_TABLE}")
        found = rows.get(change.row_id, [])
        if len(found) != 1:
            who = f"{counted(len(found), 'text')} have" if found else "no text has"
            raise DataError(f"{place}: {who} this row id; {ANOTHER_TABLE}")
        [row] = found
        if (row, change.label) in done:
            raise DataError(f"{place}: an earlier change is of the same label; leave one of the two out")
        if hash_text(frame["text"].iloc[row]) != change.text_hash:
            raise DataError(f"{place}: the text of this row is another one than in the list; {ANOTHER_TABLE}")
        column = list(frame.columns).index(change.label)
        if (stored := frame[change.label].to_numpy()[row]) != change.old:
            raise DataError(
                f"{place}: the label is {stored} and not {change.old} as before the change; {ANOTHER_TABLE}"
            )
        changed.iat[row, column] = change.new
        done.add((row, change.label))
    return changed
