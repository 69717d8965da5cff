"""A file is checked as a whole or by the splits that it names; notes name the file that each split comes from."""

from pathlib import Path

from emocore.data.notes import check_file, name_files
from emocore.data.table import read_table
from emocore.run.config import STARTER
from tests.support.tables import make_table, write_csv

SPLITS = ["test"] * 20 + ["train"] * 60 + ["dev"] * 20


def test_a_file_without_splits_is_checked_as_a_whole(tmp_path: Path) -> None:
    table = make_table(100)
    table.loc[5] = table.loc[3].replace(table.loc[3, "ID"], "other")
    [found] = check_file(read_table(write_csv(tmp_path / "a.csv", table)))
    assert (found.kind, found.splits, found.rows, found.row_numbers) == ("repeated_texts", ("all",), ("other",), (7,))


def test_a_file_with_splits_is_checked_by_split_with_training_first(tmp_path: Path) -> None:
    table = make_table(100).assign(split=SPLITS)
    table.loc[5, "Tweet"] = table.loc[70, "Tweet"].upper()
    found = [own for own in check_file(read_table(write_csv(tmp_path / "a.csv", table))) if own.kind == "shared_texts"]
    assert [(own.splits, own.row_numbers) for own in found] == [(("train", "test"), (72,))]


def test_the_starter_set_has_nothing_to_warn_of() -> None:
    assert check_file(read_table(STARTER)) == ()


def test_a_split_without_a_file_of_its_own_is_of_the_data(tmp_path: Path) -> None:
    tables = {
        "data": read_table(write_csv(tmp_path / "data.csv", make_table(50))),
        "test_data": read_table(write_csv(tmp_path / "gold.csv", make_table(50, seed=1))),
    }
    assert name_files(tables) == {"train": "data.csv", "validation": "data.csv", "test": "gold.csv"}
