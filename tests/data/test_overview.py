"""What a table holds is counted by split, over pairs of labels, and found by words, label and split."""

import time

import numpy as np
import pandas as pd
import pytest

from emocore.data.overview import count_labels, count_pairs, find_texts, join_labels
from emocore.data.reading.record import Reading
from emocore.data.table import EmotionTable

LABELS = ("anger", "joy", "fear")
ROWS = [
    ("So ANGRY today", "train", 1, 0, 0),
    ("so happy (really)", "train", 0, 1, 1),
    ("nothing", "train", 0, 0, 0),
    ("happy again", "test", 0, 1, 0),
]


def make(frame: pd.DataFrame) -> EmotionTable:
    return EmotionTable(frame, LABELS, "t.csv", "0" * 64, Reading())


@pytest.fixture
def table() -> EmotionTable:
    frame = pd.DataFrame(ROWS, columns=["text", "split_name", *LABELS], index=pd.RangeIndex(2, 6, name="row"))
    return make(frame.astype(dict.fromkeys(LABELS, "int8")))


def test_labels_are_counted_in_each_split_that_has_texts(table: EmotionTable) -> None:
    counts = count_labels(table)
    assert counts.texts == {"train": 3, "test": 1}
    assert counts.labels.to_dict() == {
        "train": {"anger": 1, "joy": 1, "fear": 1}, "test": {"anger": 0, "joy": 1, "fear": 0}
    }  # fmt: skip
    assert counts.labels_per_text.to_dict("list") == {"train": [1, 1, 1], "test": [0, 1, 0]}
    assert counts.shares.loc["joy"].tolist() == pytest.approx([1 / 3, 1])


def test_a_table_without_splits_is_counted_as_a_whole(table: EmotionTable) -> None:
    counts = count_labels(make(table.frame.drop(columns="split_name")))
    assert counts.texts == {"all": 4} and counts.labels["all"].tolist() == [1, 2, 1]


def test_pairs_of_labels_are_counted_over_all_rows(table: EmotionTable, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [[1, 0, 0], [0, 2, 1], [0, 1, 1]]
    assert count_pairs(table).to_numpy().tolist() == wanted
    monkeypatch.setattr("emocore.data.overview.ROWS_AT_ONCE", 2)
    assert count_pairs(table).to_numpy().tolist() == wanted


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, [2, 3, 4, 5]),
        ({"words": "angry"}, [2]),
        ({"words": "(really"}, [3]),
        ({"words": "a.*y"}, []),
        ({"label": "joy"}, [3, 5]),
        ({"label": "joy", "split": "test"}, [5]),
        ({"words": "HAPPY", "label": "fear", "split": "train"}, [3]),
    ],
)
def test_texts_are_found_by_words_as_they_stand_label_and_split(
    table: EmotionTable, wanted: dict[str, str], rows: list[int]
) -> None:
    assert find_texts(table, **wanted).index.tolist() == rows  # type: ignore[arg-type]


def test_the_labels_of_a_row_are_joined(table: EmotionTable) -> None:
    assert join_labels(table.frame, LABELS) == ["anger", "joy, fear", "", "joy"]


def test_much_data_takes_no_loop_over_rows() -> None:
    """A loop over 200,000 rows of three labels would take longer."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 2, (200_000, 3), dtype=np.int8), columns=list(LABELS))
    frame.insert(0, "text", "so happy today")
    started = time.process_time()
    count_labels(make(frame))
    count_pairs(make(frame))
    assert len(find_texts(make(frame), "HAPPY", "joy")) == frame["joy"].sum()
    assert time.process_time() - started < 2
