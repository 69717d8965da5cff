"""Datasets of the three layouts, read from a Hub on this machine."""

import hashlib
import random
import re
from concurrent.futures import CancelledError
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.hub.fetch import Transfer
from emocore.data.hub.importing import read_from_hub
from emocore.data.load import read_dataset
from emocore.data.reading import parquet
from emocore.data.reading.record import Reading
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.store import Dataset, datasets_root
from emocore.data.split import load_splits
from emocore.errors import DataError
from emocore.run.config import RunConfig
from emocore.system.hub import PART_BYTES
from tests.support.hub_datasets import SIZES, brighter, go_emotions, sem_eval, to_stored_parquet, with_class_numbers
from tests.support.hub_server import HubServer
from tests.support.tables import LABELS, make_table, write_csv, write_text

GO = "google-research-datasets/go_emotions"
BRIGHTER = "brighter-dataset/BRIGHTER-emotion-categories"
SEM_EVAL = "SemEvalWorkshop/sem_eval_2018_task_1"


def add(*place: str | None) -> Dataset:
    return register(datasets_root(), "mine", read_from_hub(*place))[0]


def rows(dataset: Dataset) -> pd.DataFrame:
    """text, split and labels, as they were written."""
    return read_dataset(dataset).frame[["text", "split_name", *dataset.manifest.labels]].reset_index(drop=True)


def expected(*splits: tuple[str, int], labels: tuple[str, ...] = LABELS) -> pd.DataFrame:
    tables = [
        make_table(SIZES[split], seed).rename(columns={"Tweet": "text"}).assign(split_name=split)
        for split, seed in splits
    ]
    table = pd.concat(tables, ignore_index=True)[["text", "split_name", *labels]]
    return table.assign(text=table["text"].str.strip()).astype(dict.fromkeys(labels, "int8"))


def test_numbers_of_classes_get_the_names_in_the_card(hub: HubServer) -> None:
    files = go_emotions()
    commit = hub.add(GO, files)
    dataset = add(GO)
    manifest = dataset.manifest
    pd.testing.assert_frame_equal(
        rows(dataset), expected(("train", 0), ("validation", 1), ("test", 2)), check_dtype=False
    )
    assert manifest.hub and manifest.hub.model_dump() == {"repository": GO, "config": "simplified", "revision": commit}
    assert manifest.licence == "apache-2.0"
    assert {source.name: source.sha256 for source in manifest.sources} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name.startswith("simplified")
    }
    reading = manifest.sources[0].reading
    assert (reading.text_column, reading.label_column, reading.label_names) == ("text", "labels", LABELS)
    assert (reading.id_column, reading.file_format) == ("id", "parquet")
    assert load_splits(RunConfig(data="mine")).frames["test"]["text"].tolist() == make_table(60, 2)["Tweet"].tolist()


def test_names_of_classes_in_the_files_are_those_of_a_card_and_of_files_from_disk(
    hub: HubServer, tmp_path: Path
) -> None:
    files = go_emotions(names_in_card=False)
    hub.add(GO, files)
    found = read_from_hub(GO)
    assert found.tables["train"].labels == LABELS
    paths = {
        part: write_text(tmp_path / f"{part}.parquet", files[f"simplified/{part}-00000-of-00001.parquet"])
        for part in ("train", "validation", "test")
    }
    pd.testing.assert_frame_equal(
        read_files(paths, Reading()).frame,
        found.frame,
    )


def test_wishes_say_how_a_dataset_is_read(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    found = read_from_hub(GO, "raw", wishes=Reading(labels=("joy", "anger")))
    assert found.tables["train"].labels == ("joy", "anger")
    assert "fear" in found.tables["train"].ignored_columns
    assert "split_name" not in found.frame, "each run splits it, as a file"


def test_the_split_dev_is_for_validation_and_an_empty_column_is_no_label(hub: HubServer) -> None:
    hub.add(BRIGHTER, brighter())
    dataset = add(BRIGHTER, "eng")
    assert dataset.manifest.labels == LABELS[:3]
    assert dataset.manifest.rows == {"train": 200, "validation": 60, "test": 60}
    want = expected(("train", 0), ("dev", 1), ("test", 2), labels=LABELS[:3])
    pd.testing.assert_frame_equal(rows(dataset), want.replace({"split_name": {"dev": "validation"}}), check_dtype=False)
    assert any("not used: 'trust', 'emotions'" in note for note in dataset.manifest.notes)


def test_a_dataset_of_a_script_is_read_from_the_hub_s_conversion(hub: HubServer) -> None:
    own, converted = sem_eval()
    hub.add(SEM_EVAL, own)
    commit = hub.add(SEM_EVAL, converted, branch="refs/convert/parquet")
    dataset = add(SEM_EVAL, "subtask5.english")
    assert dataset.manifest.hub and dataset.manifest.hub.revision == commit
    assert dataset.manifest.licence == "unknown"
    assert f"{SEM_EVAL}: read from the files that the Hub converted to parquet" in dataset.manifest.notes
    pd.testing.assert_frame_equal(
        rows(dataset), expected(("train", 1), ("validation", 2), ("test", 0)), check_dtype=False
    )
    assert hub.fetched(".py") == []

    hub.add(SEM_EVAL, {}, branch="refs/convert/parquet")  # a new conversion; the commit is still there
    again = read_from_hub(SEM_EVAL, "subtask5.english", commit)
    assert register(datasets_root(), "mine", again) == (dataset, False)


def test_the_files_of_a_split_are_joined_in_their_order(hub: HubServer) -> None:
    table = with_class_numbers(make_table(300))
    shards = [table[:120], table[120:130][["labels", "id", "text"]], table[130:]]
    names = [f"data/train-{number:05}-of-00003.parquet" for number in range(3)]
    hub.add(GO, {name: to_stored_parquet(shard) for name, shard in zip(names, shards, strict=True)})
    dataset = add(GO)
    assert read_dataset(dataset).frame["text"].tolist() == table["text"].tolist()
    assert [source.name for source in dataset.manifest.sources] == names
    assert dataset.manifest.sources[1].sha256 == hashlib.sha256(to_stored_parquet(shards[1])).hexdigest()
    assert dataset.manifest.hub and dataset.manifest.hub.config == "default"


def test_findings_name_all_files_of_a_split_since_rows_are_counted_through_them(hub: HubServer) -> None:
    tables = [make_table(150), make_table(60, seed=1), make_table(60, seed=2)]
    tables[1] = pd.concat([tables[1], tables[1].tail(1).assign(ID="again")])
    names = ("data/train-0.parquet", "data/train-1.parquet", "data/test-0.parquet")
    hub.add(GO, {name: to_stored_parquet(table) for name, table in zip(names, tables, strict=True)})
    found = read_from_hub(GO)
    told = "data/train-0.parquet to train-1.parquet, training split: 1 text (row 211) repeats an earlier one"
    for described in (found.describe_findings(), add(GO).manifest.describe_findings()):
        assert [sentence for sentence in described if "row 211" in sentence and sentence.startswith(told)]
        assert not any(sentence.startswith("data/train-1.parquet") for sentence in described)


@pytest.mark.parametrize("other", [{"labels": "tags"}, {"id": "labels", "labels": "id"}], ids=["name", "type"])
def test_files_of_a_split_with_other_columns_are_refused(hub: HubServer, other: dict[str, str]) -> None:
    table = with_class_numbers(make_table())
    tables = (table, table.rename(columns=other))
    hub.add(GO, {f"train-{number}.parquet": to_stored_parquet(own) for number, own in enumerate(tables)})
    with pytest.raises(DataError, match=r"^train-1\.parquet: its columns are others than those of the files before it"):
        read_from_hub(GO)


def test_an_only_split_of_any_name_is_for_training(hub: HubServer) -> None:
    table = with_class_numbers(make_table())
    hub.add(GO, {"data/full-00000-of-00001.parquet": to_stored_parquet(table)})
    assert add(GO).manifest.rows == {"all": 200}
    hub.add(GO, {f"data/{split}-00000-of-00001.parquet": to_stored_parquet(table) for split in ("train", "extra")})
    found = read_from_hub(GO)
    assert list(found.tables) == ["train"]
    assert f"{GO}: splits that are not used: extra" in found.notes


def test_a_revision_is_read_after_newer_ones(hub: HubServer) -> None:
    first = hub.add(GO, go_emotions())
    changed = {"data/train-0.parquet": to_stored_parquet(with_class_numbers(make_table(seed=9)))}
    second = hub.add(GO, changed)
    assert read_from_hub(GO).hub != read_from_hub(GO, revision=first).hub
    old = read_from_hub(GO, revision=first)
    assert old.hub and old.hub.revision == first != second
    assert old.tables["train"].frame["text"].tolist() == make_table()["Tweet"].tolist()


def test_an_old_name_leads_to_the_present_one(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    hub.renamed["go_emotions"] = GO
    found = read_from_hub("go_emotions")
    assert found.hub and found.hub.repository == GO


def test_progress_is_told_in_bytes_and_nothing_is_fetched_twice(hub: HubServer) -> None:
    files = go_emotions()
    hub.add(GO, files)
    told: list[Transfer] = []
    read_from_hub(GO, progress=told.append)
    size = sum(len(content) for name, content in files.items() if name.startswith("simplified"))
    assert {(now.total_bytes, now.files) for now in told} == {(size, 3)}
    assert told == sorted(told) and told[-1] == Transfer(size, size, 3, 3)
    assert told[0] == Transfer(0, size, 1, 3) and len({now.bytes for now in told}) == 4
    fetched = hub.fetched()
    assert len(fetched) == 3
    told.clear()
    read_from_hub(GO, progress=told.append)
    assert told[-1] == Transfer(size, size, 3, 3)
    assert hub.fetched() == fetched


def test_a_fetch_can_be_stopped_within_a_file_and_begins_again(hub: HubServer) -> None:
    chance = random.Random(0)
    content = to_stored_parquet(make_table(200).assign(more=[chance.randbytes(2000).hex() for _ in range(200)]))
    assert len(content) > 2 * PART_BYTES
    hub.add(GO, {"train.parquet": content})

    def stop(now: Transfer) -> None:
        if now.bytes:
            raise CancelledError(now)

    with pytest.raises(CancelledError) as caught:
        read_from_hub(GO, progress=stop)
    assert caught.value.args == (Transfer(PART_BYTES, len(content), 1, 1),)
    assert read_from_hub(GO).tables["train"].labels == LABELS


def test_a_cell_that_is_no_label_is_named_with_its_file_and_row(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 5)
    monkeypatch.setattr(parquet, "PART_CELLS", 5)
    table = make_table(60).astype({"joy": float})
    table.loc[7, "joy"] = 0.4
    hub.add(GO, {"train.parquet": to_stored_parquet(table)})
    with pytest.raises(DataError, match=re.escape("train.parquet, row 8, column 'joy': '0.4' where a label is 0 or 1")):
        read_from_hub(GO)


def test_a_csv_with_the_same_rows_is_the_same_dataset(hub: HubServer, tmp_path: Path) -> None:
    hub.add(GO, {"train.parquet": to_stored_parquet(make_table())})
    dataset = add(GO)
    path = write_csv(tmp_path / "train.csv", make_table())
    assert register(datasets_root(), "mine", read_files({"train": path}, Reading())) == (dataset, False)
