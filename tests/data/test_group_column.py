"""A column that names groups of texts is read with its table, and refused with file, row and column."""

from pathlib import Path

import pandas as pd
import pytest

from emocore.data.table import read_table
from emocore.errors import DataError
from tests.support.tables import write_text


def read(tmp_path: Path, content: str, **options: object) -> pd.DataFrame:
    return read_table(write_text(tmp_path / "table.csv", content), **options).frame  # type: ignore[arg-type]


BY_GROUP = "ID,Tweet,author,anger,joy\na,first, ann ,1,0\nb,second,17,0,1\nc,third,ann,1,0\n"


def test_a_group_column_is_neither_label_nor_ignored(tmp_path: Path) -> None:
    source = write_text(tmp_path / "t.csv", BY_GROUP.replace(" ann ", "1").replace("ann", "1"))  # only numbers
    table = read_table(source, group_column="author")
    assert table.labels == ("anger", "joy") and table.ignored_columns == ()
    assert list(table.frame.columns) == ["row_id", "text", "group_name", "anger", "joy"]
    assert table.frame["group_name"].tolist() == ["1", "17", "1"]
    assert read(tmp_path, BY_GROUP, group_column="author")["group_name"].tolist() == ["ann", "17", "ann"]
    assert read(tmp_path, BY_GROUP.replace("Tweet", "line"), group_column="author")["text"][2] == "first"


def test_an_id_column_that_several_texts_share_may_be_the_group(tmp_path: Path) -> None:
    frame = read(tmp_path, "id,Tweet,anger,joy\na,first,1,0\nb,second,0,1\na,third,1,1\n", group_column="id")
    assert frame["group_name"].tolist() == ["a", "b", "a"] and frame["row_id"].tolist() == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("column", "parts"),
    [
        ("thread", ["no group column 'thread'", "'ID', 'Tweet', 'author', 'anger', 'joy'"]),
        ("Tweet", ["column 'Tweet'", "it holds the texts", "group_column"]),
        ("anger", ["column 'anger'", "it holds labels", "group_column"]),
        ("ID", ["column 'ID'", "it is the ID", "group_column"]),
    ],
)
def test_a_column_that_cannot_name_groups_is_refused(tmp_path: Path, column: str, parts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, BY_GROUP, group_column=column)
    for part in ["table.csv", *parts]:
        assert part in str(caught.value)


def test_a_group_column_that_is_also_named_as_a_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'author': it holds the labels"):
        read(tmp_path, BY_GROUP, group_column="author", label_columns=["author", "joy"])


def test_a_text_without_a_group_is_refused_with_its_row(tmp_path: Path) -> None:
    content = BY_GROUP.replace("17", " ").replace("third,ann", "third,")
    with pytest.raises(
        DataError, match=r"row 3, column 'author': the group is empty \(2 such rows: 3 and 4\); fill in"
    ):
        read(tmp_path, content, group_column="author")
