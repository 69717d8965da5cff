"""The built-in messages: complete, varied, labelled, and just as their README describes them."""

import csv
import re
from collections import Counter
from itertools import combinations

import pandas as pd
import pytest

from emocore.data.source import STARTER_FILE
from emocore.data.split import load_splits
from emocore.data.table import read_table
from emocore.emotions import LABEL_SETS
from emocore.run.config import STARTER, RunConfig
from tests.support.repository import REAL_DATA

LABELS = LABEL_SETS["semeval-11"].labels
README = (STARTER_FILE.parent / "README.md").read_text(encoding="utf-8")
REAL_FILES = sorted(REAL_DATA.glob("semeval2018-ec-*.csv"))


@pytest.fixture(scope="module")
def messages() -> pd.DataFrame:
    return read_table(STARTER).frame


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_the_starter_set_has_the_eleven_emotions_and_no_other_column(messages: pd.DataFrame) -> None:
    table = read_table(STARTER)
    assert table.labels == LABELS
    assert table.ignored_columns == ()
    assert table.name == STARTER
    assert len(messages) >= 1_200


def test_ids_and_texts_are_all_different(messages: pd.DataFrame) -> None:
    assert messages["row_id"].is_unique
    assert messages["text"].str.lower().is_unique
    assert messages["row_id"].str.startswith("starter-").all()


def test_every_emotion_is_frequent_enough_to_be_measured(messages: pd.DataFrame) -> None:
    assert messages[list(LABELS)].sum().min() >= 90


def test_labels_are_as_dense_as_in_real_messages(messages: pd.DataFrame) -> None:
    labels = messages[list(LABELS)]
    assert 0.18 < labels.to_numpy().mean() < 0.26
    assert (labels.sum(axis=1) == 0).any()
    assert (labels.sum(axis=1) >= 3).mean() > 0.1


def test_no_message_is_a_near_copy_of_another(messages: pd.DataFrame) -> None:
    sets = [frozenset(words(text)) for text in messages["text"]]
    close = [
        (first, second)
        for first, second in combinations(range(len(sets)), 2)
        if len(sets[first] & sets[second]) > 0.5 * len(sets[first] | sets[second])
    ]
    assert close == []


def test_messages_do_not_follow_templates(messages: pd.DataFrame) -> None:
    beginnings = messages["text"].map(lambda text: " ".join(words(text)[:3]))
    assert beginnings.value_counts().max() <= len(messages) / 100


def test_messages_vary_in_length_as_posts_do(messages: pd.DataFrame) -> None:
    lengths = messages["text"].str.split().map(len)
    assert lengths.max() <= 60
    assert lengths.quantile(0.9) > 2 * lengths.quantile(0.1)


def test_its_readme_says_what_it_is_for_and_where_it_comes_from() -> None:
    assert "for trying the app, not for conclusions" in README
    assert "written for this project" in README


def test_the_counts_in_its_readme_are_true(messages: pd.DataFrame) -> None:
    stated = dict(re.findall(r"\| \*?(\w[\w ]*\w)\*? \| (\d+) ", README))
    none = int((messages[list(LABELS)].sum(axis=1) == 0).sum())
    actual = {name: int(messages[name].sum()) for name in LABELS} | {"none of them": none}
    assert {name: int(count) for name, count in stated.items()} == actual
    assert f"holds {len(messages):,} short" in README


def test_no_two_messages_share_more_than_half_of_their_trigrams(messages: pd.DataFrame) -> None:
    sets = []
    for text in messages["text"]:
        parts = words(text)
        sets.append({tuple(parts[place : place + 3]) for place in range(max(1, len(parts) - 2))})
    rows_with: dict[tuple[str, ...], list[int]] = {}
    for row, own in enumerate(sets):
        for trigram in own:
            rows_with.setdefault(trigram, []).append(row)
    shared = Counter(pair for rows in rows_with.values() for pair in combinations(rows, 2))
    copies = [pair for pair, count in shared.items() if count > 0.5 * min(len(sets[row]) for row in pair)]
    assert copies == []


def test_the_split_is_in_the_file_and_has_every_emotion_in_every_part() -> None:
    splits = load_splits(RunConfig())
    assert splits.split_sha256 == load_splits(RunConfig(split_seed=7)).split_sha256
    assert {name: len(frame) for name, frame in splits.frames.items()} == {
        "train": 777, "validation": 250, "test": 399,
    }  # fmt: skip
    for frame in splits.frames.values():
        assert frame[list(LABELS)].any().all()
    assert splits.notes == ()


@pytest.mark.skipif(not REAL_FILES, reason=f"no real data in {REAL_DATA}; EMOCORE_TEST_DATA names its folder")
def test_no_message_was_taken_from_the_real_data(messages: pd.DataFrame) -> None:
    real: set[tuple[str, ...]] = set()
    for path in REAL_FILES:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                parts = words(row["Tweet"])
                real.update(tuple(parts[i : i + 7]) for i in range(len(parts) - 6))
    for text in messages["text"]:
        parts = words(text)
        assert not real & {tuple(parts[i : i + 7]) for i in range(len(parts) - 6)}, text
