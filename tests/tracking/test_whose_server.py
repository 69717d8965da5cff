"""The key goes to the user's own W&B server and to no other: not to one that a run's folder names, and not after a
redirect. Two real servers, the user's and a stranger's, and the real client."""

import base64
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from emocore.errors import ConfigError, RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.keys import confirm_wandb_server
from emocore.tracking.client import open_api
from emocore.tracking.history import HistoryReader
from emocore.tracking.sync import sync_run
from emocore.tracking.team import ProjectAddress, TeamProject
from emocore.tracking.wandb_read import LiveHistory
from tests.support.live_runs import carry_out, describe, queue_run, wait_for
from tests.support.records import write_raw, write_rows
from tests.support.tables import change_status, make_place
from tests.support.threads import at_once
from tests.support.wandb_children import API_KEY, Child, new_run, place_of
from tests.support.wandb_server import WandbServer

REFUSAL = "is not a W&B server that your key is for; if it is yours, set WANDB_BASE_URL to it"
PASSWORD = "hunter2"
NETRC_KEY, SETTINGS_KEY = "1" * 40, "2" * 40

pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """The user's own server; they have confirmed no other one."""
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings of one's own"))
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.base_url)
        yield server


@pytest.fixture
def strange() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


def place_at(server: WandbServer, **changes: Any) -> dict[str, Any]:
    place = make_place(url=f"{server.base_url}/team/p/runs/r", base_url=server.base_url, complete=True)
    return place | changes


def given_run(root: Path, place: dict[str, Any] | None, **settings: Any) -> RunFolder:
    """A finished run with one row, as another person may have made it."""
    root.mkdir(exist_ok=True)
    run = create_run(root, RunConfig(**settings))
    write_rows(run.metrics, [{"step": 1, "total_steps": 1, "epoch": 1.0, "seconds": 1.0, "train/loss": 0.5}])
    if place:
        write_raw(run, "wandb.json", place)
    change_status(run, RunStatus.FINISHED)
    return run


def keys_at(server: WandbServer) -> set[str]:
    """What came as authorization."""
    sent = [request.headers.get("Authorization", "") for request in server.requests]
    return {base64.b64decode(words.removeprefix("Basic ")).decode() for words in sent if words}


def test_to_look_at_a_run_sends_nothing_to_the_server_that_its_folder_names(
    own: WandbServer, strange: WandbServer, tmp_path: Path
) -> None:
    run = given_run(tmp_path, place_at(strange))
    history = HistoryReader().read(run)
    assert history.source == f"from the local file ({strange.base_url} {REFUSAL})"
    assert [row["step"] for row in history.rows] == [1]
    live = LiveHistory(run.wandb_place)
    wait_for(lambda: live.rows() or live.error, 20, "a refusal")
    assert live.error == f"{strange.base_url} {REFUSAL}; Emocore will try again"
    team = TeamProject(ProjectAddress("team", "p", strange.base_url))
    wait_for(lambda: team.runs() or team.error, 20, "a refusal")
    assert team.error == f"{strange.base_url} {REFUSAL}"
    with pytest.raises(ConfigError, match="is not a W&B server that your key is for"):
        open_api(strange.base_url, 5)
    time.sleep(1.5)  # whatever may be under way
    assert (strange.requests, own.requests) == ([], [])


def test_a_server_that_the_user_confirmed_is_asked(own: WandbServer, strange: WandbServer, tmp_path: Path) -> None:
    confirm_wandb_server(strange.base_url)
    history = HistoryReader().read(given_run(tmp_path, place_at(strange)))
    assert history.source == snapshot("from the local file (until W&B answers)")
    wait_for(lambda: keys_at(strange) == {f"api:{API_KEY}"}, 20, "a question")


@pytest.mark.parametrize("named_by", ["wandb.json", "config.json"])
def test_sync_sends_nothing_to_the_server_that_the_folder_names(
    own: WandbServer, strange: WandbServer, tmp_path: Path, named_by: str
) -> None:
    if named_by == "wandb.json":
        run = given_run(tmp_path, place_at(strange, mode="offline", complete=False))
    else:
        run = given_run(tmp_path, None, wandb_base_url=strange.base_url)
    with pytest.raises(RunError) as refusal:
        sync_run(run)
    assert str(refusal.value) == (f"run {run.id} was not sent to W&B: {strange.base_url} {REFUSAL}; then sync it again")
    assert strange.requests == []


@pytest.mark.parametrize("named_by", ["wandb.json", "config.json", "an address with a password"])
def test_a_run_is_offline_where_the_key_may_not_go_and_says_so(
    own: WandbServer,
    strange: WandbServer,
    tmp_path: Path,
    small_csv: Path,
    tiny_bert: Path,
    monkeypatch: pytest.MonkeyPatch,
    named_by: str,
) -> None:
    environment = {"WANDB_API_KEY": API_KEY, "WANDB_BASE_URL": own.base_url}
    environment["EMOCORE_SETTINGS"] = str(tmp_path / "settings of one's own")
    settings: dict[str, Any] = {"wandb_base_url": strange.base_url} if named_by == "config.json" else {}
    run = queue_run(tmp_path, small_csv, method="tfidf", base=str(tiny_bert), **settings)
    reason = f"{strange.base_url} {REFUSAL}"
    if named_by == "wandb.json":
        write_raw(run, "wandb.json", place_at(strange, complete=False))
    elif not settings:
        environment["WANDB_BASE_URL"] = own.base_url.replace("//", f"//ann:{PASSWORD}@")
        reason = "the address of the W&B server is not a plain http or https address"
    assert carry_out(run, prepare=f"import os; os.environ.update({environment})") == 0, describe(run)
    assert (strange.requests, own.requests) == ([], [])
    place = place_of(run)
    assert (place["mode"], place["complete"]) == ("offline", False)
    assert place["reason"].startswith(reason)
    assert f"W&B: offline because {reason}" in run.log.read_text(encoding="utf-8")
    assert list(run.path.glob("wandb/offline-run-*/*.wandb"))
    secrets = (PASSWORD.encode(), API_KEY.encode())
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert [path for path in files if any(secret in path.read_bytes() for secret in secrets)] == []


def test_settings_of_the_client_in_the_folder_and_keys_in_a_netrc_count_for_nothing(
    own: WandbServer, strange: WandbServer, tmp_path: Path, small_csv: Path, tiny_bert: Path
) -> None:
    run = queue_run(tmp_path, small_csv, method="tfidf", base=str(tiny_bert))
    words = f"[default]\nbase_url = {strange.base_url}\nhttp_proxy = {strange.base_url}\napi_key = {SETTINGS_KEY}\n"
    for name in ("wandb", ".wandb"):
        (run.path / name).mkdir()
        (run.path / name / "settings").write_text(words)
    netrc = tmp_path / ".netrc"
    netrc.touch(0o600)
    netrc.write_text(
        "".join(f"machine {host} login user password {NETRC_KEY}\n" for host in ("127.0.0.1", own.base_url[7:]))
    )
    environment = {"WANDB_API_KEY": API_KEY, "WANDB_BASE_URL": own.base_url, "HOME": str(tmp_path)}
    assert carry_out(run, prepare=f"import os; os.environ.update({environment})") == 0, describe(run)
    assert place_of(run)["complete"] is True
    assert (keys_at(own), strange.requests) == ({f"api:{API_KEY}"}, [])


def test_the_client_does_not_take_the_key_along_when_it_is_redirected(
    own: WandbServer, strange: WandbServer, start: Callable[..., Child], tmp_path: Path
) -> None:
    """The other server is on another port, of another name of the host or of the same."""
    running = start(new_run(tmp_path, own), WANDB_BASE_URL=own.base_url)
    for address in (strange.base_url.replace("127.0.0.1", "localhost"), strange.base_url):
        for status in (302, 307, 308):
            own.redirect(address, status)
            with pytest.raises(Exception, match="no API key"):
                open_api(own.base_url, 5).run("team/p/r1")
    own.redirect(strange.base_url, 307)
    beginning = start(new_run(tmp_path, own), WANDB_BASE_URL=own.base_url)
    at_once(*[partial(child.finish, "log 5", "end 0") for child in (running, beginning)])
    with pytest.raises(RunError, match="redirects to"):
        sync_run(given_run(tmp_path, None))
    for child in (running, beginning):
        assert "redirects to" in place_of(child.run)["reason"]
    assert {request.path.split("/")[1] for request in strange.requests} == {"graphql", "files"}, "it was followed"
    assert keys_at(strange) == set()
