"""The list of datasets: what is there, what is damaged, and removal that names the runs."""

import shutil
from pathlib import Path

import pytest

from emocore.data.registry.store import datasets_root, list_datasets
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, runs_root
from tests.support.data_page import add_dataset, click_twice
from tests.support.pages import draw, labels, open_page, words

pytestmark = pytest.mark.usefixtures("launch_folders")


def test_without_data_of_your_own_the_page_says_what_to_do() -> None:
    said = words(open_page("data"))
    assert "You have added no data yet" in said and "add=upload" in said
    assert "1,426 texts: 777 train, 250 validation, 399 test" in said and "11 labels" in said
    assert "dataset=starter" in said and "data=starter" in said, "look at it, and train on it"


def test_each_dataset_is_told_with_its_latest_version_first(tmp_path: Path) -> None:
    first = add_dataset(tmp_path, "tweets", 200)
    latest = add_dataset(tmp_path, "tweets", 300, licence="**mine** <b>", test=50)
    add_dataset(tmp_path, "other", 250)
    create_run(runs_root(), RunConfig(method="tfidf", data=str(latest.folder)))
    page = open_page("data")
    said = words(page)
    assert "You have added no data yet" not in said
    assert said.index("**other**") < said.index("**tweets**") < said.index("**Starter set**")
    assert "350 texts: 300 train, 50 test" in said and "250 texts, split by each run" in said
    assert "4 labels: anger, joy, fear and trust" in said
    assert "used by 1 run" in said and "used by no run" in said
    assert "licence: **mine** <b>" in said and "\\*\\*mine\\*\\* \\<b\\>" in words(page, raw=True)
    assert said.count("version 1](") == 1, "the older version has a link"
    for dataset in (first, latest):
        assert f"dataset={dataset.manifest.reference.replace('@', '%40')}" in said
    assert f"data={latest.manifest.reference.replace('@', '%40')}" in said


def test_a_changed_file_and_a_damaged_dataset_are_warned_of(tmp_path: Path) -> None:
    add_dataset(tmp_path, "tweets")
    with (tmp_path / "tweets-train.csv").open("a") as file:
        file.write("x,y,0,0,0,0\n")
    (datasets_root() / "broken@0123456789ab").mkdir()
    said = words(open_page("data"))
    assert "tweets-train.csv has changed since this version was registered" in said
    assert "dataset broken@0123456789ab: it has no manifest.json" in said


def test_a_dataset_is_removed_after_its_runs_were_named(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    run = create_run(runs_root(), RunConfig(method="tfidf", data=str(dataset.folder)))
    page = open_page("data")
    page.button(key=f"data_remove_{dataset.manifest.reference}").click()
    draw(page)
    said = words(page)
    assert "1 run cannot be resumed or cloned without it" in said and run.id in said
    assert list_datasets(datasets_root()) == [dataset], "nothing is removed yet"
    page.button(key="data_remove_sure").click()
    assert "tweets, version 1 is removed" in words(draw(page))
    assert list_datasets(datasets_root()) == [] and "Remove" not in labels(page)


def test_a_dataset_that_cannot_be_removed_stays_with_the_reason(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    page = open_page("data", dataset=dataset.manifest.reference)
    page.button(key=f"data_remove_{dataset.manifest.reference}").click()
    draw(page)
    shutil.rmtree(dataset.folder)
    page.button(key="data_remove_sure").click()
    draw(page)
    assert "No such file" in page.session_state["data_problem"] and "is removed" not in words(page)


def test_a_double_click_removes_once_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    page = open_page("data")
    page.button(key=f"data_remove_{dataset.manifest.reference}").click()
    click_twice(draw(page), "data_remove_sure", monkeypatch, "pages.data.actions.remove_dataset")
    assert "tweets, version 1 is removed" in words(page) and "No such file" not in words(page)
    assert "data_problem" not in page.session_state
