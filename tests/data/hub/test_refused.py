"""Datasets of the Hub that cannot be read: each reason has its own message, within seconds."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _http as hub_http
from inline_snapshot import snapshot

from emocore.data.hub import fetch, layout, repository
from emocore.data.hub.address import HubAddress, read_address
from emocore.data.hub.importing import read_from_hub
from emocore.data.registry.store import datasets_root
from emocore.errors import DataError
from tests.support.hub_datasets import brighter, go_emotions, sem_eval, to_stored_parquet
from tests.support.hub_server import TOKEN, HubServer, Reply
from tests.support.tables import make_table

ID = "owner/name"


def refuse(*place: str | None) -> str:
    with pytest.raises(DataError) as caught:
        read_from_hub(*(place or (ID,)))  # type: ignore[arg-type]
    assert not datasets_root().exists()
    return str(caught.value)


@pytest.fixture
def told(hub: HubServer) -> Callable[..., str]:
    """The message for a dataset, without the address of the server."""

    def tell(*place: str | None) -> str:
        return refuse(*place).replace(hub.address, "HUB")

    return tell


def test_a_wrong_name(hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("owner/other", go_emotions())
    assert told() == snapshot(
        "owner/name: HUB has no such dataset that everybody may read; check the name or, if it is private, set "
        "HF_TOKEN to a token that may read it"
    )
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert told() == snapshot(
        "owner/name: HUB has no such dataset that the token in use may read; check the name, or the rights of the token"
    )


def test_a_name_that_none_can_have(told: Callable[..., str]) -> None:
    assert told("a--b/c").startswith(
        "a--b/c: no dataset on the Hugging Face Hub can have this name; write hub:OWNER/DATASET"
    )


def test_a_private_dataset(hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add(ID, go_emotions(), access="private")
    assert "if it is private, set HF_TOKEN to a token that may read it" in told()
    monkeypatch.setenv("HF_TOKEN", "hf_ofSomebodyElse")
    assert told() == snapshot(
        "owner/name: HUB does not accept the token in use; set HF_TOKEN to a valid one, or unset it"
    )
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert read_from_hub(ID).tables["train"].labels
    assert {authorization for *_, authorization in hub.requests[-3:]} == {f"Bearer {TOKEN}"}


def test_a_gated_dataset(hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add(ID, go_emotions(), access="gated")
    assert told() == snapshot(
        "owner/name is gated: accept its terms at HUB/datasets/owner/name, then set HF_TOKEN to a token of that "
        "account and try again"
    )
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert read_from_hub(ID).tables["train"].labels


def test_a_token_for_another_hub_is_not_sent(
    hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, go_emotions(), access="private")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert told() == snapshot(
        "owner/name: HUB has no such dataset that everybody may read; check the name or, if it is private, set "
        "HF_TOKEN to a token that may read it (HF_TOKEN was not sent to HUB: it goes only to the Hub of "
        "HF_ENDPOINT and to the public one)"
    )
    assert {authorization for *_, authorization in hub.requests} == {None}


def test_a_revision_that_is_not_there(hub: HubServer, told: Callable[..., str]) -> None:
    hub.add(ID, go_emotions())
    assert told(ID, None, "v9") == snapshot("owner/name: no revision 'v9'; name a branch, tag or commit of the dataset")


def test_a_config_has_to_be_named(hub: HubServer, told: Callable[..., str]) -> None:
    hub.add(ID, brighter())
    assert told() == snapshot(
        "owner/name: it has 2 configs, so choose one; for example hub:owner/name/eng for the first of eng and zul"
    )
    assert told(ID, "deu") == snapshot("owner/name: no config 'deu'; it has eng and zul")
    assert told(ID, "zul") == snapshot(
        "owner/name, config zul: no split for training among dev and test; choose another config, or download the "
        "files, and name the one to train on"
    )


def test_a_script_without_a_conversion(hub: HubServer, told: Callable[..., str]) -> None:
    own, _ = sem_eval()
    commit = hub.add("owner/sem_eval_2018_task_1", own)
    assert told("owner/sem_eval_2018_task_1") == snapshot(
        "owner/sem_eval_2018_task_1: its rows are made by a script, which is not run, and the Hub has not "
        "converted it to parquet; write it as a file of texts and labels, and add that"
    )
    assert told("owner/sem_eval_2018_task_1", None, commit).replace(commit, "COMMIT") == snapshot(
        "owner/sem_eval_2018_task_1, revision COMMIT: its rows are made by a script, which is not run; leave the "
        "revision out to read what the Hub converted to parquet"
    )
    hub.add(ID, {"a.csv": b"text,joy\n", "README.md": b"# Mine\n"})
    assert told() == snapshot(
        "owner/name: its data files are not parquet, and the Hub has not converted it to parquet; write it as a file "
        "of texts and labels, and add that"
    )


def test_a_conversion_of_a_part(hub: HubServer, told: Callable[..., str]) -> None:
    content = to_stored_parquet(make_table())
    hub.add(ID, {"a.csv": b""})
    hub.add(ID, {"default/partial-train/0000.parquet": content}, branch="refs/convert/parquet")
    assert told() == snapshot(
        "owner/name, config default: the Hub converted only a part of partial-train to parquet; convert the "
        "dataset yourself, and add its files"
    )


def test_files_of_other_forms_next_to_parquet_are_left_to_the_conversion(
    hub: HubServer, told: Callable[..., str]
) -> None:
    hub.add(ID, {"train.csv": b"", "test.csv": b"", "more/other.parquet": b""})
    assert "its data files are not parquet, and the Hub has not converted it" in told()
    content = to_stored_parquet(make_table())
    hub.add(ID, {"default/train/0000.parquet": content}, branch="refs/convert/parquet")
    assert read_from_hub(ID).tables["train"].frame["text"].str.startswith("message").all()


def test_two_splits_for_the_same_use(hub: HubServer, told: Callable[..., str]) -> None:
    content = to_stored_parquet(make_table())
    hub.add(ID, {f"data/{split}-00000-of-00001.parquet": content for split in ("train", "dev", "val")})
    assert told() == snapshot(
        "owner/name, config default: dev and val are splits for the same use, validation; download the files, and add "
        "the right one of these as the validation file"
    )


@pytest.mark.parametrize(
    "path", ["/etc/*.parquet", "~/a.parquet", "../a.parquet", "http://127.0.0.1:1/a.parquet", "zip://a::b.parquet"]
)
def test_a_card_that_names_files_elsewhere(hub: HubServer, told: Callable[..., str], path: str) -> None:
    card = f"---\nconfigs:\n- config_name: a\n  data_files:\n  - split: train\n    path:\n    - '{path}'\n---\n"
    hub.add(ID, {"README.md": card.encode(), "a.parquet": to_stored_parquet(make_table())})
    assert "its card names data files outside of the dataset" in told()


@pytest.mark.parametrize(
    "card", ["configs: nonsense", "configs:\n- data_files: a", "configs:\n- config_name: a\n  data_files: b-*"]
)
def test_a_card_that_makes_no_sense(hub: HubServer, told: Callable[..., str], card: str) -> None:
    hub.add(ID, {"README.md": f"---\n{card}\n---\n".encode(), "a.parquet": to_stored_parquet(make_table())})
    message = told()
    assert message.startswith("owner/name: its card and the names of its files do not tell its configs (")
    assert "/tmp" not in message


def test_names_that_lead_out_of_the_dataset_are_none_of_its_files(hub: HubServer, told: Callable[..., str]) -> None:
    hub.add(ID, dict.fromkeys(("../train.parquet", "/train.parquet", "a/../../train.parquet"), b"PAR1"))
    assert "its data files are not parquet" in told()
    assert hub.fetched() == []


def test_too_much_is_not_even_fetched(
    hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, {f"train-{number}.parquet": b"x" * 600 for number in range(2)})
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "MOST_DATA_BYTES", 1000)
        assert told() == snapshot(
            "owner/name: train-0.parquet and the rest of its split (2 files) have 1.2 kB; at most 1.0 kB are read, so "
            "choose another config, or download what you need, and add it as a file"
        )
    hub.add("owner/other", {"train.parquet": b"x" * 1200})
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "MOST_DATA_BYTES", 1000)
        assert told("owner/other").startswith("owner/other: train.parquet has 1.2 kB; at most 1.0 kB are read")
    monkeypatch.setattr(layout, "MOST_FILES", 1)
    assert "2 data files; at most 1 are looked through" in told()
    assert hub.fetched() == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"id": "a/b", "sha": "main", "siblings": [{}]}'])
def test_an_answer_that_is_not_of_a_hub(hub: HubServer, told: Callable[..., str], body: bytes) -> None:
    hub.reply = Reply(200, body)
    assert "the answer of HUB is not that of a Hub; check HF_ENDPOINT" in told()


def test_a_hub_with_a_problem(hub: HubServer, told: Callable[..., str]) -> None:
    hub.reply = Reply(503, b"")
    assert told() == snapshot(
        "owner/name: HUB answers with the error 503; try again later, or download its parquet files where there is"
        " a connection, and add them as files"
    )
    hub.reply = Reply(403, b"")
    assert told() == snapshot(
        "owner/name: HUB does not let you read it; set HF_TOKEN to a token that may read it, or find out what"
        " forbids it on the way there"
    )


def test_no_connection(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    begin = time.monotonic()
    assert refuse() == snapshot(
        "owner/name: http://127.0.0.1:9 cannot be reached ([Errno 111] Connection refused); check the network, or "
        "download its parquet files where there is a connection, and add them as files; for example `python -m "
        "emocore data add NAME train.parquet --validation dev.parquet --test test.parquet`"
    )
    assert time.monotonic() - begin < 2


def test_a_server_that_does_not_answer(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "PATIENCE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begin = time.monotonic()
        assert "cannot be reached (timed out)" in refuse()
    assert time.monotonic() - begin < 2


def test_the_connection_is_lost_between_two_files(
    hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, go_emotions())
    monkeypatch.setattr(hub_http, "time", SimpleNamespace(sleep=lambda seconds: None))  # huggingface_hub tries again
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/{revision}/{filename}")
    assert "HUB cannot be reached" in told()


def test_offline_mode(hub: HubServer, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert told() == snapshot(
        "owner/name: HF_HUB_OFFLINE forbids asking the Hugging Face Hub; unset it, or download its parquet files "
        "where there is a connection, and add them as files; for example `python -m emocore data add NAME "
        "train.parquet --validation dev.parquet --test test.parquet`"
    )


def test_the_cache_cannot_be_written(
    hub: HubServer, told: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, go_emotions())
    (tmp_path / "file").touch()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    assert told() == snapshot(
        "owner/name: its files cannot be stored (Not a directory); free space, or name another folder in HF_HOME"
    )


def test_names_of_datasets() -> None:
    assert read_address("hub:go_emotions") == HubAddress("go_emotions", None)
    assert read_address("hub:a-b/c.d") == HubAddress("a-b/c.d", None)
    assert read_address("hub:a/b/subtask5.english") == HubAddress("a/b", "subtask5.english")
    for wrong in ("hub:", "hub:a/", "hub:/a", "hub:a/b/", "hub:../a", "hub:a b/c", "hub:http://a/b"):
        with pytest.raises(DataError, match="write hub:OWNER/DATASET or hub:OWNER/DATASET/CONFIG"):
            read_address(wrong)
