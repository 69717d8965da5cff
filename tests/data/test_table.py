"""Valid data files of every form are read; others are refused with file, row and column."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.table import MOST_LABELS, RESERVED_COLUMNS, read_table, read_texts
from emocore.errors import DataError
from tests.support.tables import LABELS, make_table, write_csv, write_text

GOOD = "ID,Tweet,anger,joy\na,first,1,0\nb,second,0,1\n"


def read(tmp_path: Path, content: str | bytes, **options: object) -> pd.DataFrame:
    return read_table(write_text(tmp_path / "table.csv", content), **options).frame  # type: ignore[arg-type]


def test_the_form_of_the_study_is_read_as_it_stands(tmp_path: Path) -> None:
    source = make_table(50)
    table = read_table(write_csv(tmp_path / "semeval.csv", source))
    assert table.labels == LABELS
    assert table.name == "semeval.csv"
    assert table.ignored_columns == ()
    assert list(table.frame.columns) == ["row_id", "text", *LABELS]
    assert table.frame["row_id"].tolist() == source["ID"].tolist()
    assert table.frame["text"].tolist() == source["Tweet"].tolist()
    assert (table.frame[list(LABELS)].to_numpy() == source[list(LABELS)].to_numpy()).all()
    assert {str(table.frame[label].dtype) for label in LABELS} == {"int8"}


def test_a_tab_separated_file_is_the_same_table(tmp_path: Path) -> None:
    source = make_table(30)
    source["Tweet"] += ', with commas, and "quotes"'
    comma = read_table(write_csv(tmp_path / "a.csv", source))
    tab = read_table(write_csv(tmp_path / "a.tsv", source, separator="\t"))
    pd.testing.assert_frame_equal(comma.frame, tab.frame)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip("\n"),
        "\n\n" + GOOD.replace("\n", "\n\n"),
        GOOD.replace("a,first,1,0", ' a , first ,"1", 0 ').replace("a ", "a"),
        GOOD.replace("1,0", "1.0,0.0"),
        GOOD.replace("ID,Tweet,anger,joy", " ID , Tweet , anger , joy "),
        GOOD.replace("\n", ",\n"),
        GOOD + ",,,\n",
    ],
    ids=["bom", "crlf", "cr", "no last newline", "blank lines", "spaces", "1.0", "header", "empty column", "empty row"],
)
def test_harmless_variants_of_a_file_are_read_alike(tmp_path: Path, content: str) -> None:
    frame = read(tmp_path, content)
    assert frame["text"].tolist() == ["first", "second"]
    assert frame[["anger", "joy"]].to_numpy().tolist() == [[1, 0], [0, 1]]


def test_quoted_commas_line_breaks_and_quotes_stay_in_the_text(tmp_path: Path) -> None:
    frame = read(tmp_path, 'Tweet,anger,joy\n"one, two\nthree ""four""",1,0\nfive,0,1\n')
    assert frame["text"].tolist() == ['one, two\nthree "four"', "five"]


@pytest.mark.parametrize(
    "texts",
    [["so 😂😂 happy", "мне страшно", "嬉しい", "«naïve» na\u00efve"], ["NA", "null", "nan", "None", "123"]],
    ids=["emoji and other scripts", "what looks like missing values"],
)
def test_texts_are_kept_as_they_are(tmp_path: Path, texts: list[str]) -> None:
    rows = "".join(f"{text},0,1\n" for text in texts)
    assert read(tmp_path, "text,anger,joy\n" + rows)["text"].tolist() == texts


BY_AUTHOR = "author,line,anger,joy\nme,hello,1,0\nyou,bye,0,1\n"
BY_NUMBER = "id,what was said,anger,joy\n1,hello,1,0\n2,bye,0,1\n"
USUAL = ("Tweet", "TEXT", "message", "Sentence", "comment")


@pytest.mark.parametrize("content", [*(BY_AUTHOR.replace("line", name) for name in USUAL), BY_NUMBER])
def test_a_text_column_is_found_by_its_usual_names_or_as_the_only_one_with_words(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content)["text"].tolist() == ["hello", "bye"]


def test_of_several_columns_with_words_the_wanted_one_is_taken(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="text_column") as caught:
        read(tmp_path, BY_AUTHOR)
    assert "'author', 'line', 'anger', 'joy'" in str(caught.value)
    assert read(tmp_path, BY_AUTHOR, text_column="line")["text"].tolist() == ["hello", "bye"]


def test_labels_are_the_numeric_columns_but_the_id_in_file_order(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", "id,text,zeal,apathy,author\n7,hello,1,0,me\n8,bye,0,1,you\n"))
    assert table.labels == ("zeal", "apathy")
    assert table.ignored_columns == ("author",)
    assert table.frame["row_id"].tolist() == ["7", "8"]


def test_wanted_labels_are_taken_in_the_wanted_order_and_the_rest_is_named(tmp_path: Path) -> None:
    source = write_text(tmp_path / "t.csv", "text,anger,length,joy\nhello,1,5,0\nbye,0,3,1\n")
    table = read_table(source, label_columns=["joy", "anger"])
    assert table.labels == ("joy", "anger")
    assert list(table.frame.columns) == ["row_id", "text", "joy", "anger"]
    assert table.ignored_columns == ("length",)


def test_ids_that_repeat_give_way_to_row_numbers(tmp_path: Path) -> None:
    frame = read(tmp_path, "ID,Tweet,anger,joy\nx,first,1,0\nx,second,0,1\n")
    assert frame["row_id"].tolist() == ["2", "3"]  # as a spreadsheet counts: the header is row 1


def test_rows_without_an_id_are_numbered(tmp_path: Path) -> None:
    assert read(tmp_path, "Tweet,anger,joy\nfirst,1,0\n\nsecond,0,1\n")["row_id"].tolist() == ["2", "4"]


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", GOOD))
    assert table.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


REFUSED = [
    ("empty", "", ["the file is empty"]),
    ("only blanks", "\n \n", ["the file is empty"]),
    ("only a byte order mark", b"\xef\xbb\xbf", ["the file is empty"]),
    ("header only", "ID,Tweet,anger,joy\n", ["only a header line"]),
    ("no labels", "ID,Tweet\na,hello\n", ["no label columns", "0 or 1"]),
    ("no labels but words", "ID,Tweet,emotion\na,hello,joy\n", ["no label columns"]),
    ("one label", "ID,Tweet,anger\na,hello,1\n", ["only one label column", "'anger'"]),
    ("label of 2", GOOD + "c,third,0,2\n", ["row 4", "column 'joy'", "'2'", "label_columns"]),
    ("negative label", GOOD + "c,third,-1,0\n", ["row 4", "column 'anger'", "'-1'"]),
    ("half a label", GOOD + "c,third,0.5,0\n", ["row 4", "column 'anger'", "'0.5'"]),
    ("blank label", GOOD + "c,third,1,\n", ["row 4", "column 'joy'", "''"]),
    ("worded label", GOOD + "c,third,yes,1\n", ["row 4", "column 'anger'", "'yes'"]),
    ("label after a blank line", GOOD + "\n\nc,third,1,5\n", ["row 6", "column 'joy'"]),
    ("many wrong labels", GOOD + "c,third,3,0\nd,fourth,4,0\n", ["row 4", "'3'", "2 such rows"]),
    ("no text column", "ID,anger,joy\na,1,0\nb,0,1\n", ["no text column", "'ID', 'anger', 'joy'", "text_column"]),
    ("blank text", GOOD + 'c,"  ",1,0\n', ["row 4", "column 'Tweet'", "the text is empty"]),
    ("too few cells", GOOD + "c,third,1\n", ["row 4", "3 cells", "4"]),
    ("too many cells", GOOD + "c,third, with comma,1,0\n", ["row 4", "5 cells", "quotation marks"]),
    ("column twice", "ID,Tweet,joy,joy\na,x,1,0\n", ["'joy' is there twice"]),
    ("column twice by spaces", "ID,Tweet,joy, joy \na,x,1,0\n", ["'joy' is there twice"]),
    ("line break in the header", 'ID,"what\nwas",other,anger,joy\na,b,c,0,1\n', ["no text column found in 5 columns"]),
    ("semicolons", GOOD.replace(",", ";"), ["no label columns"]),
    ("open quote", GOOD + 'c,"third,1,0\n', ["not a readable CSV", "quotation marks"]),
    ("broken UTF-8", GOOD.encode() + b"c,caf\xe9,1,0\n", ["line 4", "not UTF-8"]),
    ("UTF-16", GOOD.encode("utf-16"), ["line 1", "not UTF-8"]),
    ("UTF-16 without its mark", GOOD.encode("utf-16-le"), ["line 1", "a NUL character"]),
    ("NUL in a text", GOOD + "c,thi\0rd,1,0\n", ["line 4", "a NUL character"]),
    ("NUL in a name", GOOD.replace("joy", "j\0oy"), ["line 1", "a NUL character"]),
    ("only commas", ",,,\n,,\n", ["only commas", "header line"]),
    ("commas and spaces", " , ,\n\t,,\n", ["header line"]),
    ("text of nothing to see", GOOD + "c,\u200b\ufeff \u2060,1,0\n", ["row 4", "column 'Tweet'", "the text is empty"]),
    ("names that differ in case", "Tweet,joy,JOY\na,1,0\nb,0,1\n", ["'joy' and 'JOY' differ only in case"]),
    ("a control character in a name", "Tweet,a\x1b[31m,joy\na,1,0\nb,0,1\n", ["number 2", "control character"]),
    ("a very long name", f"Tweet,{'x' * 101},joy\na,1,0\nb,0,1\n", ["number 2", "more than 100 characters"]),
    ("several wrong cells", GOOD + "c,x,2,0\nd,x,1,0\ne,x,3,0\nf,x,3,0\n", ["'2'", "(3 such rows: 4, 6 and 7)"]),
    ("10,000 columns", "text" + ",e" * 9_999 + "\n" + "x" + ",1" * 9_999 + "\n", ["10,000 columns", "at most 1,000"]),
    ("201 labels", "text," + ",".join(f"e{i}" for i in range(201)) + "\nx" + ",1" * 201 + "\n", ["201 label columns"]),
]


@pytest.mark.parametrize(("content", "parts"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    message = str(caught.value)
    assert message.startswith("table.csv")
    assert "\n" not in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize("mistake", ["yes", "", "NaN", "2", "x=1"])
def test_a_column_of_which_nine_cells_in_ten_are_labels_is_one_and_the_others_are_mistakes(
    tmp_path: Path, mistake: str
) -> None:
    rows = [f"text {number},{number % 2},{(number + 1) % 2}.0,{number}0" for number in range(10)]
    rows[6] = f"text 6,{mistake},0,6"
    content = "\n".join(["Tweet,zeal,apathy,said", *rows])
    with pytest.raises(DataError, match=r"row 8, column 'zeal': .* where a label is 0 or 1 \(1 such row\)"):
        read(tmp_path, content)


def test_a_column_with_fewer_labels_is_none(tmp_path: Path) -> None:
    rows = [f"text {number},{number % 2},{(number + 1) % 2},{'yes' if number < 2 else 1}" for number in range(10)]
    table = read_table(write_text(tmp_path / "t.csv", "\n".join(["Tweet,zeal,apathy,replied", *rows])))
    assert table.labels == ("zeal", "apathy") and table.ignored_columns == ("replied",)


def test_a_column_of_labels_with_a_mistake_is_not_taken_for_the_text(tmp_path: Path) -> None:
    rows = [f"words {number},{number % 2},{'?' if number == 3 else 1}" for number in range(12)]
    with pytest.raises(DataError, match="row 5, column 'apathy'"):
        read(tmp_path, "\n".join(["what was said,zeal,apathy", *rows]))


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"text_column": "anger"}, ["column 'anger'", "it holds labels", "text_column"]),
        ({"text_column": "anger", "label_columns": ["anger", "joy"]}, ["both name 'anger'"]),
        ({"text_column": "words"}, ["no column 'words'", "'ID', 'Tweet', 'anger', 'joy'"]),
        ({"label_columns": ["anger", "fear"]}, ["no label column 'fear'", "'ID', 'Tweet', 'anger', 'joy'"]),
        ({"label_columns": ["anger"]}, ["only one label column"]),
        ({"label_columns": ["ID", "joy"]}, ["row 2", "column 'ID'", "'a'"]),
        ({"label_columns": ["anger", "joy", "anger"]}, ["'anger' is named twice"]),
    ],
)
def test_a_wish_that_the_file_cannot_meet_is_refused(
    tmp_path: Path, options: dict[str, object], parts: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, GOOD, **options)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", RESERVED_COLUMNS)
def test_a_label_may_not_have_the_name_of_a_column_of_the_checked_table(tmp_path: Path, name: str) -> None:
    content = f"Tweet,{name},anger,joy\nhello,1,0,1\nbye,0,1,0\n"
    with pytest.raises(DataError, match=f"label column '{name}' is .* reserved name; rename it"):
        read(tmp_path, content, text_column="Tweet", label_columns=[name, "joy"])
    frame = read(tmp_path, content, text_column="Tweet", label_columns=["anger", "joy"])
    assert list(frame.columns) == ["row_id", "text", "anger", "joy"]
    assert frame["text"].tolist() == ["hello", "bye"]


def test_a_file_of_only_texts_is_read_in_order(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in.csv", "ID,Tweet\na, first \nb,second\nc,first\n")
    assert read_texts(source) == ["first", "second", "first"]
    assert read_texts(source, "ID") == ["a", "b", "c"]


def test_labels_do_not_disturb_reading_the_texts(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in.csv", GOOD + "c,third,not,labelled\n")
    assert read_texts(source) == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("content", "part"),
    [("Tweet\n\n", "only a header line"), ('ID,Tweet\na,x\nb," "\n', "row 3, column 'Tweet'"), ("id\n1\n", "no text")],
)
def test_a_file_without_usable_texts_is_refused(tmp_path: Path, content: str, part: str) -> None:
    source = write_text(tmp_path / "in.csv", content)
    with pytest.raises(DataError, match=part):
        read_texts(source)


@pytest.mark.filterwarnings("error")
def test_as_many_labels_as_are_learned_are_read_without_a_warning(tmp_path: Path) -> None:
    names = ",".join(f"e{number}" for number in range(MOST_LABELS))
    rows = "".join(f"text {row}" + f",{row % 2}" * MOST_LABELS + "\n" for row in range(4))
    assert read(tmp_path, f"text,{names}\n{rows}").shape == (4, MOST_LABELS + 2)


def test_more_cells_than_memory_is_meant_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.data.cells.MOST_CELLS", 20)
    with pytest.raises(DataError, match="more than 20 cells are not read; leave out columns or rows"):
        read(tmp_path, "text,anger,joy\n" + "x,1,0\n" * 9)
