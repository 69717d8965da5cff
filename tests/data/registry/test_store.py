"""The datasets folder: versions, names, damage, and that a folder appears whole or not at all."""

import json
import multiprocessing
from pathlib import Path

import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.data.registry import store
from emocore.data.registry.content import read_content
from emocore.data.registry.manifest import CONTENT
from emocore.data.registry.store import (
    Dataset,
    add_dataset,
    datasets_root,
    find_dataset,
    list_damaged_datasets,
    list_datasets,
    remove_dataset,
)
from emocore.errors import DataError
from emocore.run.listing import list_runs, look_at_runs, runs_root

LABELS = ("anger", "joy")


def make_frame(rows: int = 30, start: str = "text") -> pd.DataFrame:
    texts = [f"{start} {row} is “fine”\nand <b>bold</b>" for row in range(rows)]
    frame = pd.DataFrame({"row_id": [str(row) for row in range(rows)], "text": texts})
    return frame.assign(anger=[row % 2 for row in range(rows)], joy=[row % 3 == 0 for row in range(rows)]).astype(
        {"anger": "int8", "joy": "int8"}
    )


def add(name: str = "tweets", frame: pd.DataFrame | None = None) -> Dataset:
    return add_dataset(datasets_root(), name, make_frame() if frame is None else frame, LABELS, ())[0]


def test_a_new_content_is_a_new_version_and_the_same_is_not() -> None:
    first = add()
    assert add_dataset(datasets_root(), "tweets", make_frame(), LABELS, ()) == (first, False)
    second = add(frame=make_frame(31))
    assert [dataset.title for dataset in list_datasets(datasets_root())] == ["tweets, version 1", "tweets, version 2"]
    assert find_dataset("tweets") == second
    assert find_dataset(first.manifest.reference) == first
    assert find_dataset(str(first.folder)) == first
    assert first.manifest.positives == {"anger": 15, "joy": 10}
    assert first.manifest.rows == {"all": 30}


def test_the_content_is_the_texts_and_labels_in_their_order() -> None:
    frame = make_frame()
    changed = frame.assign(anger=1 - frame["anger"])
    hashes = {add(frame=one).manifest.sha256 for one in (frame, changed.astype({"anger": "int8"}), frame[::-1])}
    assert len(hashes) == 3
    assert add("other", frame.set_index(pd.RangeIndex(5, 35))).manifest.sha256 in hashes  # row numbers are no content


def test_the_folder_is_found_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert add().folder.parent == runs_root() / ".datasets"
    monkeypatch.setenv("EMOCORE_DATA", str(tmp_path / "other"))
    assert find_dataset("tweets") is None
    moved = add()
    assert moved.folder.parent == tmp_path / "other"


def test_a_moved_folder_is_found_by_name_and_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add()
    (runs_root() / ".datasets").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"{stored.manifest.reference}: no such dataset"):
        find_dataset(str(stored.folder))
    monkeypatch.setenv("EMOCORE_DATA", str(tmp_path / "elsewhere"))
    found = find_dataset(str(stored.folder))
    assert found and found.manifest == stored.manifest


def test_files_and_the_starter_set_are_no_datasets(tmp_path: Path) -> None:
    for source in ("starter", "train.csv", "/etc/hostname", str(tmp_path), "no@dataset", "", "a/b"):
        assert find_dataset(source) is None


@pytest.mark.parametrize(
    "name", ["starter", "", ".hidden", "a/b", "../up", "a b", "naïve", "x" * 61, "-o", "a\n", "a@b"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="cannot be the name of a dataset"):
        add(name)


def test_damage_is_named_and_hides_no_other_dataset() -> None:
    good, bad, renamed = add("good"), add("bad"), add("renamed")
    manifest = bad.folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"labels": ["<script>", "joy"]}))
    renamed.folder.rename(renamed.folder.with_name("mine@000000000000"))
    (datasets_root() / "notes").mkdir()
    assert list_datasets(datasets_root()) == [good]
    problems = sorted(
        problem.replace(bad.manifest.sha256[:12], "HASH") for problem in list_damaged_datasets(datasets_root())
    )
    assert problems == snapshot(
        [
            """\
dataset bad@HASH: manifest.json is damaged (labels.0: string should match pattern '^[^<>]*$'); add the dataset again\
""",
            "dataset mine@000000000000: its manifest is of renamed@HASH; give the folder that name",
            "dataset notes: it has no manifest.json; add the dataset again, or remove the folder",
        ]
    )


def test_datasets_are_no_runs() -> None:
    add()
    assert list_runs(runs_root()) == []
    assert look_at_runs(runs_root()).damaged == []


def test_a_failed_write_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, record: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_record", fail)
        with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)"):
            add()
    assert [path.name for path in datasets_root().iterdir()] == [".lock"]
    (datasets_root() / ".draft-tweets@0123").mkdir()  # of a process that was killed
    assert add().manifest.version == 1
    assert not list(datasets_root().glob(".draft-*"))


def _add_numbered(number: int) -> int:
    return add(frame=make_frame(start=f"text of {number}")).manifest.version


def test_processes_that_add_at_once_get_different_versions() -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert sorted(pool.map(_add_numbered, range(6))) == [1, 2, 3, 4, 5, 6]


def test_a_removed_version_is_gone_and_its_number_stays_free_until_it_is_the_last() -> None:
    first, second = add(), add(frame=make_frame(31))
    remove_dataset(first)
    assert list_datasets(datasets_root()) == [second]
    assert add().manifest.version == 3
    assert not list(datasets_root().glob(".draft-*"))


@pytest.mark.parametrize("name", ["texts.parquet", "manifest.json"])
def test_adding_again_repairs_what_is_damaged(name: str) -> None:
    dataset = add()
    (dataset.folder / name).write_bytes(b"PAR1 or not")
    if name == "manifest.json":
        with pytest.raises(DataError, match=r"manifest\.json is damaged .*; or name a version of tweets"):
            find_dataset("tweets")
    again, is_new = add_dataset(datasets_root(), "tweets", make_frame(), LABELS, ())
    assert is_new and again.manifest.version == 1
    assert read_content(again.folder / CONTENT, LABELS, "")["text"].tolist() == make_frame()["text"].tolist()
    assert [path.name for path in datasets_root().iterdir() if path.name != ".lock"] == [again.folder.name]


def test_a_damaged_latest_version_does_not_make_the_name_mean_an_older_one() -> None:
    first, second = add(), add(frame=make_frame(31))
    (second.folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=f"dataset {second.manifest.reference}: it has no manifest"):
        find_dataset("tweets")
    assert find_dataset(first.manifest.reference) == first


def test_a_note_on_the_licence_can_be_given_later() -> None:
    dataset = add()
    noted, is_new = add_dataset(datasets_root(), "tweets", make_frame(), LABELS, (), licence="for research")
    assert not is_new and noted.manifest.licence == "for research"
    assert find_dataset("tweets") == noted
    assert noted.manifest.sha256 == dataset.manifest.sha256
