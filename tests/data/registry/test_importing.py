"""Files that become a dataset: read in one form, checked, and the same to a run as the files themselves."""

from pathlib import Path

import pytest

from emocore.data.load import load_table, read_dataset, resolve_data
from emocore.data.reading.record import Reading
from emocore.data.registry.importing import STARTER_COPY, read_files, register, register_starter_copy
from emocore.data.registry.manifest import shorten_source
from emocore.data.registry.sources import describe_changes, find_change, find_users
from emocore.data.registry.store import Dataset, datasets_root
from emocore.data.split import load_splits
from emocore.errors import DataError
from emocore.run.config import STARTER, RunConfig
from emocore.run.listing import create_run, runs_root
from tests.support.tables import LABELS, make_table, write_csv, write_text


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return {
        part: write_csv(tmp_path / f"{part}.csv", make_table(seed=seed)) for seed, part in enumerate(("train", "test"))
    }


def add(files: dict[str, str], wishes: Reading | None = None) -> Dataset:
    return register(datasets_root(), "tweets", read_files(files, wishes or Reading()))[0]  # type: ignore[arg-type]


def test_a_run_on_a_dataset_has_the_splits_of_the_files(files: dict[str, str]) -> None:
    dataset = add(files)
    assert dataset.manifest.rows == {"train": 200, "test": 200}
    named = load_splits(RunConfig(data="tweets"))
    plain = load_splits(RunConfig(data=files["train"], test_data=files["test"]))
    assert named.split_sha256 == plain.split_sha256
    assert named.evaluation_sha256 == plain.evaluation_sha256
    assert named.data_sha256 == {"data": dataset.manifest.sha256}


def test_a_copy_of_the_starter_set_has_its_texts_and_row_ids() -> None:
    copy, is_new = register_starter_copy(datasets_root())
    assert is_new and copy.manifest.name == STARTER_COPY and copy.manifest.licence == "Apache-2.0"
    ours, starter = read_dataset(copy).frame.reset_index(drop=True), load_table(STARTER).frame.reset_index(drop=True)
    assert ours[["row_id", "text", "split_name"]].to_numpy().tolist() == (
        starter[["row_id", "text", "split_name"]].to_numpy().tolist()
    )
    assert load_splits(RunConfig(data=STARTER)).split_sha256 == load_splits(RunConfig(data=STARTER_COPY)).split_sha256
    assert register_starter_copy(datasets_root()) == (copy, False)


def test_without_official_files_each_run_splits_the_dataset(files: dict[str, str]) -> None:
    add({"train": files["train"]})
    named, plain = (load_splits(RunConfig(data=source, split_seed=3)) for source in ("tweets", files["train"]))
    assert named.split_sha256 == plain.split_sha256
    assert set(named.frames) == {"train", "validation", "test"}


def test_a_registered_name_wins_over_a_file_of_that_name(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(files["test"]).rename("tweets")
    assert resolve_data("tweets") == tmp_path / "tweets"
    dataset = add({"train": files["train"]})
    assert resolve_data("tweets") == dataset.folder
    assert resolve_data("./tweets") == tmp_path / "tweets"


def test_other_parts_are_read_in_the_form_of_the_training_file(tmp_path: Path) -> None:
    rows = [f"so {['sad', 'glad'][row % 2]} {row}\t{['0', '1', '1,2', ''][row % 4]}" for row in range(200)]
    train = write_text(tmp_path / "train.tsv", "\n".join(rows))
    test = write_text(
        tmp_path / "test.csv", "\n".join(f'"well, {row}";{row % 2}' for row in range(30)).encode("utf-16")
    )
    dataset = add({"train": train, "test": test}, Reading(label_names=("sadness", "joy", "love")))
    assert dataset.manifest.labels == ("sadness", "joy", "love")
    read = read_dataset(dataset).frame
    assert read.loc[read["split_name"] == "test", "joy"].sum() == 15
    assert [source.reading.encoding for source in dataset.manifest.sources] == ["utf-8", "utf-16"]


def test_some_labels_can_be_chosen_but_no_column(files: dict[str, str]) -> None:
    add(files)
    table = load_table("tweets", label_columns=["joy", "anger"])
    assert table.labels == ("joy", "anger")
    assert table.ignored_labels == ("fear", "trust")
    with pytest.raises(DataError, match="no label 'hope'; it has 'anger', 'joy', 'fear', 'trust'"):
        load_table("tweets", label_columns=["hope"])
    with pytest.raises(DataError, match=r"text_column: the dataset tweets@.* says itself which column that is"):
        load_table("tweets", text_column="Tweet")


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "other columns"])
def test_texts_that_are_not_the_registered_ones_are_refused(files: dict[str, str], damage: str) -> None:
    dataset = add(files)
    path = dataset.folder / "texts.parquet"
    table = read_dataset(dataset).frame
    if damage == "changed":
        table.assign(joy=1 - table["joy"]).astype({"joy": "int8"}).to_parquet(path, index=False)
    elif damage == "other columns":
        table.drop(columns="joy").to_parquet(path, index=False)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.unlink()
    with pytest.raises(DataError, match=r"^dataset tweets@\w{12}: its .*; add the dataset again$"):
        load_splits(RunConfig(data="tweets"))


def test_files_that_no_run_could_use_are_refused(tmp_path: Path, files: dict[str, str]) -> None:
    few = write_csv(tmp_path / "few.csv", make_table(9))
    with pytest.raises(DataError, match=r"few\.csv: 9 rows are too few to split off"):
        read_files({"train": few}, Reading())
    table = make_table(90).assign(split=["train", "train", "test"] * 30)
    both = write_csv(tmp_path / "both.csv", table)
    with pytest.raises(DataError, match=r"both\.csv: its column split already says"):
        read_files({"train": both, "test": files["test"]}, Reading())
    assert not datasets_root().exists()


def test_a_source_that_changed_or_is_gone_is_noticed(files: dict[str, str]) -> None:
    dataset = add(files)
    assert describe_changes(dataset) == []
    path = Path(files["train"])
    content = path.read_bytes()
    path.write_bytes(content)  # another time, the same content
    assert find_change(dataset.manifest.sources[0]) == "unchanged"
    path.write_bytes(content.replace(b"message", b"massage", 1))
    Path(files["test"]).unlink()
    assert [sentence.split(" ")[:3] for sentence in describe_changes(dataset)] == [
        ["train.csv", "has", "changed"], ["test.csv", "is", "not"],
    ]  # fmt: skip


def test_runs_that_name_a_version_are_found(files: dict[str, str]) -> None:
    first = add({"train": files["train"]})
    run = create_run(runs_root(), RunConfig(method="tfidf", base="none", data=str(resolve_data("tweets"))))
    second = add(files)
    assert find_users(first, runs_root()) == [run.id]
    assert find_users(second, runs_root()) == []
    assert load_splits(run.config).data_sha256 == {"data": first.manifest.sha256}


def test_labels_are_those_of_the_file(files: dict[str, str]) -> None:
    assert add(files).manifest.labels == LABELS


def test_a_source_is_told_by_the_name_of_its_dataset() -> None:
    reference = "my.tweets-2@0123456789ab"
    assert shorten_source(f"/home/me/runs/.datasets/{reference}") == reference
    for other in ("starter", "/home/me/a.csv", "/home/me/a@b.csv", reference, "me@0123456789abc"):
        assert shorten_source(other) == other
