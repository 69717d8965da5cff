"""What cannot be read is refused in one line that says where and what to do, whatever form it has."""

import gzip
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from emocore.data.reading import encodings, json_objects
from emocore.data.reading import parquet as parquet_reader
from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import read_draft
from emocore.data.source import DataFile
from emocore.data.table import read_table
from emocore.errors import DataError
from tests.support.forms import read_form, to_lines, to_parquet
from tests.support.tables import write_text

NAMES = "text,labels\n" + "".join(f"words {row},{own}\n" for row, own in enumerate(["joy", "joy|fear", "fear", ""] * 5))
ONE = "text,emotion\n" + "".join(f"words {row},{own}\n" for row, own in enumerate(["joy", "fear"] * 10))
NUMBERS = NAMES.replace("joy", "1").replace("fear", "0")
GRADES = "text,anger,joy,fear\n" + "".join(f"words {row},{row % 4},{row // 4 % 4},{row % 3}\n" for row in range(24))
YES = "text,zeal,apathy\n" + "".join(f"words {row},{'yes' if row % 2 else 'no'},{row % 3 == 0}\n" for row in range(24))
LISTS = [{"text": f"words {row}", "labels": [["joy"], ["joy", "fear"], []][row % 3]} for row in range(30)]
LINES = to_lines(LISTS)
THREE = ("anger", "fear", "joy")


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", NAMES)
    return stream.getvalue()


def nested(depth: int = 100_000) -> str:
    return '{"text": "a", "labels": ' + "[" * depth + "]" * depth + "}"


def changed(row: int, **values: Any) -> str:
    """The lines with another object in this line, counted from 1."""
    return to_lines([*LISTS[: row - 1], LISTS[row - 1] | values, *LISTS[row:]])


REFUSED: dict[str, tuple[str, str | bytes, dict[str, Any], list[str]]] = {
    # what is no table at all
    "empty": ("a.jsonl", "", {}, ["the file is empty"]),
    "blank JSON": ("a.json", " \n ", {}, ["the file is empty"]),
    "empty list": ("a.json", "[]", {}, ["no objects", "one for each text"]),
    "empty objects": ("a.jsonl", "{}\n{}\n", {}, ["its objects are empty"]),
    "zip called CSV": ("a.csv", zipped(), {}, ["a ZIP or an Excel file", "save the sheet as CSV"]),
    "gzip called CSV": ("a.csv", gzip.compress(NAMES.encode()), {}, ["packed with gzip; unpack it"]),
    "pickle": ("a.csv", pickle.dumps(LISTS), {}, ["pickled by Python", "write it as CSV"]),
    "PDF": ("a.csv", b"%PDF-1.7\n", {}, ["a PDF"]),
    "no parquet": ("a.parquet", NAMES, {}, ["not a parquet file", "PAR1"]),
    "cut parquet": ("a.parquet", to_parquet(LISTS)[:-20], {}, ["not a readable parquet file", "write it again"]),
    "parquet of nonsense": ("b.parquet", b"PAR1" + b"x" * 100 + b"PAR1", {}, ["not a readable parquet file"]),
    # encodings
    "mixed encodings": ("a.csv", ONE.encode() + "é,joy\n".encode() + b"\xe9,joy\n", {}, ["line 23", "not UTF-8, as"]),
    "unknown encoding": ("a.csv", ONE, {"encoding": "klingon"}, ["'klingon'", "utf-16"]),
    "encoding of no texts": ("a.csv", ONE, {"encoding": "base64"}, ["'base64'"]),
    "other encoding than named": ("a.csv", b"text,joy\ncaf\xe9,1\n", {"encoding": "utf-8"}, ["line 2", "not UTF-8"]),
    "halves of characters": ("a.csv", r"text\ud800", {"encoding": "unicode_escape"}, ["halves of characters"]),
    "no encoding fits": ("a.csv", ONE.encode() + b"caf\x9d,joy\n", {}, ["line 22", "no other encoding fits"]),
    "NUL in CSV": ("a.csv", ONE + "a\0b,joy\n", {}, ["line 22", "a NUL character"]),
    "UTF-16 without its mark": ("a.csv", ONE.encode("utf-16-le"), {}, ["line 1", "a NUL character"]),
    "NUL in JSON": ("a.jsonl", changed(3, text="a\0b"), {}, ["line 3", "a NUL character"]),
    "half of a character in JSON": ("a.jsonl", LINES + r'{"text": "\ud83d"}', {}, ["line 31", "half of a"]),
    "NUL in a key": ("a.jsonl", '{"te\\u0000xt": 1}', {}, ["line 1", "a key with a NUL"]),
    # JSON
    "no JSON": ("a.jsonl", LINES + "so happy\n", {}, ["line 31", "not JSON", "character 1"]),
    "cut JSON Lines": ("a.jsonl", LINES[:-10], {}, ["line 30", "not JSON"]),
    "a list in a line": ("a.jsonl", LINES + "[1]\n", {}, ["line 31", "not a JSON object"]),
    "two in a line": ("a.jsonl", LINES + "{} {}\n", {}, ["line 31", "more than one JSON value"]),
    "deep lines": ("a.jsonl", LINES + nested(), {}, ["line 31", "nested too deeply"]),
    "deep list": ("a.json", f"[{nested()}]", {}, ["object 1", "nested too deeply"]),
    "only brackets": ("b.json", "[" * 300_000, {}, ["object 1", "nested too deeply"]),
    "number of 5,000 digits": ("a.jsonl", f'{{"text": {"1" * 5000}}}', {}, ["line 1", "thousands of digits"]),
    "key twice": ("a.jsonl", '{"text": "a", "text": "b"}', {}, ["line 1", "same key twice"]),
    "cut list": ("a.json", json.dumps(LISTS)[:-1], {}, ["object 30", "may be cut off"]),
    "comma at the end": ("a.json", json.dumps(LISTS)[:-1] + ",]", {}, ["object 31", "not JSON"]),
    "more after the list": ("a.json", json.dumps(LISTS) + "[]", {}, ["more text follows"]),
    "list of texts": ("a.json", '["a", "b"]', {}, ["object 1", "not a JSON object"]),
    "no list": ("a.json", "{}", {"file_format": "json"}, ["not a JSON list"]),
    "too many keys": ("a.jsonl", to_lines([{f"k{row}": 1} for row in range(1_001)]), {}, ["1,001 columns"]),
    # texts and columns
    "empty text": ("a.jsonl", changed(4, text=" "), {}, ["row 4, column 'text'", "the text is empty"]),
    "missing text": ("a.jsonl", LINES + '{"labels": ["joy"]}', {}, ["row 31, column 'text'", "the text is empty"]),
    "no text": ("a.jsonl", to_lines([{"by": "a", "to": "b"}] * 3), {}, ["no text column", "'by', 'to'"]),
    "text not there": ("a.csv", ONE, {"text_column": "words"}, ["no column 'words'", "'text', 'emotion'"]),
    "ID not there": ("a.csv", ONE, {"id_column": "key"}, ["no column 'key' for the IDs"]),
    "labels in the text": ("a.csv", ONE, {"label_column": "text"}, ["no column 'text' for the labels"]),
    "IDs repeat": ("a.csv", GRADES, {"id_column": "fear"}, ["column 'fear'", "an ID is there twice"]),
    "group not there": ("a.csv", ONE, {"group_column": "author"}, ["no group column 'author'"]),
    "columns of one name": ("a.csv", NAMES.replace("text,labels", "text,text"), {}, ["'text' is there twice"]),
    "too many columns": ("a.csv", ";".join(["text", *map(str, range(1_000))]), {}, ["1,001 columns"]),
    "other width without header": ("a.csv", "so happy,1,0\nso sad,0\n" * 5, {}, ["row 2", "the first row has 3"]),
    "header for JSON": ("a.jsonl", LINES, {"header": True}, ["'jsonl' has no header"]),
    "encoding for parquet": ("a.parquet", to_parquet(LISTS), {"encoding": "utf-8"}, ["'parquet' has no encoding"]),
    # labels
    "no labels": ("a.csv", "text,author\na b,me\nc d,you\n", {}, ["no label columns", "one column with the names"]),
    "label column not there": ("a.csv", NAMES, {"label_column": "tags"}, ["no column 'tags' for", "'labels'"]),
    "no names": ("a.csv", GRADES, {"label_form": "names"}, ["no column with names or numbers of labels"]),
    "one label": ("a.csv", NAMES.replace("fear", "joy"), {}, ["only one label ('joy')"]),
    "nothing in it": ("a.csv", "text,labels\na,\nb,\n", {}, ["column 'labels'", "no labels in it"]),
    "neither yes nor no": ("a.csv", YES + "words,maybe,no\n", {}, ["row 26, column 'zeal': 'maybe'", "yes or no"]),
    "no intensity": ("a.csv", GRADES + "words,2,much,0\n", {}, ["row 26, column 'joy': 'much'", "a number"]),
    "infinite": ("a.csv", GRADES + "words,2,inf,0\n", {}, ["row 26, column 'joy': 'inf'"]),
    "intensity without a cut": ("a.csv", GRADES, {"label_cells": "0/1"}, ["row 4, column 'anger': '2'", "0 or 1"]),
    "two wrong": ("a.csv", YES + "a,?,no\nb,?,no\n", {}, ["(2 such rows: 26 and 27)"]),
    "number without a name": ("a.csv", NUMBERS + "a,9\n", {"label_names": THREE}, ["row 22", "'9'", "3 label names"]),
    "names of other labels": ("a.csv", NAMES, {"label_names": ("a", "b")}, ["15 of its 20 cells", "label names"]),
    "no list in brackets": ("a.jsonl", changed(7, labels="joy"), {}, ["row 7, column 'labels'", "no list of labels"]),
    "list in a list": ("a.jsonl", changed(7, labels=[["joy"]]), {}, ["row 7, column 'labels'", "no list of"]),
    "markup in a label": ("a.jsonl", changed(7, labels=["<b>"]), {}, ["row 7, column 'labels'", "no list of labels"]),
    "no only label": ("a.csv", ONE + "words,\n", {}, ["row 22, column 'emotion': the label is empty"]),
    "labels that differ in case": ("a.csv", ONE + "words,JOY\n", {}, ["'JOY' and 'joy' differ only in case"]),
    "reserved label": ("a.csv", ONE.replace("joy", "split"), {}, ["the label 'split'", "reserved name"]),
    "too many labels": ("a.csv", "text,labels\n" + "".join(f"w,e{n}\n" for n in range(201)), {}, ["201 labels;"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_its_place(case: str) -> None:
    name, content, wishes, parts = REFUSED[case]
    with pytest.raises(DataError) as caught:
        read_form(name, content, **wishes)
    message = str(caught.value)
    assert message.startswith(f"{name}") and "\n" not in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize("case", REFUSED)
def test_an_import_tells_the_message_and_has_nothing_to_register(case: str) -> None:
    name, content, wishes, parts = REFUSED[case]
    file = DataFile(name, content if isinstance(content, bytes) else content.encode())
    draft = read_draft({"train": file}, Reading(**wishes), {}, False, lambda step, words: None)
    assert draft.found is None
    assert draft.error and all(part in draft.error for part in parts)


def test_each_has_a_message_of_its_own() -> None:
    messages = set()
    for name, content, wishes, _ in REFUSED.values():
        with pytest.raises(DataError) as caught:
            read_form(name, content, **wishes)
        messages.add(str(caught.value))
    assert len(messages) == len(REFUSED) >= 40


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_long_line_is_refused_before_it_is_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "decode", None)
    content = (ONE if name == "a.csv" else LINES).encode() + b"x" * (encodings.LONGEST_LINE + 1)
    with pytest.raises(DataError, match=r"number (22|31) has 5\.0 MB, more than .* a line of its own"):
        read_form(name, content)


def test_a_long_list_of_json_is_refused_before_it_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "MOST_LIST_BYTES", 1_000)
    with pytest.raises(DataError, match=r"a JSON list of more than 1\.0 kB is not read; .* \(JSON Lines\)"):
        read_form("a.json", json.dumps(LISTS))
    assert len(read_form("a.json", LINES).frame) == 30


BOMBS = {
    "bytes": (
        pa.table({"text": ["x" * 10**6] * 300, "labels": ["joy"] * 300}),
        {"use_dictionary": False},
        "unpacks to",
    ),
    "repeated text": (pa.table({"text": ["x" * 10**6] * 3_000, "labels": ["joy"] * 3_000}), {}, "unpacks to"),
    "category": (
        pa.table({"text": pa.DictionaryArray.from_arrays([0] * 300, ["x" * 10**6]), "labels": ["joy"] * 300}),
        {},
        "unpacks to",
    ),
    "lists": (
        pa.table(
            {"text": [["a"]], "labels": pa.ListArray.from_arrays([0, 21 * 10**6], pa.nulls(21 * 10**6, pa.int8()))}
        ),
        {},
        "more than 20,000,000 cells",
    ),
    "cells": (pa.table({"a": pa.nulls(11 * 10**6), "b": pa.nulls(11 * 10**6)}), {}, "more than 20,000,000 cells"),
    "columns": (pa.table({f"c{place}": [1] for place in range(1_001)}), {}, "1,001 columns; at most 1,000"),
    "names": (pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), {}, "the column 'a' is there twice"),
    "no rows": (pa.table({"text": pa.array([], pa.string())}), {}, "no rows; it needs one for each text"),
    "no columns": (pa.table({}), {}, "no columns; it needs a text and labels"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_parquet_that_would_be_too_large_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, options, words = BOMBS[kind]
    stream = io.BytesIO()
    parquet.write_table(table, stream, compression="zstd", **options)
    assert len(stream.getvalue()) < 10**6
    if kind in ("bytes", "cells", "lists", "columns"):  # its metadata says so
        monkeypatch.setattr(parquet_reader, "_batches", None)
    with pytest.raises(DataError, match=words):
        read_form("a.parquet", stream.getvalue())


SECRET = "s3cr3t-value-of-mine"


@pytest.mark.parametrize("name", ["secrets.jsonl", "secrets.json", "notes"])
@pytest.mark.parametrize(
    "content",
    [
        f'{{"text": "{SECRET}", "labels": ["{SECRET}"]}}',
        f'{{"key = {SECRET}": "x"}}',
        SECRET,
        f"text,labels\n{SECRET},{SECRET}\n",
    ],
)
def test_no_message_shows_what_a_file_holds(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(write_text(tmp_path / name, content))
    assert SECRET not in str(caught.value)
    for wishes in ({}, {"label_column": "labels", "text_column": "text"}):
        with pytest.raises(DataError) as caught:
            read_form(name, content, **wishes)
        assert SECRET not in str(caught.value)
