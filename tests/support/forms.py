"""Labelled texts in many forms, and their table as any of them is read."""

import io
import json
from typing import Any

import pandas as pd

from emocore.data.reading.record import Reading
from emocore.data.source import DataFile
from emocore.data.table import EmotionTable, open_sheet, take_table


def read_form(name: str, content: str | bytes, **wishes: Any) -> EmotionTable:
    """The table in a file of this name, by the guess or by what is named. Raises DataError."""
    raw = content if isinstance(content, bytes) else content.encode()
    return take_table(open_sheet(DataFile(name, raw), Reading.model_validate(wishes)))


def to_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_parquet(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    pd.DataFrame(rows).to_parquet(stream, index=False)
    return stream.getvalue()
