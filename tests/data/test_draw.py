"""The split of a new run follows from the content of its rows alone, and divides neither copies nor groups.

The table of the fixture has copies of texts, one of them in capital letters.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emocore.data.draw import can_surely_draw
from emocore.data.split import Splits, load_splits
from emocore.errors import DataError
from emocore.run.config import SPLIT_VERSION, STARTER, RunConfig
from tests.support.live_runs import python
from tests.support.repository import REAL_DATA, REPOSITORY
from tests.support.tables import LABELS, make_table, write_csv

TABLE = REPOSITORY / "tests" / "fixtures" / "run_split_1" / "texts.csv"
GROUPS = {"group_column": "author"}

# `split_sha256` and `evaluation_sha256` begin with these. They must never change: whoever resumes a run or adds to a
# study needs the same split.
OF_VERSION_2: list[tuple[dict[str, Any], str, str]] = [
    ({}, "5a9775e9e486986c", "fe60378c7e93b626"),
    ({"split_seed": 7}, "b8ec8fa08f2f42c2", "d7529f9f300c03bd"),
    (GROUPS, "94bf2956360bb24b", "c415b4f7bd341ace"),
    ({"rows": 40, "replicate": 2}, "2bf077ddcd5d9630", "fe60378c7e93b626"),
]
REAL_TRAIN = REAL_DATA / "semeval2018-ec-train.csv"
PRINT_HASH = """
import sys
from emocore.data.split import load_splits
from emocore.run.config import RunConfig
for group_column in (None, "author"):
    print(load_splits(RunConfig(data=sys.argv[1], group_column=group_column)).split_sha256)
"""


def split(file: str | Path = TABLE, **settings: Any) -> Splits:
    return load_splits(RunConfig(data=str(file), **settings))


def shuffle(path: Path, table: pd.DataFrame, seed: int = 3) -> str:
    return write_csv(path, table.sample(frac=1, random_state=seed))


def content(splits: Splits) -> dict[str, list[list[object]]]:
    """Texts and labels of each split, in their order."""
    return {name: frame[["text", *splits.labels]].to_numpy().tolist() for name, frame in splits.frames.items()}


@pytest.mark.parametrize(("settings", "whole", "evaluated"), OF_VERSION_2)
def test_version_2_is_the_same_everywhere_and_for_ever(settings: dict[str, Any], whole: str, evaluated: str) -> None:
    splits = split(split_version=2, **settings)
    assert (splits.split_sha256[:16], splits.evaluation_sha256[:16]) == (whole, evaluated)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_draws_the_same(hash_seed: str) -> None:
    printed = python("-c", PRINT_HASH, str(TABLE), PYTHONHASHSEED=hash_seed).split()
    assert printed == [split().split_sha256, split(**GROUPS).split_sha256]


@pytest.mark.parametrize("has_ids", [True, False])
@pytest.mark.parametrize("settings", [{}, GROUPS, {"rows": 40}, {"replicate": 2}])
def test_the_order_of_the_rows_makes_no_difference(tmp_path: Path, has_ids: bool, settings: dict[str, Any]) -> None:
    table = pd.read_csv(TABLE)
    table = table if has_ids else table.drop(columns="ID")
    first = split(write_csv(tmp_path / "first.csv", table), **settings)
    second = split(shuffle(tmp_path / "second.csv", table), **settings)
    assert content(first) == content(second), "not even for the order in which a run learns from them"
    assert (first.split_sha256, first.evaluation_sha256) == (second.split_sha256, second.evaluation_sha256)
    ids = [{name: set(splits.frames[name]["row_id"]) for name in ("validation", "test")} for splits in (first, second)]
    assert (ids[0] == ids[1]) == has_ids


def test_fewer_rows_are_still_a_subset_and_only_of_the_training_part(tmp_path: Path) -> None:
    table = make_table(400)
    table.loc[200:, "Tweet"] = table["Tweet"][:200].tolist()
    file = write_csv(tmp_path / "copies.csv", table)
    whole, many, few = split(file), split(file, rows=200), split(file, rows=50)
    assert (
        set(few.frames["train"]["row_id"]) < set(many.frames["train"]["row_id"]) < set(whole.frames["train"]["row_id"])
    )
    assert few.evaluation_sha256 == many.evaluation_sha256 == whole.evaluation_sha256


@pytest.mark.parametrize("settings", [{}, GROUPS])
def test_copies_of_a_text_are_in_one_split_now_and_were_not(tmp_path: Path, settings: dict[str, Any]) -> None:
    table = make_table(600).assign(author=[f"author {row // 3}" for row in range(600)])
    table.loc[540:, "Tweet"] = table["Tweet"][:60].str.upper().tolist()
    file = write_csv(tmp_path / "copies.csv", table)

    def count_shared(version: int) -> int:
        splits = split(file, split_version=version, **settings)
        train, validation, test = (set(frame["text"].str.casefold()) for frame in splits.frames.values())
        return len(train & validation) + len(train & test) + len(validation & test)

    assert count_shared(1) > 0
    assert count_shared(2) == 0


def test_official_splits_are_the_same_in_both_versions(tmp_path: Path) -> None:
    files = {
        f"{name}_data": write_csv(tmp_path / f"{name}.csv", make_table(120, seed))
        for name, seed in (("validation", 1), ("test", 2))
    }
    file = write_csv(tmp_path / "data.csv", make_table(300))
    for first, second in (
        [split(file, **files, split_version=version) for version in (1, 2)],
        [split(file, rows=50, validation_data=files["validation_data"], split_version=version) for version in (1, 2)],
        [split(STARTER, split_version=version) for version in (1, 2)],
    ):
        assert (first.split_sha256, first.evaluation_sha256) == (second.split_sha256, second.evaluation_sha256)
        assert first.drawn_by is None and second.drawn_by is None
        for name, frame in first.frames.items():
            pd.testing.assert_frame_equal(frame, second.frames[name])


def test_with_an_official_test_file_only_validation_is_drawn(tmp_path: Path) -> None:
    table = make_table(300)
    test = write_csv(tmp_path / "test.csv", make_table(120, 2))
    first = split(write_csv(tmp_path / "first.csv", table), test_data=test)
    second = split(shuffle(tmp_path / "second.csv", table), test_data=test)
    assert first.drawn_by == SPLIT_VERSION and first.split_sha256 == second.split_sha256
    assert list(first.frames["test"]["row_id"]) == list(pd.read_csv(test)["ID"])


def test_rows_of_too_few_different_texts_are_refused(tmp_path: Path) -> None:
    table = make_table(400)
    table["Tweet"] = [f"text {row % 3}" for row in range(400)]
    words = (
        r"few\.csv: copies of a text stay in one split, and of the 3 different texts, those that are nearest to the "
        r"15% for evaluation have 0% of the rows; remove copies, or separate validation and test files"
    )
    with pytest.raises(DataError, match=words):
        split(write_csv(tmp_path / "few.csv", table))


def test_groups_that_copies_of_a_text_join_are_refused_with_that_reason(tmp_path: Path) -> None:
    table = make_table(400).assign(author=[f"author {row // 4}" for row in range(400)])
    table.loc[table.index % 4 == 0, "Tweet"] = "thanks!"
    words = r"of its 100 groups, .* nearest have 0%; texts that several groups have join them into 1; remove such texts"
    file = write_csv(tmp_path / "joined.csv", table)
    with pytest.raises(DataError, match=words):
        split(file, **GROUPS)
    assert split(file, split_version=1, **GROUPS).drawn_by == 1


@pytest.mark.parametrize("rows", [67, 80, 99])
@pytest.mark.parametrize("count", [2, 30, 100])
def test_small_tables_have_splits_of_the_asked_size(tmp_path: Path, rows: int, count: int) -> None:
    table = make_table(rows)[["Tweet", *LABELS[:2]]]
    more = {f"label {place}": [int((row * 7 + place) % 11 == 0) for row in range(rows)] for place in range(count - 2)}
    splits = split(write_csv(tmp_path / "small.csv", table.assign(**more)))
    assert len(splits.labels) == count
    held = [len(splits.frames[name]) for name in ("validation", "test")]
    assert held == [pytest.approx(0.15 * rows, abs=0.51)] * 2


def test_what_can_surely_be_drawn_is_told_without_drawing() -> None:
    table = make_table(2_000).rename(columns={"Tweet": "text"})
    assert can_surely_draw(table, RunConfig())
    assert not can_surely_draw(table.head(1_000), RunConfig())
    assert not can_surely_draw(table.assign(group_name="one"), RunConfig())
    copied = table.assign(text=table["text"].where(table.index > 200, "the same"))
    assert not can_surely_draw(copied, RunConfig())


@pytest.mark.skipif(not REAL_TRAIN.is_file(), reason=f"no {REAL_TRAIN}; EMOCORE_TEST_DATA names its folder")
def test_the_real_training_file_splits_within_one_percentage_point() -> None:
    splits = load_splits(RunConfig(data=str(REAL_TRAIN)))
    labels = list(splits.labels)
    whole = pd.concat(splits.frames.values())
    assert len(labels) == 11
    assert len(whole) == 6838
    for frame in splits.frames.values():
        assert (frame[labels].mean() - whole[labels].mean()).abs().max() < 0.01
    assert len(splits.frames["test"]) / len(whole) == pytest.approx(0.15, abs=0.01)
    assert len(splits.frames["validation"]) / len(whole) == pytest.approx(0.15, abs=0.01)
