"""JSON Lines, and JSON that is a list of objects: each object is a row, its keys are the columns."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from emocore.data.cells import NO_TEXT, Progress, check_width, to_cell
from emocore.data.collector import CellCollector
from emocore.data.reading.encodings import check_text, decode, find_encoding, open_lines
from emocore.data.reading.record import Reading
from emocore.data.source import DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

MOST_LIST_BYTES = 50 * 10**6  # a list is in memory as a whole; JSON Lines are not
SPACE = re.compile(r"[ \t\r\n]*")

Objects = Iterator[tuple[int, dict[str, Any]]]


class _KeyTwiceError(ValueError):
    """Two values of an object have the same key, so one would be lost."""


def read_json(file: DataFile, wishes: Reading, progress: Progress | None) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings, lists as JSON; the index has the numbers of lines, or of objects in a list. A missing
    key is an empty cell. Raises DataError that names the line or the object."""
    encoding = find_encoding(file, wishes.encoding)
    if wishes.file_format == "json":
        if len(file.content) > MOST_LIST_BYTES:
            raise DataError(
                f"{file.name}: a JSON list of more than {format_bytes(MOST_LIST_BYTES)} is not read; write one object "
                "into each line instead (JSON Lines)"
            )
        check_text(file, encoding, longest_line=None)
        place, objects = "object", _read_list(file, "".join(decode(file, encoding)))
    else:
        check_text(file, encoding)
        place, objects = "line", _read_lines(file, encoding)
    return _tabulate(file, objects, place, progress), wishes.model_copy(update={"encoding": encoding})


def _tabulate(file: DataFile, objects: Objects, place: str, progress: Progress | None) -> pd.DataFrame:
    columns: dict[str, int] = {}
    collector = CellCollector(file.name, progress)
    for number, found in objects:
        where = f"{file.name}, {place} {number}"
        for key in found:
            if NO_TEXT.search(key):
                raise DataError(f"{where}: a key with a NUL character, or half of a character; rename it")
            columns.setdefault(key, len(columns))
        check_width(file, len(columns))
        try:
            cells = [to_cell(found.get(key)) for key in columns]
        except ValueError as error:
            raise DataError(f"{where}: {error}") from None
        except RecursionError:
            raise _too_deep(where) from None
        collector.add(number, cells)
    if not len(collector):
        raise DataError(f"{file.name}: no objects; it needs one for each text")
    if not columns:
        raise DataError(f"{file.name}: its objects are empty; each needs a text and labels")
    return collector.to_frame(dict(enumerate(columns)))


def _read_lines(file: DataFile, encoding: str) -> Objects:
    for number, line in enumerate(open_lines(file, encoding, newline=None), start=1):
        if line.strip():
            where = f"{file.name}, line {number}"
            value, end = _decode_value(line, _skip(line, 0), where)
            if line[end:].strip():
                raise DataError(f"{where}: more than one JSON value; write each object into a line of its own")
            yield number, _check_object(value, where)


def _read_list(file: DataFile, text: str) -> Objects:
    place = _skip(text, 0)
    if text[place : place + 1] != "[":
        raise DataError(f"{file.name}: not a JSON list; it needs a list with one object for each text")
    place, number = _skip(text, place + 1), 0
    while text[place : place + 1] != "]" or number:
        number += 1
        where = f"{file.name}, object {number}"
        value, place = _decode_value(text, place, where)
        yield number, _check_object(value, where)
        place = _skip(text, place)
        if text[place : place + 1] == "]":
            break
        if text[place : place + 1] != ",":
            raise DataError(f"{where}: neither a comma nor the end of the list follows; the file may be cut off")
        place = _skip(text, place + 1)
    if text[place + 1 :].strip():
        raise DataError(f"{file.name}: more text follows the JSON list; remove it")


def _skip(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    return found.end() if found else place


def _decode_value(text: str, place: int, where: str) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, place)
    except RecursionError:
        raise _too_deep(where) from None
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not JSON ({error.msg}, character {error.pos - place + 1}); correct it") from None
    except _KeyTwiceError:
        raise DataError(f"{where}: an object has the same key twice; rename one") from None
    except ValueError:
        raise DataError(f"{where}: a number with thousands of digits; write it as a text, or correct it") from None


def _check_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f'{where}: not a JSON object; write {{"text": ..., "labels": [...]}} there')
    return value


def _keep_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwiceError
    return found


def _too_deep(where: str) -> DataError:
    return DataError(f"{where}: nested too deeply to be read; labels are names, numbers or lists of these")


DECODER = json.JSONDecoder(object_pairs_hook=_keep_keys)
