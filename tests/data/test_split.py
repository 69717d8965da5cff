"""Splits are stratified, repeatable and without overlap, and official files are unchanged."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emocore.data.split import Splits, load_splits
from emocore.errors import DataError
from emocore.run.config import RunConfig
from tests.support.tables import LABELS, make_table, write_csv


def split(data: str, **settings: Any) -> Splits:
    return load_splits(RunConfig(data=data, **settings))


def ids(splits: Splits, name: str) -> list[str]:
    return list(splits.frames[name]["row_id"])


@pytest.fixture
def data(tmp_path: Path) -> str:
    return write_csv(tmp_path / "data.csv", make_table(1000))


@pytest.fixture
def official(tmp_path: Path) -> dict[str, str]:
    return {
        "validation_data": write_csv(tmp_path / "dev.csv", make_table(120, seed=1)),
        "test_data": write_csv(tmp_path / "gold.csv", make_table(150, seed=2)),
    }


def test_one_file_becomes_three_splits_of_the_asked_shares(data: str) -> None:
    splits = split(data, validation_share=0.1, test_share=0.2)
    sizes = {name: len(frame) / 1000 for name, frame in splits.frames.items()}
    assert list(sizes) == ["train", "validation", "test"]
    assert sizes == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_every_split_keeps_every_label_share(data: str, seed: int) -> None:
    splits = split(data, split_seed=seed)
    whole = pd.concat(splits.frames.values())[list(LABELS)].mean()
    for frame in splits.frames.values():
        assert (frame[list(LABELS)].mean() - whole).abs().max() < 0.015


def test_each_row_stands_in_one_split_only(data: str) -> None:
    splits = split(data)
    together = [row for name in splits.frames for row in ids(splits, name)]
    assert len(together) == len(set(together)) == 1000


def test_rows_keep_their_texts_and_labels(data: str) -> None:
    source = pd.read_csv(data).set_index("ID")
    for frame in split(data).frames.values():
        rows = source.loc[frame["row_id"]]
        assert frame["text"].tolist() == rows["Tweet"].tolist()
        assert (frame[list(LABELS)].to_numpy() == rows[list(LABELS)].to_numpy()).all()


def test_the_same_seed_gives_the_same_split_and_another_one_another(data: str) -> None:
    first, again, other = split(data), split(data), split(data, split_seed=43)
    assert first.split_sha256 == again.split_sha256 != other.split_sha256
    for name in first.frames:
        pd.testing.assert_frame_equal(first.frames[name], again.frames[name])
    assert ids(first, "validation") != ids(other, "validation")


def test_methods_and_seeds_of_a_study_share_one_split(data: str) -> None:
    hashes = {split(data, method=method, seed=seed).split_sha256 for method in ("lora", "tfidf") for seed in (1, 2)}
    assert len(hashes) == 1


def test_fewer_rows_are_a_subset_and_cut_only_the_training_part(data: str) -> None:
    whole, many, few = split(data), split(data, rows=500), split(data, rows=100)
    assert (len(ids(many, "train")), len(ids(few, "train"))) == (500, 100)
    assert set(ids(few, "train")) < set(ids(many, "train")) < set(ids(whole, "train"))
    for name in ("validation", "test"):
        assert ids(few, name) == ids(many, name) == ids(whole, name)
    assert len({s.split_sha256 for s in (whole, many, few)}) == 3


def test_replicates_draw_other_rows_and_keep_the_evaluation_texts(data: str) -> None:
    first, second, again = (split(data, rows=300, replicate=number) for number in (1, 2, 2))
    assert second.split_sha256 == again.split_sha256 != first.split_sha256
    assert first.evaluation_sha256 == second.evaluation_sha256
    available = len(ids(split(data), "train"))
    assert first.available_rows == second.available_rows == available
    shared = len(set(ids(first, "train")) & set(ids(second, "train")))
    assert shared == pytest.approx(300 * 300 / available, abs=40)  # as of two independent draws
    assert set(ids(split(data, rows=100, replicate=2), "train")) < set(ids(second, "train"))


def test_of_all_rows_the_first_replicate_has_all_and_each_other_one_another_half(data: str) -> None:
    whole, second, third = (split(data, replicate=number) for number in (1, 2, 3))
    available = len(ids(whole, "train"))
    assert whole.available_rows == available and len(ids(second, "train")) == len(ids(third, "train")) == available // 2
    assert whole.evaluation_sha256 == second.evaluation_sha256 == third.evaluation_sha256
    shared = len(set(ids(second, "train")) & set(ids(third, "train")))
    assert shared == pytest.approx(available / 4, abs=available / 20)  # as of two independent draws


def test_a_draw_depends_on_the_rows_and_not_on_their_order_in_the_file(
    data: str, official: dict[str, str], tmp_path: Path
) -> None:
    table = make_table(1000)
    table.loc[7, ["Tweet", *LABELS]] = table.loc[3, ["Tweet", *LABELS]]  # two equal rows
    files = [write_csv(tmp_path / f"{number}.csv", rows) for number, rows in enumerate((table, table.iloc[::-1]))]
    drawn = [split(file, **official, rows=300).frames["train"] for file in files]
    assert drawn[0]["text"].tolist() == drawn[1]["text"].tolist()
    assert (
        drawn[0]["text"].tolist()
        != split(files[0], **official, rows=300, split_seed=1).frames["train"]["text"].tolist()
    )


def test_rows_may_be_as_many_as_the_training_part_has_and_no_more(data: str) -> None:
    whole = split(data)
    available = len(ids(whole, "train"))
    assert split(data, rows=available).split_sha256 == whole.split_sha256
    with pytest.raises(DataError, match=rf"rows=5,000 but the training part has {available}"):
        split(data, rows=5000)


def test_official_files_are_used_as_they_are_whatever_the_split_seed_and_the_rows(
    data: str, official: dict[str, str]
) -> None:
    splits, others, few = (
        split(data, **official),
        split(data, **official, split_seed=1),
        split(data, **official, rows=50),
    )
    for name in ("validation", "test"):
        source = pd.read_csv(official[f"{name}_data"])
        assert ids(splits, name) == ids(few, name) == list(source["ID"])
    assert splits.split_sha256 == others.split_sha256
    assert [len(each.frames["train"]) for each in (splits, few)] == [1000, 50]
    assert set(splits.data_sha256) == {"data", "validation_data", "test_data"}


def test_with_only_a_validation_file_there_is_no_test_split(data: str, official: dict[str, str]) -> None:
    splits = split(data, validation_data=official["validation_data"])
    assert list(splits.frames) == ["train", "validation"]
    assert len(splits.frames["train"]) == 1000


def test_with_only_a_test_file_validation_is_taken_from_the_data(data: str, official: dict[str, str]) -> None:
    splits = split(data, test_data=official["test_data"], validation_share=0.2)
    assert ids(splits, "test") == list(pd.read_csv(official["test_data"])["ID"])
    assert len(splits.frames["validation"]) == pytest.approx(200, abs=10)
    assert len(splits.frames["train"]) + len(splits.frames["validation"]) == 1000


def test_labels_of_an_official_file_take_the_order_of_the_training_file(data: str, tmp_path: Path) -> None:
    table = make_table(120, seed=1)
    turned = write_csv(tmp_path / "turned.csv", table[["Tweet", *reversed(LABELS), "ID"]])
    splits = split(data, validation_data=turned)
    frame = splits.frames["validation"]
    assert list(frame.columns) == list(splits.frames["train"].columns)
    assert (frame[list(LABELS)].to_numpy() == table[list(LABELS)].to_numpy()).all()


def test_more_labels_in_an_official_file_are_left_out_and_said(data: str, tmp_path: Path) -> None:
    wide = write_csv(tmp_path / "wide.csv", make_table(120, seed=1).assign(pride=0))
    splits = split(data, validation_data=wide)
    assert "pride" not in splits.frames["validation"]
    assert any("wide.csv" in note and "pride" in note for note in splits.notes)


@pytest.mark.parametrize("column", ["ID", "Tweet"])
def test_the_split_hash_follows_the_content(data: str, official: dict[str, str], tmp_path: Path, column: str) -> None:
    table = make_table(1000)
    table.loc[500, column] = "changed"
    changed = write_csv(tmp_path / "changed.csv", table)
    assert split(changed, **official).split_sha256 != split(data, **official).split_sha256
    assert split(changed).data_sha256 != split(data).data_sha256
    is_same = split(changed).split_sha256 == split(data).split_sha256
    assert is_same == (column == "ID"), "a split that is drawn does not depend on IDs"


def test_the_split_hash_follows_the_labels_of_an_official_file(data: str, tmp_path: Path) -> None:
    table = make_table(120, seed=1)
    first = split(data, validation_data=write_csv(tmp_path / "dev.csv", table))
    table.loc[50, "joy"] = 1 - table.loc[50, "joy"]
    corrected = split(data, validation_data=write_csv(tmp_path / "corrected.csv", table))
    assert ids(first, "validation") == ids(corrected, "validation")
    assert first.split_sha256 != corrected.split_sha256


def test_the_split_hash_does_not_follow_the_form_or_name_of_the_file(data: str, tmp_path: Path) -> None:
    other = split(write_csv(tmp_path / "other.tsv", make_table(1000), separator="\t"))
    assert other.split_sha256 == split(data).split_sha256
    assert other.data_sha256 != split(data).data_sha256


@pytest.mark.parametrize("rows", [3, 20, 40, 66])
def test_too_few_rows_to_split_are_refused_with_their_number(tmp_path: Path, rows: int) -> None:
    with pytest.raises(DataError, match=rf"small\.csv: {rows} rows are too few.*separate validation and test files"):
        split(write_csv(tmp_path / "small.csv", make_table(rows)))


def test_a_small_table_that_can_be_split_is_split(tmp_path: Path) -> None:
    splits = split(write_csv(tmp_path / "small.csv", make_table(100)))
    assert all(len(frame) >= 10 for frame in splits.frames.values())


def malformed() -> pd.DataFrame:
    table = make_table(120, seed=1)
    table.loc[3, "joy"] = 2
    return table


@pytest.mark.parametrize(
    ("field", "table", "words"),
    [
        ("validation_data", make_table(120, seed=1).drop(columns="fear"), r"\.csv: no label column 'fear'"),
        ("validation_data", malformed(), r"\.csv, row 5, column 'joy': '2'"),
        ("test_data", pd.DataFrame(), r"\.csv: the file is empty"),
        ("data", make_table(19), r"\.csv: 19 rows for the train split; it needs at least 20"),
        ("data", make_table(200).assign(fear=0), r"\.csv, column 'fear': every one of the 200 rows is 0"),
        ("data", make_table(200).assign(fear=1), r"\.csv, column 'fear': every one of the 200 rows is 1"),
    ],
    ids=["label missing", "malformed", "empty", "short", "never", "always"],
)
def test_a_bad_one_of_three_files_is_refused_by_name(
    data: str, official: dict[str, str], tmp_path: Path, field: str, table: pd.DataFrame, words: str
) -> None:
    bad = write_csv(tmp_path / f"{field}.csv", table)
    with pytest.raises(DataError, match=field + words):
        load_splits(RunConfig(**{"data": data} | official | {field: bad}))


def test_a_label_that_the_chosen_rows_lack_is_said_but_not_refused(tmp_path: Path) -> None:
    table = make_table(1000).assign(trust=0)
    table.loc[:2, "trust"] = 1
    splits = split(write_csv(tmp_path / "rare.csv", table), rows=20)
    assert (
        "rare.csv, training split: no text has trust, so it cannot be learned; add texts with it, or leave this label "
        "out" in splits.notes
    )


def test_of_many_labels_that_hardly_occur_some_are_named(tmp_path: Path) -> None:
    table = make_table(400)
    for number in range(40):
        table[f"shade {number}"] = (table.index == number).astype(int)
    notes = split(write_csv(tmp_path / "rare.csv", table), rows=20).notes
    assert any("no text has shade " in note for note in notes)
    assert all(len(note) < 400 for note in notes)
    assert sum(" more, " in note for note in notes) >= 3


@pytest.mark.parametrize("field", ["validation_data", "test_data"])
@pytest.mark.parametrize(
    ("fear", "trust", "note"),
    [
        ([], [], "no text has fear or trust, so F1 of each is 0 there and macro-F1 is lower than it would be"),
        ([5], [0, 1], "of 120 texts, only 1 has fear and 2 have trust (rows 2, 3 and 7), too few to score"),
    ],
)
def test_an_emotion_that_hardly_or_never_occurs_in_an_official_file_is_said(
    data: str, official: dict[str, str], tmp_path: Path, field: str, fear: list[int], trust: list[int], note: str
) -> None:
    table = make_table(120, seed=3).assign(trust=0, fear=0)
    table.loc[fear, "fear"], table.loc[trust, "trust"] = 1, 1
    notes = split(data, **official | {field: write_csv(tmp_path / "rare.csv", table)}).notes
    split_name = field.removesuffix("_data")
    assert notes == (f"rare.csv, {split_name} split: {note}; add texts with them, or leave these labels out",)


def test_texts_that_stand_on_both_sides_are_counted(data: str, tmp_path: Path) -> None:
    table = make_table(120, seed=1)
    table.loc[:6, ["Tweet", *LABELS]] = make_table(1000).loc[:6, ["Tweet", *LABELS]]
    splits = split(data, validation_data=write_csv(tmp_path / "dev.csv", table))
    [finding] = splits.findings
    assert (finding.kind, finding.rows) == ("shared_texts", tuple(f"m0-{row}" for row in range(7)))
    assert splits.notes == (
        "data.csv, training split: 7 texts (rows 2, 3, 4, 5, 6 and 2 more) are the same or nearly the same as 7 of the "
        "120 texts of the validation split, so its scores may be too high; remove them from the training split",
    )


def test_a_clean_split_needs_no_notes(data: str, official: dict[str, str]) -> None:
    assert split(data).notes == ()
    assert split(data, **official).notes == ()
