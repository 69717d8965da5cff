"""Logging to Weights & Biases with the real client: online, offline by choice or without a key, and resumed.

A server that is not what it should be is in `test_outages`.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from emocore.run.folder import RunFolder
from emocore.run.result import RunScores
from emocore.run.state import RunStatus
from emocore.system.keys import confirm_wandb_server
from emocore.tracking.client import open_api
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.remote import merge_rows
from emocore.tracking.summary import unflatten_provenance, unflatten_result
from tests.support.live_runs import FINISHED_RUNS, carry_out, describe, queue_run, wait_for
from tests.support.tables import make_place
from tests.support.threads import at_once
from tests.support.wandb_children import API_KEY, Child, assert_no_key, children, new_run, place_of, rows_of
from tests.support.wandb_server import WandbServer

Start = Callable[..., Child]


def test_offline_is_what_a_run_without_a_key_is(finished_runs: dict[str, RunFolder]) -> None:
    for name in FINISHED_RUNS:
        run = finished_runs[name]
        place = place_of(run)
        assert (place["mode"], place["reason"], place["url"], place["id"]) == ("offline", None, None, run.id)
        assert place["complete"] is False
        assert list(run.path.glob("wandb/offline-run-*/*.wandb")), "what `wandb sync` would send"


@pytest.fixture(scope="module")
def online(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path
) -> Iterator[dict[str, tuple[RunFolder, WandbServer]]]:
    """Two trainings, each with a server of its own: a good one and one that fails."""
    changes: dict[str, dict[str, Any]] = {
        "good": {"study": "first study", "wandb_project": "emotions"},
        "failed": {"target_modules": ["no_such_layer"]},
    }
    root, found = tmp_path_factory.mktemp("online"), {}
    with contextlib.ExitStack() as stack:
        for name, settings in changes.items():
            server = stack.enter_context(WandbServer())
            confirm_wandb_server(server.base_url)
            run = queue_run(root, small_csv, base=str(tiny_bert), wandb_base_url=server.base_url, **settings)
            carry_out(run, prepare=f"os.environ['WANDB_API_KEY'] = '{API_KEY}'")
            found[name] = run, server
        yield found


def test_a_training_is_online_from_its_first_row_to_its_end(
    online: dict[str, tuple[RunFolder, WandbServer]],
) -> None:
    run, server = online["good"]
    assert run.state.status == RunStatus.FINISHED, describe(run)
    assert list(server.runs) == [("team", "emotions", run.id)]
    stored = server.runs["team", "emotions", run.id]
    assert (stored.state, stored.exit_code) == ("finished", 0)
    assert stored.attributes["groupName"] == "first study"
    assert stored.config == run.config.model_dump()
    local = read_metrics(run.metrics)
    assert rows_of(stored) == [row | {"train/global_step": row["step"]} for row in local]
    assert any("validation/f1_macro" in row for row in rows_of(stored))
    url = f"{server.base_url}/team/emotions/runs/{run.id}"
    assert place_of(run) == make_place(project="emotions", id=run.id, url=url, base_url=server.base_url, complete=True)
    assert_no_key(run)
    assert API_KEY not in "".join(request.body for request in server.requests)
    assert server.unknown == []


def test_result_and_provenance_can_be_read_back_from_the_summary(
    online: dict[str, tuple[RunFolder, WandbServer]],
) -> None:
    run, server = online["good"]
    summary = server.runs["team", "emotions", run.id].summary
    assert RunScores.model_validate(unflatten_result(summary)) == run.scores
    there = unflatten_provenance(summary)
    assert run.provenance and there == run.provenance.model_dump(include=set(there))
    assert {"split_sha256", "data_sha256", "rows", "labels", "device", "precision", "packages"} <= set(there)


def test_a_failed_run_is_failed_there_too(online: dict[str, tuple[RunFolder, WandbServer]]) -> None:
    run, server = online["failed"]
    assert run.state.status == RunStatus.FAILED
    [stored] = server.runs.values()
    assert (stored.state, stored.exit_code) == ("failed", 1)
    assert place_of(run)["complete"] is True
    assert_no_key(run)


def test_a_running_run_is_not_complete(server: WandbServer, child: Child) -> None:
    child.tell("log 5")
    [stored] = server.runs.values()
    wait_for(lambda: len(stored.history) == 6, 15, "the rows to arrive while the run goes on")
    assert (stored.state, place_of(child.run)["complete"]) == ("running", False)


@pytest.mark.parametrize(
    ("mode", "key", "reason"), [("offline", API_KEY, None), ("online", None, "WANDB_API_KEY is not set")]
)
def test_offline_nothing_is_sent(
    server: WandbServer, start: Start, tmp_path: Path, mode: str, key: str | None, reason: str | None
) -> None:
    child = start(new_run(tmp_path, server, wandb_mode=mode), key=key)
    assert child.seconds_to_begin < 10
    assert child.tell("end 0") < 5
    child.finish()
    assert server.requests == []
    place = place_of(child.run)
    assert (place["mode"], place["reason"], place["complete"]) == ("offline", reason, False)


@pytest.mark.parametrize("name", ["wandb", ".wandb"])
def test_the_client_writes_nothing_behind_a_link_out_of_the_run(
    server: WandbServer, start: Start, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    run = new_run(tmp_path, server, wandb_mode="offline")
    (run.path / name).symlink_to(outside)
    start(run).finish("end 0")
    assert list(outside.iterdir()) == []
    assert "no offline copy in W&B's own format" in run.log.read_text(encoding="utf-8")


def test_a_run_does_not_share_the_client_of_the_app_that_started_it(
    server: WandbServer, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client hands the address of its helper process on to children; closing the app would end it for them."""
    import wandb

    monkeypatch.setenv("WANDB_API_KEY", API_KEY)
    wandb.teardown()
    open_api(server.base_url, 10)
    inherited = os.environ["WANDB_SERVICE"]
    child = start(new_run(tmp_path, server), WANDB_SERVICE=inherited)
    helpers = [process.name() for process in psutil.Process(child.process.pid).children(recursive=True)]
    assert "wandb-core" in helpers


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[RunFolder, WandbServer]]]:
    """Runs of 20 steps killed after step 12 and resumed from step 10, by where the two attempts logged to."""
    root = tmp_path_factory.mktemp("resumed")

    def carry_out(start: Start, server: WandbServer, first: str, then: str) -> tuple[RunFolder, WandbServer]:
        if first == "offline":
            server.fail(401)
        child = start(new_run(root, server))
        child.tell("log 12")
        if first == "online":
            [stored] = server.runs.values()
            wait_for(lambda: len(stored.history) == 14, 20, "the rows of the first attempt")
        child.end()
        server.recover()
        if then == "offline":
            server.fail(401)
        start(child.run, 10).finish("log 10", "end 0")
        return child.run, server

    with contextlib.ExitStack() as stack:
        start = stack.enter_context(children())
        names = ("online, then online", "online, then offline", "offline, then online")
        servers = [stack.enter_context(WandbServer()) for _ in names]
        pairs = zip(names, servers, strict=True)
        calls = [partial(carry_out, start, server, *name.split(", then ")) for name, server in pairs]
        yield dict(zip(names, at_once(*calls), strict=True))


def test_a_resumed_run_goes_on_in_the_same_w_and_b_run(resumed: dict[str, tuple[RunFolder, WandbServer]]) -> None:
    run, server = resumed["online, then online"]
    [stored] = server.runs.values()
    assert (stored.key[2], stored.state) == (run.id, "finished")
    assert len(stored.history) == 14 + 12, "steps 11 and 12 are there twice"
    assert [row["_step"] for row in stored.history] == list(range(26))
    assert merge_rows(stored.history) == merge_rows(read_metrics(run.metrics))
    assert place_of(run)["complete"] is True


def test_a_resumed_run_that_is_offline_keeps_its_address(resumed: dict[str, tuple[RunFolder, WandbServer]]) -> None:
    run, server = resumed["online, then offline"]
    place = place_of(run)
    assert (place["mode"], place["complete"], place["entity"]) == ("offline", False, "team")
    assert place["url"] == f"{server.base_url}/team/emocore/runs/{run.id}"
    assert place["base_url"] == server.base_url
    assert "does not accept the key" in place["reason"]


def test_what_an_earlier_attempt_could_not_send_is_not_forgotten(
    resumed: dict[str, tuple[RunFolder, WandbServer]],
) -> None:
    run, server = resumed["offline, then online"]
    [stored] = server.runs.values()
    assert [row["train/global_step"] for row in stored.history if "train/loss" in row] == list(range(11, 21))
    assert read_metrics(run.metrics)[0]["step"] == 1
    place = place_of(run)
    assert (place["mode"], place["complete"]) == ("online", False)
    assert "has not received everything" in place["reason"]


def test_a_resumed_run_stays_where_it_is_although_the_environment_names_another_place(
    server: WandbServer, start: Start, tmp_path: Path
) -> None:
    with WandbServer() as other:
        run = new_run(tmp_path, server, wandb_base_url=None)
        start(run, WANDB_BASE_URL=server.base_url, WANDB_ENTITY="first").finish("log 5", "end 1")
        before = place_of(run)
        start(run, 5, WANDB_BASE_URL=other.base_url, WANDB_ENTITY="second").finish("log 5", "end 0")
        assert other.requests == []
    [stored] = server.runs.values()
    assert (stored.key, stored.state) == (("first", "emocore", run.id), "finished")
    assert merge_rows(stored.history) == merge_rows(read_metrics(run.metrics))
    assert place_of(run) == before


@pytest.mark.parametrize("content", ["{", '{"mode": "online"}'])
def test_a_damaged_note_of_the_earlier_attempt_does_not_keep_a_run_from_going_on(
    server: WandbServer, start: Start, tmp_path: Path, content: str
) -> None:
    run = new_run(tmp_path, server, wandb_mode="offline")
    (run.path / "wandb.json").write_text(content)
    start(run, key=None).finish("end 0")
    assert (place_of(run)["mode"], place_of(run)["entity"]) == ("offline", None)
    assert "wandb.json is damaged" in run.log.read_text(encoding="utf-8")
