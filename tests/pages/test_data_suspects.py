"""The view Suspected labels of a dataset: which runs have a say, what is listed, and what is said without any."""

from pathlib import Path

import pytest
import streamlit as st

from emocore.data.reading.record import Reading
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.store import Dataset, datasets_root
from emocore.evaluation.comparison import compare
from emocore.evaluation.label_errors import find_label_errors
from emocore.evaluation.results import load_result
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, runs_root
from emocore.run.state import RunStatus
from tests.support.data_page import table_with
from tests.support.dataset_runs import WRONG, WRONG_IDS, add_wrong_dataset, finish_runs
from tests.support.pages import draw, open_page, words
from tests.support.tables import change_status, make_table, write_csv

pytestmark = pytest.mark.usefixtures("launch_folders")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return add_wrong_dataset(tmp_path)


def test_the_list_is_that_of_compare_and_has_the_wrong_labels_first(dataset: Dataset) -> None:
    runs = finish_runs(str(dataset.folder))
    page = open_page("data", dataset="tweets", view="suspects")
    table = table_with(page, "suggested")
    expected = find_label_errors(compare([load_result(run) for run in runs], "test")).suspects
    assert (
        table["row_id"].tolist() == expected["row_id"].tolist()
        and table["label"].tolist() == expected["label"].tolist()
    )
    assert table["mean_probability"].tolist() == expected["mean_probability"].tolist()
    assert sorted(table["row_id"].head(len(WRONG_IDS))) == WRONG_IDS
    first = table.iloc[0]
    assert {first["stored"], first["suggested"]} == {"yes", "no"} and first["split"] == "test"
    assert (f"so much {first['label']}" in first["text"]) == (first["suggested"] == "yes")
    assert "From 2 finished runs on this version: LoRA and IA3." in words(page)
    assert f"All 2 runs contradict {len(expected):,} of " in words(page)


def test_a_label_filters_the_table_and_not_the_files(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    finish_runs(str(dataset.folder))
    offered: dict[str, str] = {}
    monkeypatch.setattr(
        st, "download_button", lambda label, data, **given: offered.update({given["file_name"]: data()})
    )
    page = open_page("data", dataset="tweets", view="suspects")
    every = table_with(page, "suggested")
    page.selectbox(key="data_label").select("anger")
    table = table_with(draw(page), "suggested")
    assert 0 < len(table) < len(every)
    assert table["row_id"].tolist() == every[every["label"] == "anger"]["row_id"].tolist()
    assert list(offered) == ["label-errors.csv", "label-errors-blind.csv", "label-errors-blind-key.csv"]
    assert offered["label-errors.csv"].count(",joy,") >= len(WRONG["joy"])


def test_a_single_run_is_said_to_be_too_few(dataset: Dataset) -> None:
    finish_runs(str(dataset.folder), ("lora",))
    told = words(open_page("data", dataset="tweets", view="suspects"))
    assert "A single run takes its own mistakes for errors of the labels" in told


def test_without_a_finished_run_the_page_says_what_to_do(dataset: Dataset, tmp_path: Path) -> None:
    def told() -> str:
        return words(open_page("data", dataset="tweets", view="suspects"))

    assert told().count("[Train on it](pages/launch/page.py?data=tweets%40") == 2, "at the top and here"
    assert "No run uses this version yet" in told() and "Train two or more different methods" in told()
    waiting = create_run(runs_root(), RunConfig(method="tfidf", data=str(dataset.folder)))
    assert "1 run uses this version, but none has finished" in told()
    change_status(waiting, RunStatus.FINISHED)
    said = told()
    assert f"Left out: run {waiting.id}: result.json is missing" in said
    assert "1 run uses this version, but no finished one can be read" in said


def test_runs_that_were_scored_on_other_texts_have_no_say(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "train.csv", make_table(400))
    other = write_csv(tmp_path / "test.csv", make_table(200, 7))
    dataset, _ = register(datasets_root(), "tweets", read_files({"train": path}, Reading()))
    source = str(dataset.folder)
    finish_runs(source, ("qlora",), test_data=other)
    page = open_page("data", dataset="tweets", view="suspects")
    assert "1 run uses this version, but no finished one took all its texts from it" in words(page)
    finish_runs(source, split_seed=1)
    finish_runs(source, ("head",), split_seed=2)
    said = words(open_page("data", dataset="tweets", view="suspects"))
    assert "From 2 finished runs on this version: LoRA and IA3. 1 other run has no say" in said


def test_runs_on_halves_of_the_training_rows_have_no_say(dataset: Dataset) -> None:
    finish_runs(str(dataset.folder), ("lora",), replicate=2)
    said = words(open_page("data", dataset="tweets", view="suspects"))
    assert "1 run uses this version, but each finished one learned from half of the training rows" in said


def test_the_list_changes_with_the_files_of_the_runs(dataset: Dataset) -> None:
    finish_runs(str(dataset.folder), ("lora",))
    before = table_with(open_page("data", dataset="tweets", view="suspects"), "suggested")
    finish_runs(str(dataset.folder), ("ia3",))
    after = table_with(open_page("data", dataset="tweets", view="suspects"), "suggested")
    assert set(before["runs"]) == {1} and set(after["runs"]) == {2} and len(after) <= len(before)
