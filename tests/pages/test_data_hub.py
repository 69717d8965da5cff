"""The import from the Hugging Face Hub on the Data page: what is fetched, shown, corrected and registered."""

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest
from huggingface_hub import constants

from emocore.data.hub.importing import read_from_hub
from emocore.data.registry.store import datasets_root, list_datasets
from emocore.errors import DataError
from pages.data import fetching, jobs
from pages.data.hub import ADDRESS_KEY, EXAMPLES, FETCH_KEY
from tests.support.data_page import control, fields, shown, upload
from tests.support.hub_datasets import brighter, go_emotions, sem_eval, to_stored_parquet
from tests.support.hub_page import GO, SECONDS, ask, fetch, settle
from tests.support.hub_server import HubServer, Reply
from tests.support.pages import draw, labels, open_page, words
from tests.support.tables import LABELS, make_table

pytestmark = pytest.mark.usefixtures("launch_folders")
BRIGHTER = "brighter-dataset/BRIGHTER-emotion-categories"
SEM_EVAL = "SemEvalWorkshop/sem_eval_2018_task_1"


def register(page: Any) -> Any:
    page.button(key="data_register").click()
    draw(page)
    return list_datasets(datasets_root())[-1].manifest


@pytest.fixture
def gate(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The Hub sends no parquet file before this is set."""
    is_open, answer = threading.Event(), hub.answer

    def wait_and_answer(method: str, path: str, authorization: str | None) -> Reply:
        if method == "GET" and path.endswith(".parquet"):
            is_open.wait(SECONDS)
        return answer(method, path, authorization)

    monkeypatch.setattr(hub, "answer", wait_and_answer)
    return is_open


def test_nothing_is_asked_before_a_dataset_is_named(hub: HubServer) -> None:
    page = open_page("data", add="hub")
    assert "Name a dataset, and fetch it" in words(page) and fields(page) == set()
    page.button(key="data_hub_start").click()
    assert "Name a dataset, and fetch it" in words(draw(page))
    assert hub.requests == [] and page.query_params["add"] == "hub"


def test_a_dataset_is_fetched_and_registered_as_by_the_command_line(hub: HubServer) -> None:
    commit = hub.add(GO, go_emotions())
    page = fetch(f"{GO}/simplified")
    assert f"{GO}, config simplified, commit {commit[:12]}: 3 files" in words(page)
    assert "320 texts: 200 train, 60 validation, 60 test" in words(page) and "anger, joy, fear and trust" in words(page)
    assert shown(page, "label_column") == "labels (guessed)" and shown(page, "file_format") == "parquet (guessed)"
    assert page.text_input(key=licence_key(page)).placeholder == "apache-2.0 (from the Hub)"
    manifest, expected = register(page), read_from_hub(GO, "simplified")
    assert (manifest.name, manifest.licence, manifest.hub) == ("go_emotions-simplified", "apache-2.0", expected.hub)
    assert (manifest.sources, manifest.wishes) == (expected.sources, expected.wishes)
    assert manifest.hub.revision == commit
    assert manifest.rows == {"train": 200, "validation": 60, "test": 60} and "is registered" in words(page)
    assert FETCH_KEY not in page.session_state, "the files are let go of"


def licence_key(page: Any) -> str:
    [key] = [str(one.key) for one in page.text_input if str(one.key).endswith("_licence")]
    return key


def test_the_three_examples_can_be_fetched(hub: HubServer) -> None:
    own, converted = sem_eval()
    for name, files in ((GO, go_emotions()), (BRIGHTER, brighter()), (SEM_EVAL, own)):
        hub.add(name, files)
    hub.add(SEM_EVAL, converted, branch="refs/convert/parquet")
    for example in EXAMPLES:
        page = open_page("data", add="hub")
        page.button_group(key="data_hub_example").set_value(example)
        page = draw(page)
        assert page.text_input(key=ADDRESS_KEY).value == example
        page.button(key="data_hub_start").click()
        page = settle(draw(page))
        assert "320 texts" in words(page) and not page.error and "Examples" not in labels(page)
    assert "read from the files that the Hub converted to parquet" in words(page)


def test_how_it_is_read_can_be_corrected_without_fetching_again(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    page = fetch(f"hub:{GO}/raw")
    asked = len(hub.requests)
    control(page, "labels").set_value(["joy", "fear"])
    assert "2 labels: joy and fear" in words(draw(page))
    manifest = register(page)
    assert manifest.wishes.labels == ("joy", "fear") and manifest.name == "go_emotions-raw"
    assert len(hub.requests) == asked


def test_a_file_can_give_other_names_to_the_numbers(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    page = upload(fetch(GO), "names", "names.txt", b"rage\nglee\ndread\nfaith")
    assert "rage, glee, dread and faith" in words(page)
    assert register(page).wishes.label_names == ("rage", "glee", "dread", "faith")


def test_a_revision_is_fetched_after_newer_ones(hub: HubServer) -> None:
    first = hub.add(GO, go_emotions())
    hub.add(GO, {"data/train-0.parquet": to_stored_parquet(make_table(100))})
    page = fetch(GO)
    assert "100 texts" in words(page)
    page = fetch(GO, first, page)
    assert "320 texts" in words(page) and register(page).hub.revision == first


def test_one_of_several_configs_can_be_chosen(hub: HubServer) -> None:
    hub.add(BRIGHTER, brighter())
    page = fetch(BRIGHTER)
    assert f"{BRIGHTER}: it has 2 configs, so choose one" in words(page) and "hub:" not in words(page)
    box = page.selectbox(key="data_hub_config")
    assert box.options == ["eng", "zul"] and not page.error
    box.set_value("eng")
    page = settle(draw(page))
    assert page.text_input(key=ADDRESS_KEY).value == f"{BRIGHTER}/eng"
    assert "320 texts" in words(page) and register(page).hub.config == "eng"
    page = fetch(f"{BRIGHTER}/deu")
    assert "no config 'deu'" in words(page) and page.selectbox(key="data_hub_config").options == ["eng", "zul"]


@pytest.mark.parametrize(
    "typed",
    [
        f"https://huggingface.co/datasets/{GO}",
        f" http://www.huggingface.co/datasets/{GO}/?library=datasets#files ",
        f"huggingface.co/datasets/{GO}/",
        f"hub:{GO}",
        f"datasets/{GO}/",
        f"https://hf.co/datasets/{GO}/simplified/",
    ],
)
def test_the_address_of_a_page_on_the_hub_names_its_dataset(hub: HubServer, typed: str) -> None:
    hub.add(GO, go_emotions())
    page = fetch(typed)
    assert "320 texts" in words(page)
    assert page.text_input(key=ADDRESS_KEY).value == (f"{GO}/simplified" if "simplified" in typed else GO)


def test_what_was_typed_for_a_dataset_does_not_go_over_to_a_copy(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    hub.add("me/mirror", go_emotions())
    page = fetch(f"{GO}/simplified")
    page.text_input(key=licence_key(page)).set_value("as agreed with the authors")
    page = fetch("me/mirror/simplified", page=draw(page))
    assert page.text_input(key=licence_key(page)).value == ""
    assert register(page).name == "mirror-simplified"


@pytest.mark.parametrize("address", [GO, "a b/c", "owner/name/config"])
def test_without_a_network_the_page_says_what_the_command_line_says(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    hub.add(GO, go_emotions())
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    page = fetch(address)
    [error] = page.error
    assert "Traceback" not in error.value and fields(page) == set() and not list_datasets(datasets_root())
    if address == "a b/c":
        assert "a b/c: not the name of a dataset on the Hugging Face Hub; write OWNER/DATASET or" in words(page)
        assert "hub:" not in words(page)
        return
    name = "/".join(address.split("/")[:2])
    with pytest.raises(DataError) as caught:
        read_from_hub(name)
    assert caught.value.message in words(page)
    assert "check the network, or download its parquet files where there is a connection, and add them as" in words(
        page
    )


def test_an_error_that_nobody_expects_is_one_sentence(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the client has been closed\nsecond line")

    monkeypatch.setattr(fetching, "fetch_from_hub", fail)
    assert f"{GO} could not be fetched (RuntimeError: the client has been closed); try again" in words(fetch(GO))


def test_the_page_shows_how_far_a_fetch_is_and_is_not_held_up(hub: HubServer, gate: threading.Event) -> None:
    hub.add(GO, go_emotions())
    begin = time.monotonic()
    page = ask(open_page("data", add="hub"), GO)
    assert time.monotonic() - begin < 3 and "Stop" in labels(page)
    running = page.session_state[FETCH_KEY]
    until(lambda: running.transfer is not None)
    assert running.describe().startswith("Fetching file 1 of 3: 0 B of ") and running.describe().endswith("so far")
    gate.set()
    page = settle(page)
    assert "320 texts" in words(page) and "Stop" not in labels(page)


def test_a_fetch_can_be_stopped(hub: HubServer, gate: threading.Event) -> None:
    hub.add(GO, go_emotions())
    page = ask(open_page("data", add="hub"), GO)
    stopped = page.session_state[FETCH_KEY]
    page.button(key="data_hub_stop").click()
    assert "Name a dataset, and fetch it" in words(draw(page)) and not page.error
    gate.set()
    until(stopped.future.done)
    assert len(hub.fetched()) == 1, "no further file is asked for"
    assert "320 texts" in words(fetch(GO, page=page))


def test_a_fetch_stops_when_its_session_is_gone(hub: HubServer, gate: threading.Event) -> None:
    hub.add(GO, go_emotions())
    page = ask(open_page("data", add="hub"), GO)
    future = page.session_state[FETCH_KEY].future
    del page
    gc.collect()
    gate.set()
    until(future.done)
    assert isinstance(future.exception(), CancelledError) and len(hub.fetched()) == 1


def test_another_fetch_takes_the_place_of_one_that_runs(hub: HubServer, gate: threading.Event) -> None:
    hub.add(GO, go_emotions())
    hub.add("owner/small", {"train.parquet": to_stored_parquet(make_table(100))})
    page = ask(open_page("data", add="hub"), GO)
    first = page.session_state[FETCH_KEY]
    page = ask(page, "owner/small")
    gate.set()
    page = settle(page)
    assert "100 texts" in words(page) and page.text_input(key=ADDRESS_KEY).value == "owner/small"
    until(first.future.done)
    assert first.future.exception() and "100 texts" in words(draw(page))


def test_what_was_fetched_is_there_after_another_way_was_looked_at(hub: HubServer) -> None:
    hub.add(GO, go_emotions())
    page = fetch(GO)
    page.button_group(key="data_add").set_value("upload")
    assert "Choose a file first" in words(draw(page)) and fields(page) == set()
    page.button_group(key="data_add").set_value("hub")
    assert "320 texts" in words(draw(page)) and page.text_input(key=ADDRESS_KEY).value == GO


def test_files_that_cannot_be_read_are_told_with_their_cells(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LARGE_BYTES", 100)
    hub.add(GO, {"train.parquet": to_stored_parquet(make_table().assign(joy=0.4))})
    page = fetch(GO)
    until(lambda: bool(draw(page).error))
    assert "train.parquet, row 1, column 'joy': '0.4' where a label is 0 or 1" in words(page)
    assert "data_register" not in [button.key for button in page.button]
    control(page, "labels").set_value([label for label in LABELS if label != "joy"])
    until(lambda: "data_register" in [button.key for button in draw(page).button])


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
