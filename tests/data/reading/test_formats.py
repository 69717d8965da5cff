"""The same texts and labels in many forms give the same table, and a stored reading gives it again."""

import csv
import io
import json
from typing import Any

import pandas as pd
import pytest

from emocore.data.reading.record import Reading
from emocore.data.source import DataFile
from emocore.data.table import EmotionTable, open_sheet, read_table, take_table
from tests.support.forms import read_form, to_lines, to_parquet, to_xlsx
from tests.support.tables import write_text

LABELS = ("fear", "joy", "sadness")
ROWS: list[dict[str, Any]] = [
    {"id": f"m{number}", "text": f'Größe {number}, "so", naïve', "labels": own}
    for number, own in enumerate([["joy"], ["joy", "fear"], [], ["sadness"], ["fear", "sadness", "joy"], ["fear"]] * 4)
]
CELLS = {
    "0/1": lambda is_on: int(is_on),
    "words": lambda is_on: "yes" if is_on else "no",
    "booleans": lambda is_on: bool(is_on),
    "intensities": lambda is_on: 2 if is_on else 0,
}


def with_columns(kind: str) -> list[dict[str, Any]]:
    return [
        {"id": row["id"], "text": row["text"], **{label: CELLS[kind](label in row["labels"]) for label in LABELS}}
        for row in ROWS
    ]


def with_names(separator: str) -> list[dict[str, Any]]:
    return [row | {"labels": separator.join(row["labels"])} for row in ROWS]


def as_rows(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def delimit(rows: list[dict[str, Any]], delimiter: str = ",", header: bool = True) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerows([list(rows[0])] * header + [list(row.values()) for row in rows])
    return stream.getvalue()


FORMS: dict[str, tuple[str, str | bytes]] = {
    "0/1 CSV": ("a.csv", delimit(with_columns("0/1"))),
    "0/1 with tabs": ("a.tsv", delimit(with_columns("0/1"), "\t")),
    "0/1 with semicolons": ("a.csv", delimit(with_columns("0/1"), ";")),
    "0/1 with bars": ("a.txt", delimit(with_columns("0/1"), "|")),
    "yes or no": ("a.csv", delimit(with_columns("words"))),
    "True or False": ("a.csv", delimit(with_columns("booleans"))),
    "intensities": ("a.csv", delimit(with_columns("intensities"))),
    "UTF-8 with its mark": ("a.csv", "\ufeff" + delimit(with_columns("0/1"))),
    "UTF-16": ("a.csv", delimit(with_columns("0/1")).encode("utf-16")),
    "UTF-16, big end first": ("a.csv", b"\xfe\xff" + delimit(with_columns("0/1")).encode("utf-16-be")),
    "Windows-1252": ("a.csv", delimit(with_columns("0/1")).encode("windows-1252")),
    "names with commas": ("a.csv", delimit(with_names(","))),
    "names with bars": ("a.csv", delimit(with_names("|"))),
    "names with semicolons and spaces": ("a.csv", delimit(with_names("; "))),
    "lists as JSON": ("a.csv", delimit([row | {"labels": json.dumps(row["labels"])} for row in ROWS])),
    "lists as Python prints them": ("a.csv", delimit([row | {"labels": str(row["labels"])} for row in ROWS])),
    "JSON Lines with lists": ("a.jsonl", to_lines(ROWS)),
    "JSON Lines called JSON": ("a.json", to_lines(ROWS)),
    "JSON Lines with columns": ("a.ndjson", to_lines(with_columns("booleans"))),
    "JSON with lists": ("a.json", json.dumps(ROWS, indent=1)),
    "JSON in UTF-16": ("a.json", json.dumps(ROWS, ensure_ascii=False).encode("utf-16")),
    "JSON with columns": ("a.json", json.dumps(with_columns("0/1"))),
    "parquet with lists": ("a.parquet", to_parquet(ROWS)),
    "parquet with columns": ("a.parquet", to_parquet(with_columns("0/1"))),
    "parquet with booleans": ("a.parquet", to_parquet(with_columns("booleans"))),
    "parquet with text": ("a.parquet", to_parquet(with_names(","))),
    "parquet with categories": ("a.parquet", to_parquet(with_names(","), labels="category")),
    "Excel with columns": ("a.xlsx", to_xlsx(as_rows(with_columns("0/1")))),
    "Excel with booleans": ("a.xlsx", to_xlsx(as_rows(with_columns("booleans")))),
    "Excel with intensities": ("a.xlsx", to_xlsx(as_rows(with_columns("intensities")))),
    "Excel with names": ("a.xlsx", to_xlsx(as_rows(with_names("; ")))),
    "Excel with lists": ("a.xlsx", to_xlsx(as_rows([row | {"labels": str(row["labels"])} for row in ROWS]))),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_table_and_its_reading_gives_it_again(form: str) -> None:
    name, content = FORMS[form]
    table = read_form(name, content)
    wanted = pd.DataFrame({"row_id": [row["id"] for row in ROWS], "text": [row["text"] for row in ROWS]})
    for label in LABELS:
        wanted[label] = pd.Series([int(label in row["labels"]) for row in ROWS], dtype="int8")
    pd.testing.assert_frame_equal(table.frame.reset_index(drop=True), wanted, check_dtype=False)
    assert {str(table.frame[label].dtype) for label in LABELS} == {"int8"}
    assert (table.labels, table.ignored_columns, table.ignored_labels) == (LABELS, (), ())
    stored = Reading.model_validate_json(table.reading.model_dump_json())
    again = read_form(name, content, **stored.model_dump(exclude_none=True))
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert again.reading == stored == table.reading


def test_without_a_header_columns_are_numbered() -> None:
    table = read_form("a.csv", delimit(with_names(","), header=False))
    assert table.reading.header is False and table.reading.text_column == "column 2"
    assert table.frame["row_id"].tolist() == [row["id"] for row in ROWS]
    assert table.labels == LABELS


GOEMOTIONS = ["admiration", "amusement", "anger", "joy", "neutral"]


def goemotions(rows: int = 40) -> str:
    """As Google publishes it: text, numbers of the labels and an ID; a quotation mark may begin a text."""
    texts = ["My favourite food is anything, really", '"Well" she said', "WHY THE HELL", 'It\'s "fine", I guess']
    numbers = ["4", "0,3", "2", "1", "3,4,0"]
    return "".join(f"{texts[row % 4]} {row}\t{numbers[row % 5]}\teeb{row}x\n" for row in range(rows))


def test_goemotions_own_files_are_read_with_the_names_of_the_labels() -> None:
    table = read_form("train.tsv", goemotions(), label_names=tuple(GOEMOTIONS))
    reading = table.reading
    assert (reading.delimiter, reading.quotes, reading.header, reading.separator) == ("\t", False, False, ",")
    assert (reading.text_column, reading.label_column, reading.id_column) == ("column 1", "column 2", "column 3")
    assert table.labels == tuple(GOEMOTIONS)
    assert table.frame["text"][2] == '"Well" she said 1' and table.frame["row_id"][2] == "eeb1x"
    assert table.frame.loc[2, GOEMOTIONS].tolist() == [1, 0, 0, 1, 0]
    assert read_form("train.tsv", goemotions()).labels == ("0", "1", "2", "3", "4")


def brighter(values: list[list[int]]) -> str:
    names = ["anger", "disgust", "fear", "joy", "sadness", "surprise"]
    rows = [f"eng_{row},some words of text {row},{','.join(map(str, own))}" for row, own in enumerate(values)]
    return "\n".join(["id,text," + ",".join(names), *rows]) + "\n"


def test_brighter_is_read_with_0_and_1_and_with_intensities() -> None:
    intensities = [[(row * (place + 1)) % 4 if row % 3 else 0 for place in range(6)] for row in range(40)]
    one_or_none = [[int(value >= 1) for value in own] for own in intensities]
    track_a, track_b = read_form("a.csv", brighter(one_or_none)), read_form("b.csv", brighter(intensities))
    assert (track_a.reading.label_cells, track_a.reading.cut) == ("0/1", None)
    assert (track_b.reading.label_cells, track_b.reading.cut) == ("intensities", 1.0)
    pd.testing.assert_frame_equal(track_a.frame, track_b.frame)
    strong = read_form("b.csv", brighter(intensities), cut=2.5).frame
    assert strong["anger"].tolist() == [int(own[0] == 3) for own in intensities]


def test_seven_emotions_in_windows_1252_with_semicolons() -> None:
    names = ["Wut", "Ekel", "Angst", "Freude", "neutral", "Trauer", "Überraschung"]
    rows = [
        f"Das ist schön, Nr. {row};" + ";".join(str(int(row % 7 == place)) for place in range(7)) for row in range(21)
    ]
    table = read_form("deutsch.csv", "\r\n".join(["Text;" + ";".join(names), *rows]).encode("windows-1252"))
    assert table.labels == tuple(names) and table.frame["text"][2] == "Das ist schön, Nr. 0"
    assert (table.reading.encoding, table.reading.delimiter) == ("windows-1252", ";")


def is_same(table: EmotionTable, other: EmotionTable) -> bool:
    return table.frame.equals(other.frame) and table.labels == other.labels


def test_a_path_is_read_without_a_guess_where_one_could_be_wrong(tmp_path: Any) -> None:
    plain = {"0/1 CSV", "0/1 with tabs", "UTF-8 with its mark"}
    for form, (name, content) in FORMS.items():
        if form in plain or not name.endswith(("csv", "tsv", "txt")):
            path = write_text(tmp_path / name, content)
            assert is_same(read_table(path), read_form(name, content)), form


def test_rows_are_numbered_by_lines_or_objects_where_there_is_no_id() -> None:
    rows = [{"text": row["text"], "labels": row["labels"]} for row in ROWS[:3]]
    blank = to_lines(rows).replace("\n", "\n\n")
    assert read_form("a.jsonl", blank).frame["row_id"].tolist() == ["1", "3", "5"]
    for name, content in (("a.json", json.dumps(rows)), ("a.parquet", to_parquet(rows))):
        assert read_form(name, content).frame["row_id"].tolist() == ["1", "2", "3"]


def test_a_sheet_tells_how_it_will_be_read_before_its_texts_are_checked() -> None:
    sheet = open_sheet(DataFile("a.csv", b"text,anger,joy\n,1,0\nb,0,1\n"), Reading())
    assert sheet.reading.labels == ("anger", "joy")
    with pytest.raises(Exception, match="row 2, column 'text': the text is empty"):
        take_table(sheet)
