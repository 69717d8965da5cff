"""The Launch page keeps the split that a run or a study began with, and shows no choice of it."""

from pathlib import Path

import pytest

from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs, runs_root
from tests.support.earlier_runs import NOTE, queue_earlier_run
from tests.support.launch_page import click_launch, open_launch
from tests.support.pages import words
from tests.support.tables import make_table, write_csv

pytestmark = pytest.mark.usefixtures("launch_folders")


@pytest.fixture
def data(tmp_path: Path) -> str:
    return write_csv(tmp_path / "data.csv", make_table(200))


@pytest.fixture
def earlier(data: str) -> RunFolder:
    """The only run of the study "s"."""
    return queue_earlier_run(data)


def versions() -> list[int]:
    """Those of the runs, in the order of their launch."""
    return [run.config.split_version for run in list_runs(runs_root())]


def test_the_form_keeps_it_without_showing_a_choice(earlier: RunFolder, data: str) -> None:
    page = open_launch(clone=earlier.id)
    page.text_input(key="launch_study").set_value("").run()
    assert NOTE in words(page)
    click_launch(page)
    page = open_launch(clone=earlier.id)
    page.text_input(key="launch_seeds").set_value("7").run()
    click_launch(page)
    page = open_launch(data)
    page.multiselect(key="launch_methods").set_value(["tfidf"])
    page.text_input(key="launch_study").set_value("s")
    page.text_input(key="launch_seeds").set_value("8").run()
    assert NOTE in words(page)
    click_launch(page)
    assert versions() == [1, 1, 1, 1]


def test_the_form_of_a_clone_leaves_nothing_behind(earlier: RunFolder, data: str) -> None:
    page = open_launch(clone=earlier.id)
    page.selectbox(key="launch_preset").select("fair").run()
    page.multiselect(key="launch_methods").set_value(["tfidf"]).run()
    click_launch(page)
    page.selectbox(key="launch_preset").select("own").run()
    page.text_input(key="launch_study").set_value("new").run()
    click_launch(page)
    assert set(versions()[1:]) == {2}
