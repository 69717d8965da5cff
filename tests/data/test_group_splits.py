"""A group of texts is never divided between splits, which still keep their shares and those of the labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emocore.data.split import Splits, load_splits
from emocore.errors import DataError
from emocore.run.config import RunConfig
from tests.support.tables import LABELS, make_table, write_csv


def add_authors(table: pd.DataFrame, authors: int, seed: int = 0, names: str = "author") -> pd.DataFrame:
    """With a column `author`; some have written much, others little."""
    random = np.random.default_rng(seed)
    sizes = random.exponential(size=authors)
    chosen = random.choice(authors, len(table), p=sizes / sizes.sum())
    return table.assign(author=[f"{names} {number}" for number in chosen])


def split(file: str, group_column: str | None = "author", **settings: object) -> Splits:
    return load_splits(RunConfig(data=file, group_column=group_column, **settings))  # type: ignore[arg-type]


def authors_of(splits: Splits) -> dict[str, set[str]]:
    return {name: set(frame["group_name"]) for name, frame in splits.frames.items()}


@pytest.fixture
def data(tmp_path: Path) -> str:
    return write_csv(tmp_path / "data.csv", add_authors(make_table(1000), 150))


@pytest.mark.parametrize("seed", range(4))
def test_every_group_is_in_one_split_of_about_the_asked_shares(data: str, seed: int) -> None:
    splits = split(data, split_seed=seed, validation_share=0.1, test_share=0.2)
    sizes = {name: len(frame) / 1000 for name, frame in splits.frames.items()}
    assert sizes == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=0.015)
    train, validation, test = authors_of(splits).values()
    assert not train & validation and not train & test and not validation & test
    together = pd.concat(splits.frames.values())
    assert sorted(together["row_id"]) == sorted(make_table(1000)["ID"])
    for frame in splits.frames.values():
        assert (frame[list(LABELS)].mean() - together[list(LABELS)].mean()).abs().max() < 0.03


def test_the_split_follows_from_content_and_seed_and_not_from_the_order_of_the_file(data: str, tmp_path: Path) -> None:
    table = pd.read_csv(data)
    turned = split(write_csv(tmp_path / "turned.csv", table.iloc[::-1]))
    first, again, other = split(data), split(data), split(data, split_seed=1)
    assert first.split_sha256 == again.split_sha256 != other.split_sha256
    assert authors_of(first) == authors_of(turned) != authors_of(other)


def test_an_official_test_file_leaves_only_the_validation_groups_to_choose(data: str, tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", add_authors(make_table(120, seed=1), 40, names="other"))
    splits = split(data, test_data=test, validation_share=0.2)
    train, validation, scored = authors_of(splits).values()
    assert not train & validation and all(name.startswith("other ") for name in scored)
    assert len(splits.frames["validation"]) == pytest.approx(200, abs=10)
    assert splits.notes == ()


def test_official_files_are_the_same_texts_with_and_without_groups(data: str, tmp_path: Path) -> None:
    files = {
        f"{name}_data": write_csv(tmp_path / f"{name}.csv", add_authors(make_table(120, seed), 30, names=name))
        for name, seed in (("validation", 1), ("test", 2))
    }
    grouped, single = split(data, **files, rows=300), split(data, None, **files, rows=300)
    assert (grouped.split_sha256, grouped.evaluation_sha256) == (single.split_sha256, single.evaluation_sha256)
    assert "group_name" not in single.frames["test"]
    assert len(grouped.frames["train"]) == 300  # rows are drawn one by one


def test_groups_on_both_sides_and_few_ones_are_said(data: str, tmp_path: Path) -> None:
    table = make_table(120, seed=1).assign(author=[f"other {row % 12}" for row in range(120)])
    table.loc[:6, "author"] = pd.read_csv(data)["author"][0]
    notes = split(data, validation_data=write_csv(tmp_path / "dev.csv", table)).notes
    assert [note.split(";")[0] for note in notes] == [
        "data.csv, training split: 1 group is also in the validation split (7 of its 120 texts), so its scores may be "
        "too high for texts of other groups",
        "dev.csv, validation split: there are only 13 groups, so intervals are rough",
    ]


@pytest.mark.parametrize("authors", [1, 2, 4])
def test_groups_that_are_too_large_to_split_are_refused(tmp_path: Path, authors: int) -> None:
    table = make_table(400).assign(author=[f"author {row % authors}" for row in range(400)])
    words = rf"large\.csv: of its {authors} groups?, whole ones with about 15% .* group_column, or separate validation"
    with pytest.raises(DataError, match=words):
        split(write_csv(tmp_path / "large.csv", table))


def test_every_file_needs_the_column(data: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dev\.csv: no group column 'author'"):
        split(data, validation_data=write_csv(tmp_path / "dev.csv", make_table(120, seed=1)))


def test_a_rare_emotion_that_the_test_split_took_whole_is_no_error(tmp_path: Path) -> None:
    table = add_authors(make_table(600), 60).assign(trust=0)
    table.loc[table["author"] == table["author"][5], "trust"] = 1
    splits = split(write_csv(tmp_path / "rare.csv", table))
    assert sum(frame["trust"].any() for frame in splits.frames.values()) == 1
