"""Corrected labels become a version with its own hash, parent and list of changes, and every run on it says so."""

import shlex
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.data.changes import LabelChange, hash_text
from emocore.data.hub.importing import read_from_hub
from emocore.data.load import read_dataset
from emocore.data.reading.record import Reading
from emocore.data.registry.command import register_commands
from emocore.data.registry.correcting import (
    apply_corrections,
    correct_dataset,
    find_changed_texts,
    find_parent,
    list_changes,
)
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.manifest import Part
from emocore.data.registry.store import Dataset, datasets_root, find_dataset, remove_dataset
from emocore.data.split import load_splits
from emocore.data.spreadsheet import to_csv
from emocore.errors import DataError
from emocore.evaluation.audit import audit
from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import compare
from emocore.export.repeat import corrected_lists, repeat_command
from emocore.run.config import RunConfig
from emocore.training.provenance import describe_provenance
from tests.support.audited_runs import build_result
from tests.support.hub_datasets import to_stored_parquet
from tests.support.hub_server import HubServer
from tests.support.tables import make_table, write_csv

ROW = 1  # the text with all labels


def add(folder: Path, *parts: Part) -> Dataset:
    paths = {part: write_csv(folder / f"{part}.csv", make_table(seed=seed)) for seed, part in enumerate(parts)}
    return register(datasets_root(), "mine", read_files(paths, Reading()))[0]


def change(row_id: str, label: str = "joy", old: int = 1, text: str | None = None) -> LabelChange:
    """Of the text that has this ID in one of the files."""
    texts = {row["ID"]: row["Tweet"] for seed in (0, 1) for row in make_table(seed=seed).to_dict("records")}
    return LabelChange(row_id=row_id, text_hash=hash_text(text or texts[row_id]), label=label, old=old, new=1 - old)


@pytest.mark.parametrize("parts", [("train",), ("train", "test")])
def test_a_version_has_its_own_hash_parent_and_changes(tmp_path: Path, parts: tuple[Part, ...]) -> None:
    dataset = add(tmp_path, *parts)
    row_id = f"m{len(parts) - 1}-{ROW}"
    corrections = {"test": (change(row_id),)}  # of an official test file, or of a split that a run made
    corrected, is_new = correct_dataset(datasets_root(), dataset, corrections)
    assert is_new and find_dataset("mine") == corrected
    assert corrected.manifest.parent == dataset.manifest.reference
    assert find_parent(corrected.manifest) == dataset.manifest
    assert corrected.manifest.changes == corrections
    assert corrected.manifest.positives["joy"] == dataset.manifest.positives["joy"] - 1
    before, after = read_dataset(dataset).frame, read_dataset(corrected).frame
    assert before["joy"].sum() - after["joy"].sum() == 1
    assert before.drop(columns="joy").equals(after.drop(columns="joy"))
    again, is_new = correct_dataset(datasets_root(), corrected, {"train": (change("m0-0", old=0),)})
    assert is_new and again.manifest.corrected_labels == 2


def test_changes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    dataset = add(tmp_path, "train", "test")
    for corrections, words in [
        ({}, "the list changes nothing"),
        ({"train": (change("m0-0"),)}, "the label is 0 and not 1"),
        ({"test": (change("m0-1"),)}, "no text has this row id"),
        ({"train": (change("m0-1", text="another"),)}, "the text of this row is another one than in the list"),
    ]:
        with pytest.raises(DataError, match=words):
            correct_dataset(datasets_root(), dataset, corrections)
    assert find_dataset("mine") == dataset
    official = add(tmp_path, "train", "validation")
    with pytest.raises(DataError, match="the list changes the test split, which the dataset does not have; correct"):
        correct_dataset(datasets_root(), official, {"test": (change("m1-1"),)})


def test_texts_that_a_run_drew_for_validation_are_training_rows_of_the_dataset(tmp_path: Path) -> None:
    dataset = add(tmp_path, "train", "test")
    corrected, _ = correct_dataset(datasets_root(), dataset, {"validation": (change("m0-1"),)})
    before, after = (
        read_dataset(one).frame.query("split_name == 'train'")["joy"].sum() for one in (dataset, corrected)
    )
    assert before - after == 1


def test_changes_that_lead_back_are_refused_so_that_no_version_is_its_own_ancestor(tmp_path: Path) -> None:
    first = add(tmp_path, "train")
    second, _ = correct_dataset(datasets_root(), first, {"train": (change("m0-1"),)})
    third, _ = correct_dataset(datasets_root(), second, {"train": (change("m0-1", "anger"),)})
    remove_dataset(first)
    back = {"train": (change("m0-1", old=0), change("m0-1", "anger", old=0))}
    with pytest.raises(DataError, match=f"these changes lead back to {first.manifest.reference}"):
        correct_dataset(datasets_root(), third, back)


def test_runs_on_it_say_that_labels_were_corrected(tmp_path: Path) -> None:
    dataset = add(tmp_path, "train", "test")
    correct_dataset(datasets_root(), dataset, {"test": (change(f"m1-{ROW}"),)})
    results = []
    for source in ("mine", dataset.manifest.reference):
        splits = load_splits(RunConfig(data=source))
        origin = describe_provenance(splits, "cpu", "fp32").model_dump(exclude={"labels", "packages", "code"})
        found = find_dataset(source)
        assert found
        results.append(build_result(RunConfig(data=str(found.folder)), origin))
    told = "1 label corrected after models had been seen, which favours what these models said"
    assert any(told in caveat for caveat in find_caveats(compare(results[:1], "validation")))
    assert not any("corrected" in caveat for caveat in find_caveats(compare(results[1:], "validation")))
    assert len(set(compare(results, "validation").series.values())) == 2, "they are not averaged"
    values = " ".join(audit(results, "validation")["values"])
    assert "(1 label corrected after models were seen)" in values


def test_what_would_change_is_known_before_anything_is_stored(tmp_path: Path) -> None:
    dataset = add(tmp_path, "train", "test")
    corrections = {"test": (change("m1-1"), change("m1-0", old=0)), "train": (change("m0-1", "anger"),)}
    after = apply_corrections(dataset, corrections).frame
    before = read_dataset(dataset).frame
    assert int((before[["joy", "anger"]] != after[["joy", "anger"]]).to_numpy().sum()) == 3
    assert find_dataset("mine") == dataset
    listed = list_changes(corrections)
    assert listed[["split", "row_id", "label", "stored", "corrected"]].to_numpy().tolist() == [
        ["test", "m1-1", "joy", 1, 0],
        ["test", "m1-0", "joy", 0, 1],
        ["train", "m0-1", "anger", 1, 0],
    ]
    texts = before.set_index("row_id")["text"]
    for frame in (before, after):
        assert find_changed_texts(listed, frame) == [texts["m1-1"], texts["m1-0"], texts["m0-1"]]


def test_the_command_repeats_the_correction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = add(tmp_path, "train", "test")
    corrected, _ = correct_dataset(datasets_root(), dataset, {"test": (change(f"m1-{ROW}"),)})
    results = [build_result(RunConfig(method="tfidf", base="none", data=str(corrected.folder), study="s"))]
    for name, content in corrected_lists(results).items():
        (tmp_path / name).write_text(content)
    lines = repeat_command(results).splitlines()
    monkeypatch.setenv("EMOCORE_DATA", str(tmp_path / "another machine"))
    for line in (line for line in lines[:-1] if not line.startswith("#")):
        assert main(shlex.split(line)[3:]) == 0
    again = find_dataset(corrected.manifest.reference)
    assert again and again.manifest.changes == corrected.manifest.changes


def test_a_version_of_a_hub_dataset_keeps_its_origin_and_is_repeated_from_its_parent(hub: HubServer) -> None:
    commit = hub.add("owner/name", {"train.parquet": to_stored_parquet(make_table())})
    dataset = register(datasets_root(), "mine", read_from_hub("owner/name"))[0]
    corrected, _ = correct_dataset(datasets_root(), dataset, {"train": (change(f"m0-{ROW}"),)})
    assert corrected.manifest.hub and corrected.manifest.hub == dataset.manifest.hub
    assert corrected.manifest.sources == dataset.manifest.sources
    first, *_, last = register_commands(corrected.manifest)
    assert f"data add mine hub:owner/name/default --revision {commit}" in first
    assert f"data correct {dataset.manifest.reference} {corrected.manifest.reference}-corrections.csv" in last


def test_a_list_is_read_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = add(tmp_path, "train", "test")
    table = make_table(seed=1).iloc[[0, ROW]]
    rows = {"split": "test", "row_id": table["ID"], "text": table["Tweet"], "label": "joy", "stored": table["joy"]}
    listed = table[[]].assign(**rows, corrected=["", "0"])
    (tmp_path / "errors.csv").write_text(to_csv(listed))
    assert main(["data", "correct", "mine", str(tmp_path / "errors.csv")]) == 0
    assert f"with 1 label corrected in {dataset.manifest.reference}" in capsys.readouterr().out
    assert main(["data", "show", "mine"]) == 0
    shown = capsys.readouterr().out
    assert "warning: 1 label corrected after models had been seen; the version before is mine@" in shown
    remove_dataset(dataset)
    assert main(["data", "show", "mine"]) == 0, "the parent is only needed to register it elsewhere"
