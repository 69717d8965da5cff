"""The Launch page on large data: it is drawn at once, says what it waits for, and reads the data only once."""

import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emocore.data.registry.manifest import MANIFEST
from emocore.data.split import Splits, load_splits
from emocore.errors import DataError
from emocore.run.config import STARTER, RunConfig
from pages.launch import reading
from tests.support.data_page import add_dataset
from tests.support.launch_page import click_launch, open_launch
from tests.support.pages import draw, words
from tests.support.tables import make_table, write_csv

pytestmark = pytest.mark.usefixtures("launch_folders")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """What was read of data that count as large, which waits for `finish_reading`."""
    found: list[RunConfig] = []

    def read(config: RunConfig) -> Splits:
        if config.data != STARTER:
            assert threading.current_thread().name.startswith("splits")
            assert release.wait(20)
            found.append(config)
        return load_splits(config)

    release = threading.Event()
    monkeypatch.setattr(reading, "LARGE_BYTES", 100)
    monkeypatch.setattr(reading, "load_splits", read)
    monkeypatch.setattr(reading, "RELEASE", release, raising=False)
    reading._readers.clear()
    return found


def finish_reading(page: AppTest) -> None:
    reading.RELEASE.set()  # type: ignore[attr-defined]
    for task in list(reading._readers()._tasks.values()):
        task.future.exception(20)
    draw(page)


def is_waiting(page: AppTest) -> bool:
    return "Reading the data and dividing them into splits" in words(page)


def test_the_form_is_there_while_large_data_are_read(tmp_path: Path, reads: list[RunConfig]) -> None:
    page = open_launch(write_csv(tmp_path / "mine.csv", make_table(200)))
    assert is_waiting(page)
    assert page.button(key="launch_waits").disabled
    assert len(page.dataframe[0].value) == 3
    page.number_input(key="launch_epochs").set_value(2).run()
    assert is_waiting(page)
    finish_reading(page)
    assert not is_waiting(page)
    assert "140 train, 30 validation, 30 test" in words(page)
    assert {run.config.epochs for run in click_launch(page)} == {2}
    assert len(reads) == 1


def test_only_settings_of_the_data_and_changed_files_are_read_again(tmp_path: Path, reads: list[RunConfig]) -> None:
    path = write_csv(tmp_path / "mine.csv", make_table(200))
    page = open_launch(path)
    finish_reading(page)
    page.number_input(key="launch_batch_size").set_value(8).run()
    page.multiselect(key="launch_methods").set_value(["ia3"]).run()
    assert not is_waiting(page) and len(reads) == 1
    page.number_input(key="launch_rows").set_value(60).run()
    finish_reading(page)
    assert "60 train, 30 validation, 30 test" in words(page) and len(reads) == 2
    Path(f"{path}.new").write_text(Path(write_csv(tmp_path / "other.csv", make_table(240))).read_text(encoding="utf-8"))
    Path(f"{path}.new").replace(path)
    draw(page)
    finish_reading(page)
    assert "60 train, 36 validation, 36 test" in words(page) and len(reads) == 3


def test_large_data_that_cannot_be_used_are_refused_like_small_ones(tmp_path: Path, reads: list[RunConfig]) -> None:
    page = open_launch(write_csv(tmp_path / "few.csv", make_table(30)))
    finish_reading(page)
    assert "30 rows are too few to split off 15% for evaluation" in words(page)
    assert page.button(key="launch_refused").disabled


def test_a_dataset_that_was_repaired_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGE_BYTES", 100)
    manifest = add_dataset(tmp_path, "tweets").folder / MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(whole.replace(b'"rows"', b'"rowz"'))
    config = RunConfig(method="tfidf", data=str(manifest.parent))
    with pytest.raises(DataError, match="is damaged"):
        read_in_the_end(config)
    manifest.write_bytes(whole)
    assert len(read_in_the_end(config).frames["train"]) == 140


def read_in_the_end(config: RunConfig) -> Splits:
    try:
        return reading.read_splits(config)
    except reading.StillReadingError as error:
        error.task.future.exception(20)
        return reading.read_splits(config)
