"""Hashes of splits differ wherever what they are of differs."""

import pandas as pd
import pytest

from emocore.data.split_hash import hash_rows, hash_texts_and_labels

LABELS = ["anger", "joy"]


def make_frame(**changes: list[object]) -> pd.DataFrame:
    columns = {"row_id": ["1", "2"], "text": ["so mad", "so glad"], "anger": [1, 0], "joy": [0, 1]}
    return pd.DataFrame(columns | changes).astype({"anger": "int8", "joy": "int8"})


@pytest.mark.parametrize(
    "changes", [{"text": ["so mad", "glad"]}, {"text": ["so madso", " glad"]}, {"joy": [1, 1]}, {"anger": [0, 1]}]
)
def test_other_texts_and_labels_have_another_hash(changes: dict[str, list[object]]) -> None:
    frames, others = {"train": make_frame()}, {"train": make_frame(**changes)}
    assert hash_texts_and_labels(frames, LABELS) != hash_texts_and_labels(others, LABELS)
    assert hash_rows(frames) != hash_rows(others)


def test_other_splits_labels_and_orders_have_another_hash() -> None:
    frame = make_frame()
    renamed = frame.rename(columns={"joy": "fear"})
    hashes = {
        hash_texts_and_labels({"train": frame}, LABELS),
        hash_texts_and_labels({"test": frame}, LABELS),
        hash_texts_and_labels({"train": frame, "test": frame}, LABELS),
        hash_texts_and_labels({"train": renamed}, ["anger", "fear"]),
        hash_texts_and_labels({"train": frame.iloc[::-1]}, LABELS),
    }
    assert len(hashes) == 5


def test_ids_count_only_where_rows_are_as_in_their_file_and_groups_nowhere() -> None:
    frame, other = make_frame(), make_frame(row_id=["8", "9"])
    grouped = frame.assign(group_name=["x", "y"])
    assert hash_texts_and_labels({"train": frame}, LABELS) == hash_texts_and_labels({"train": other}, LABELS)
    assert hash_rows({"train": frame}) != hash_rows({"train": other})
    assert hash_texts_and_labels({"train": frame}, LABELS) == hash_texts_and_labels({"train": grouped}, LABELS)
    assert hash_rows({"train": frame}) == hash_rows({"train": grouped})
