"""A column of classes that says which split a text belongs to, as the library `datasets` stores it in parquet."""

import io
from typing import Any

import pandas as pd
import pytest

from emocore.data.table import EmotionTable
from emocore.errors import DataError
from tests.support.forms import read_form
from tests.support.hub_datasets import CLASSES, STRING, to_stored_parquet, with_class_numbers
from tests.support.tables import LABELS, make_table

NAMES = ("train", "validation", "test")
NUMBERS = [0] * 60 + [1] * 20 + [2] * 20


def read(
    numbers: list[int] = NUMBERS, names: tuple[str, ...] = NAMES, column: str = "split", **wishes: Any
) -> EmotionTable:
    table = with_class_numbers(make_table(100)).assign(**{column: numbers})
    features = {"text": STRING, "labels": CLASSES, column: {"names": list(names), "_type": "ClassLabel"}}
    return read_form("a.parquet", to_stored_parquet(table, features), **wishes)


def sizes(table: EmotionTable) -> dict[str, int]:
    return {str(name): int(count) for name, count in table.frame["split_name"].value_counts().items()}


def test_the_library_itself_stores_them_so() -> None:
    from datasets import ClassLabel, Dataset, Features, List, Value

    labels, splits = List(ClassLabel(names=list(LABELS))), ClassLabel(names=["test", "train"])
    features = Features({"text": Value("string"), "labels": labels, "split": splits})
    stream = io.BytesIO()
    rows = {"text": ["a b", "b c", "c d"], "labels": [[0, 2], [], [1]], "split": [1, 1, 0]}
    Dataset.from_dict(rows, features).to_parquet(stream)
    table = read_form("a.parquet", stream.getvalue())
    assert table.frame["split_name"].tolist() == ["train", "train", "test"]
    assert (table.reading.split_column, table.labels, table.ignored_columns) == ("split", LABELS, ())


def test_numbers_of_splits_get_their_names() -> None:
    table = read()
    assert sizes(table) == {"train": 60, "validation": 20, "test": 20} and table.reading.split_column == "split"
    pd.testing.assert_series_equal(table.frame["anger"], read(names=("a", "b", "c")).frame["anger"])
    assert sizes(read(names=("Dev", "TRAIN", "test"))) == {"validation": 60, "train": 20, "test": 20}


def test_a_column_of_another_name_is_taken_if_it_is_named() -> None:
    assert "split_name" not in read(column="part").frame
    assert sizes(read(column="part", split_column="part")) == {"train": 60, "validation": 20, "test": 20}


@pytest.mark.parametrize("names", [("a", "b", "c"), ("train", "training", "other"), ("dev", "validation", "test")])
def test_classes_that_are_no_splits_stay_numbers(names: tuple[str, ...]) -> None:
    table = read(names=names)
    assert "split_name" not in table.frame and table.ignored_columns == ("split",)


def test_a_column_of_splits_is_no_label_column() -> None:
    table = make_table(100)[["Tweet", "anger", "joy"]].rename(columns={"anger": "a1", "joy": "b1"})
    features = {"Tweet": STRING, "split": {"names": list(NAMES), "_type": "ClassLabel"}}
    read_table = read_form("a.parquet", to_stored_parquet(table.assign(split=NUMBERS), features))
    assert read_table.labels == ("a1", "b1") and sizes(read_table)["train"] == 60


def test_a_number_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match=r"a\.parquet, row 100, column 'split': '-1' where a split is train"):
        read([*NUMBERS[:-1], -1])
