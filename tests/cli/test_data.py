"""`emocore data check`: how a file is read, its labels, and "fine"; or the error in one line and status 2."""

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from emocore.cli.main import main
from tests.support.refusals import assert_one_line
from tests.support.tables import write_text

GOEMOTIONS = "".join(f"some text, {row}\t{['0', '1', '1,2', ''][row % 4]}\teeb{row}\n" for row in range(12))
GRADES = "text;anger;joy;by\n" + "".join(f"fröhlich {row};{row % 4};{(row + 1) % 4};me\n" for row in range(8))
DOUBTFUL = "text,anger,joy,love,split\n" + "".join(
    f"{text},{row % 2},{(row + 1) % 2},{(row + 1) % 2},{split}\n"
    for row, (text, split) in enumerate(
        [(f"some text {row}", "train") for row in range(10)]
        + [("Some text 3!", "train"), ("some text 0", "train"), ("here\u200bhidden", "train"), ("a\x85b", "dev")]
        + [("@ann some TEXT 1", "dev"), ("some text 5", "dev")]
    )
)


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["data", "check", *arguments]) == 0
    return capsys.readouterr().out


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status = main(["data", "check", *arguments])
    printed = capsys.readouterr()
    return assert_one_line(status, printed.out, printed.err)


def test_it_tells_how_a_file_is_read_and_counts_its_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_text(tmp_path / "train.tsv", GOEMOTIONS)
    names = write_text(tmp_path / "names.txt", "awe\njoy\nfear\n")
    assert check(capsys, file, "--label-names", names) == snapshot("""\
part             read as
file             rows of cells
encoding         utf-8
delimiter        tab
quotation marks  enclose cells
header           none
texts            column 1
IDs              column 3
labels           names in column 2, separated by comma

label  texts  share
awe    3      25.0%
joy    6      50.0%
fear   3      25.0%

fine: 12 texts with 3 labels; 3 have no label
""")


def test_it_tells_whose_labels_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"some text {row}\t{row % 2}\t{row % 3 // 2}" for row in range(12)]
    for head, told in (
        ("Sad\thappy", "2 of the 6 labels of Ekman's basic emotions, as in BRIGHTER."),
        ("joy\tawe", None),
    ):
        file = write_text(tmp_path / "train.tsv", "\n".join([f"text\t{head}", *rows]))
        printed = check(capsys, file)
        assert head.split("\t")[0] in printed, "labels keep the names of the file"
        assert (f"These are {told}" in printed) if told else ("These are" not in printed)


def test_it_tells_what_should_be_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_text(tmp_path / "a.csv", GRADES.encode("cp1252"))
    told = check(capsys, file)
    assert "note: the file is not in UTF-8; it was read as windows-1252" in told
    assert "note: the label columns hold intensities; a label is on from 1" in told
    assert "columns that are not used: 'by'" in told
    assert "anger  6      75.0%" in told
    assert "anger  2      25.0%" in check(capsys, file, "--cut", "3")


def test_it_warns_of_what_is_doubtful_and_names_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = check(capsys, write_text(tmp_path / "a.csv", DOUBTFUL))
    _, table_of_labels, end = told.split("\n\n")
    assert table_of_labels.startswith("label") and end.splitlines() == [
        "These are 3 of the 11 labels of SemEval-2018 E-c.",
        "warning: a.csv, training split: 2 texts (rows 3 and 7) are the same or nearly the same as 2 of the 3 texts of "
        "the validation split, so its scores may be too high; remove them from the training split",
        "warning: a.csv, training split: 2 texts (rows 2 and 13) are the same as others with other labels, so no model "
        "can be right about all of them; correct the labels, or keep one row of each text",
        "warning: a.csv, validation split: of 3 texts, only 2 have anger, 1 has joy and 1 has love (rows 15, 16 and "
        "17), too few to score; add texts with them, or leave these labels out",
        "warning: a.csv: the labels joy and love are equal in every row, so they are copies; keep one of them by "
        "naming the labels in the setting label_columns",
        "warning: a.csv, training split: 1 text (row 14) has invisible characters (U+200B), which a base may take for "
        "parts of words; take them out",
        "warning: a.csv, validation split: 1 text (row 15) has control characters (U+0085), as if read in a wrong "
        "encoding; save the file in UTF-8, or take them out",
        "fine: 16 texts with 3 labels; 0 have no label",
    ]
    assert "warning" not in check(capsys, "starter")


def test_every_guess_has_an_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_text(tmp_path / "a.txt", "k;so glad;joy|fear;me\nl;so;joy;you\nm;sad;fear;me\n".encode("utf-16"))
    told = check(
        capsys, file, "--file-format", "delimited", "--encoding", "utf-16", "--delimiter", "semicolon", "--no-quotes",
        "--no-header", "--text-column", "column 2", "--id-column", "column 1", "--group-column", "column 4",
        "--label-form", "names", "--label-column", "column 3", "--separator", "bar", "--labels", "joy,fear",
    )  # fmt: skip
    for words in ("utf-16", "semicolon", "belong to the texts", "none", "column 2", "column 4", "separated by bar"):
        assert words in told
    assert told.index("joy ") < told.index("fear ") and "fine: 3 texts with 2 labels; 0 have no label" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--label-form", "columns", "--separator", "bar"), "have no separator, and names have no cells and no cut"),
        (("--label-form", "one", "--separator", "bar"), "needs no separator; leave one of them out"),
        (("--delimiter", "x"), "'x' is not one of 'comma', 'tab', 'semicolon', 'bar'"),
        (("--cut", "nan"), "cut: "),
        (("--label-names", "gone.txt"), "gone.txt: no such file"),
        (("--encoding", "klingon"), "no encoding of texts has the name 'klingon'"),
        (("--encoding", "x" * 50), "encoding: "),
    ],
)
def test_options_that_cannot_be_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refuse(capsys, write_text(tmp_path / "a.tsv", GOEMOTIONS), *arguments)


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "this is a folder" in refuse(capsys, str(tmp_path))
    assert "no such file" in refuse(capsys, str(tmp_path / "gone.csv"))
    file = write_text(tmp_path / "a.csv", "text,anger,joy\n,1,0\nb,0,1\n")
    assert main(["data", "check", file]) == 2
    printed = capsys.readouterr()
    assert "2 columns of 0/1" in printed.out and "fine" not in printed.out, "the guess is told before the error"
    assert "a.csv, row 2, column 'text': the text is empty" in printed.err
    assert main(["data"]) == 2 and "Missing command" in capsys.readouterr().err
