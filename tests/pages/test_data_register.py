"""Registering: double clicks, inputs that change with the click, errors, and what is let go of afterwards."""

import gc
import weakref
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.load import read_dataset
from emocore.data.registry.store import datasets_root, list_datasets
from emocore.run.config import STARTER
from pages.data.hub import ADDRESS_KEY, FETCH_KEY
from tests.support.data_page import click_twice, open_import, upload
from tests.support.hub_datasets import go_emotions
from tests.support.hub_page import GO, fetch
from tests.support.hub_server import HubServer
from tests.support.pages import draw, open_page, words
from tests.support.tables import make_table

pytestmark = pytest.mark.usefixtures("launch_folders")


def as_csv(rows: int = 200) -> bytes:
    return make_table(rows).to_csv(index=False).encode()


@pytest.mark.parametrize("place", ["importing.register", "added.Added.note", "dataset.plain"])
def test_a_double_click_says_what_the_first_click_did(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    hub.add(GO, go_emotions())
    page = click_twice(fetch(GO), "data_register", monkeypatch, f"pages.data.{place}")
    [dataset] = list_datasets(datasets_root())
    assert dataset.manifest.reference in page.query_params["dataset"]
    assert "go_emotions-simplified, version 1 is registered" in words(page) and len(page.success) == 1


def test_a_double_click_on_an_uploaded_file_and_on_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_import("a.csv", as_csv())
    click_twice(page, "data_register", monkeypatch, "pages.data.importing.register")
    assert "a, version 1 is registered" in words(page)
    assert "is registered" not in words(draw(page)), "it is said once"

    [dataset] = list_datasets(datasets_root())
    row, label = read_dataset(dataset).frame.iloc[0], dataset.manifest.labels[0]
    change = {"row_id": row["row_id"], "text": row["text"], "label": label, "stored": row[label]}
    listed = pd.DataFrame([change | {"split": "test", "corrected": 1 - row[label]}]).to_csv(index=False).encode()
    page = open_page("data", dataset=dataset.manifest.reference, view="suspects")
    page.file_uploader(key=f"data_corrected_{dataset.manifest.reference}").set_value(("e.csv", listed, "text/csv"))
    click_twice(draw(page), "data_register_corrected", monkeypatch, "pages.data.corrections.correct_dataset")
    assert "a, version 2 is registered, with 1 label corrected." in words(page)

    page = open_page("data", dataset=STARTER, view="suspects")
    click_twice(page, "data_copy_starter", monkeypatch, "pages.data.corrections.register_starter_copy")
    assert "version 1 is registered; read the list below" in words(page)


def test_what_cannot_be_stored_is_said_where_it_was_clicked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = open_import("a.csv", as_csv())
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMOCORE_DATA", str(tmp_path / "file" / "datasets"))
    page.button(key="data_register").click()
    assert len(draw(page).error) == 1 and "add" in page.query_params and not page.success
    assert not draw(page).error


def test_fetched_files_are_let_go_of_when_they_are_registered(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    page = fetch(GO)
    files = weakref.ref(page.session_state[FETCH_KEY].future.result())
    page.button(key="data_register").click()
    draw(page)
    gc.collect()
    assert files() is None and "data_last_draft" not in page.session_state


def test_a_fetch_stays_when_an_uploaded_file_is_registered(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    page = fetch(GO)
    page.button_group(key="data_add").set_value("upload")
    upload(draw(page), "train", "mine.csv", as_csv())
    page.button(key="data_register").click()
    assert "mine, version 1 is registered" in words(draw(page))
    assert page.session_state[FETCH_KEY].future.result().origin.repository == GO
    del page.query_params["dataset"]
    page.query_params["add"] = "hub"
    assert "320 texts" in words(draw(page)) and page.text_input(key=ADDRESS_KEY).value == GO
