"""Names of classes in the schema of a parquet file, as the library `datasets` writes it."""

import io
from typing import Any

import pytest
from pyarrow import parquet

from emocore.data.reading.class_names import name_classes, read_features
from emocore.data.reading.record import Reading
from emocore.errors import DataError
from tests.support.forms import read_form, to_parquet
from tests.support.hub_datasets import CLASSES, STRING, to_stored_parquet, with_class_numbers
from tests.support.tables import LABELS, make_table

ONE = CLASSES["feature"]


def test_the_library_itself_stores_them_so() -> None:
    from datasets import ClassLabel, Dataset, Features, List, Value

    features = Features({"text": Value("string"), "labels": List(ClassLabel(names=list(LABELS)))})
    stream = io.BytesIO()
    Dataset.from_dict({"text": ["a", "b"], "labels": [[0, 2], []]}, features).to_parquet(stream)
    schema = parquet.read_schema(io.BytesIO(stream.getvalue()))
    assert read_features(schema) == features.to_dict() == {"text": STRING, "labels": CLASSES}
    table = read_form("a.parquet", stream.getvalue())
    assert table.labels == LABELS
    assert table.frame[list(LABELS)].to_numpy().tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"info": 1}', b'{"info": {"features": []}}', b"[" * 10**5])
def test_other_metadata_say_nothing(content: bytes | None) -> None:
    schema = parquet.read_schema(io.BytesIO(to_parquet([{"text": "a"}])))
    assert read_features(schema.with_metadata({"huggingface": content} if content is not None else None)) == {}


@pytest.mark.parametrize(
    ("features", "wishes", "column"),
    [
        ({"labels": CLASSES}, {}, "labels"),
        ({"labels": [ONE]}, {}, "labels"),  # as older versions write a list
        ({"feeling": ONE}, {}, "feeling"),
        ({"source": ONE, "emotion": ONE}, {}, "emotion"),
        ({"source": ONE, "place": ONE}, {}, None),
        ({"source": ONE, "place": ONE}, {"label_column": "place"}, "place"),
        ({"labels": STRING}, {}, None),
        ({"labels": {"names": [1, 2], "_type": "ClassLabel"}}, {}, None),
        ({"labels": CLASSES}, {"label_names": ("a", "b")}, None),
        ({"labels": CLASSES}, {"label_cells": "0/1"}, None),
        ({"labels": CLASSES}, {"labels": ("0", "1")}, None),
        ({"labels": CLASSES}, {"labels": LABELS[1:]}, "labels"),
        ({"source": ONE, "anger": STRING, "joy": STRING}, {}, None),
        ({"source": ONE, "anger": STRING, "joy": STRING}, {"label_column": "source"}, "source"),
    ],
)
def test_which_column_is_taken(features: dict[str, Any], wishes: dict[str, Any], column: str | None) -> None:
    before = Reading.model_validate(wishes)
    expected = before.model_copy(update={"label_column": column, "label_names": LABELS}) if column else before
    assert name_classes(before, features) == expected


def test_an_only_class_of_each_text_is_its_label() -> None:
    table = make_table(60)
    table = table.assign(feeling=[row % 4 for row in range(60)]).drop(columns=list(LABELS))
    content = to_stored_parquet(table, {"ID": STRING, "Tweet": STRING, "feeling": ONE})
    read = read_form("a.parquet", content)
    assert (read.reading.label_form, read.labels) == ("one", LABELS)
    assert read.frame["anger"].tolist() == [int(row % 4 == 0) for row in range(60)]


def test_a_number_without_a_name_is_refused() -> None:
    table = with_class_numbers(make_table(60))
    table.at[7, "labels"] = [1, 4]
    content = to_stored_parquet(table, {"text": STRING, "labels": CLASSES, "id": STRING})
    with pytest.raises(DataError, match=r"a\.parquet, row 8, column 'labels': .* is not among the 4 label names"):
        read_form("a.parquet", content)
