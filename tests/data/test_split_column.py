"""A column that says which split a text belongs to."""

import re
from pathlib import Path
from typing import Any

import pytest

from emocore.data.reading.record import Reading
from emocore.data.source import read_source
from emocore.data.split import Splits, load_splits
from emocore.data.table import open_sheet, take_table
from emocore.errors import DataError
from emocore.run.config import RunConfig

SPLITS = ["Train"] * 60 + ["dev"] * 20 + ["test"] * 25


def write(path: Path, splits: list[str] | None) -> str:
    lines = ["text,anger,joy" + (",split" if splits else "")]
    for number, split in enumerate(splits or SPLITS):
        cells = [f"text {number}", str(number % 2), str(int(number % 3 == 0)), *([split] if splits else [])]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def load(path: str, **settings: Any) -> Splits:
    return load_splits(RunConfig(data=path, **settings))


def sizes(splits: Splits) -> dict[str, int]:
    return {name: len(frame) for name, frame in splits.frames.items()}


def test_the_splits_are_those_of_the_column(tmp_path: Path) -> None:
    splits = load(write(tmp_path / "a.csv", SPLITS))
    assert sizes(splits) == {"train": 60, "validation": 20, "test": 25}
    assert splits.frames["test"]["text"].tolist() == [f"text {number}" for number in range(80, 105)]
    assert list(splits.frames["train"]) == ["row_id", "text", "anger", "joy"]
    assert splits.notes == ("a.csv: split as its column split says",)


def test_the_column_may_be_written_with_a_capital(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.csv", SPLITS))
    path.write_text(path.read_text(encoding="utf-8").replace(",split\n", ",Split\n", 1), encoding="utf-8")
    assert sizes(load(str(path))) == {"train": 60, "validation": 20, "test": 25}


def test_shares_and_split_seed_change_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", SPLITS)
    assert load(path).split_sha256 == load(path, split_seed=7, test_share=0.3).split_sha256
    assert sizes(load(path, rows=30))["train"] == 30


def test_validation_texts_that_the_column_lacks_are_taken_from_training(tmp_path: Path) -> None:
    splits = load(write(tmp_path / "a.csv", ["train"] * 80 + ["test"] * 25), validation_share=0.25)
    assert sizes(splits) == {"train": 60, "validation": 20, "test": 25}


@pytest.mark.parametrize(
    "splits",
    [["train"] * 105, ["train"] * 100 + ["spare"] * 5, ["test"] * 105],
    ids=["one split", "an unknown one", "no training rows"],
)
def test_another_column_of_that_name_is_not_used(tmp_path: Path, splits: list[str]) -> None:
    own, without = load(write(tmp_path / "a.csv", splits)), load(write(tmp_path / "b.csv", None))
    assert sizes(own) == sizes(without)
    assert own.notes == ("a.csv: columns that are not used: 'split'",)


def test_separate_files_are_refused_where_the_column_has_splits(tmp_path: Path) -> None:
    other = write(tmp_path / "b.csv", None)
    own = write(tmp_path / "a.csv", SPLITS)
    for files in ({"data": own, "test_data": other}, {"data": other, "test_data": own}):
        with pytest.raises(DataError, match=r"a.csv: its column split already says which rows are for training"):
            load_splits(RunConfig(**files))
    files = load(write(tmp_path / "c.csv", ["train"] * 105), test_data=write(tmp_path / "d.csv", ["test"] * 105))
    assert sizes(files)["test"] == 105


def test_a_column_of_another_name_can_be_named(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.csv", SPLITS))
    path.write_text(path.read_text(encoding="utf-8").replace(",split\n", ",part\n", 1), encoding="utf-8")
    table = take_table(open_sheet(read_source(str(path)), Reading(split_column="part")))
    assert table.frame["split_name"].value_counts().to_dict() == {"train": 60, "test": 25, "validation": 20}
    assert table.reading.split_column == "part"
    assert table.ignored_columns == ()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("portion", "a.csv: no column 'portion' for the splits; it has 'text', 'anger', 'joy', 'split'"),
        ("text", "a.csv, row 2, column 'text': a text of 6 characters where a split is train, training, validation"),
        ("split", "a.csv, column 'split': it names only the split train; it needs rows for training and others"),
    ],
)
def test_a_named_column_that_says_no_splits_is_refused(tmp_path: Path, column: str, words: str) -> None:
    file = read_source(write(tmp_path / "a.csv", ["train"] * 105))
    with pytest.raises(DataError, match=re.escape(words)):
        open_sheet(file, Reading(text_column="text", split_column=column))


@pytest.mark.parametrize("cell", ["", "unused", "tets"])
def test_an_official_split_is_not_lost_because_of_a_cell(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path / "a.csv", [*SPLITS[:-1], cell])
    with pytest.raises(DataError, match=r"a\.csv, row 106, column 'split': .* where a split is train"):
        load(path)
