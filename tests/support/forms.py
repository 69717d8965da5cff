"""Labelled texts in many forms, and their table as any of them is read."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
from openpyxl import Workbook

from emocore.data.reading.record import Reading
from emocore.data.source import DataFile
from emocore.data.table import EmotionTable, open_sheet, take_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
INLINE = re.compile(r't="inlineStr"><is>(.*?)</is>', re.DOTALL)
SHARED = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def read_form(name: str, content: str | bytes, **wishes: Any) -> EmotionTable:
    """The table in a file of this name, by the guess or by what is named. Raises DataError."""
    raw = content if isinstance(content, bytes) else content.encode()
    return take_table(open_sheet(DataFile(name, raw), Reading.model_validate(wishes)))


def to_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_parquet(rows: list[dict[str, Any]], **types: str) -> bytes:
    """`types` are those of columns, where they are not to be guessed."""
    stream = io.BytesIO()
    pd.DataFrame(rows).astype(types).to_parquet(stream, index=False)
    return stream.getvalue()


def to_xlsx(*sheets: list[list[Any]]) -> bytes:
    """An Excel file with these rows, in sheets called Sheet1, Sheet2 and so on, as Excel writes it: its texts are in a
    part of their own."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for place, rows in enumerate(sheets, start=1):
        sheet = workbook.create_sheet(f"Sheet{place}")
        for row in rows:
            sheet.append(row)
    content, texts = save_workbook(workbook), []

    def share(cell: re.Match[str]) -> str:
        texts.append(f"<si>{cell[1]}</si>")
        return f't="s"><v>{len(texts) - 1}</v>'

    for place in range(1, 1 + len(sheets)):
        name = f"xl/worksheets/sheet{place}.xml"
        content = change_part(content, name, lambda part: INLINE.sub(share, part))
    content = change_part(content, "[Content_Types].xml", lambda part: part.replace("</Types>", f"{SHARED}</Types>"))
    return change_part(content, "xl/sharedStrings.xml", lambda _: f'<sst xmlns="{MAIN}">{"".join(texts)}</sst>')


def save_workbook(workbook: Workbook) -> bytes:
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def change_part(content: bytes, name: str, change: Callable[[str], str | bytes], **options: Any) -> bytes:
    """The ZIP with another text in this part, or with a further part. `options` are those of its `ZipFile`."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as new,
    ):
        for part in old.namelist():
            new.writestr(part, change(old.read(part).decode()) if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, change(""))
    return stream.getvalue()
