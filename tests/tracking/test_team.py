"""Runs of a W&B project are found and read correctly, and others are left out with a reason."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.errors import ConfigError, RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.system.keys import confirm_wandb_server
from emocore.tracking.summary import flatten_run
from emocore.tracking.team import ProjectAddress, TeamListing, TeamProject, fetch_team_runs, parse_address
from tests.support.live_runs import wait_for
from tests.support.tables import finish_run
from tests.support.wandb_server import WandbServer
from tests.support.wandb_store import SUMMARY, StoredRun

TRUTH = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 1]])

pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.base_url)
        yield server


def finish(root: Path, labels: tuple[str, ...] = ("anger", "joy"), **settings: Any) -> RunFolder:
    truth, rows = TRUTH[:, : len(labels)], {"train": 9, "validation": 4}
    return finish_run(root, RunConfig(**settings), truth, truth * 2.0 - 1, labels, provenance={"rows": rows})


def store(
    server: WandbServer, run_id: str, config: dict[str, Any], summary: dict[str, Any], state: str = "finished"
) -> None:
    """A run on the server, as if a client had sent it."""
    stored = StoredRun(("team", "emotions", run_id), state=state)
    stored.attributes["config"] = json.dumps({name: {"value": value} for name, value in config.items()})
    stored.streams[SUMMARY] = [json.dumps(summary)]
    server.runs[stored.key] = stored


def send(server: WandbServer, run: RunFolder, summary: dict[str, Any]) -> TeamListing:
    """What is read of a project that holds nothing else than this run."""
    store(server, run.id, run.config.model_dump(), summary)
    return fetch_team_runs(f"{server.base_url}/team/emotions", timeout_seconds=20)


@pytest.fixture
def project(server: WandbServer, tmp_path: Path) -> tuple[str, list[RunFolder]]:
    """The address of a project with two runs that can be compared, the older first, and eight that cannot."""
    runs = [finish(tmp_path, method=method) for method in ("lora", "ia3")]
    for run in runs:
        store(server, run.id, run.config.model_dump(), flatten_run(run) | {"train/loss": 0.1})
    config, summary = runs[0].config.model_dump(), flatten_run(runs[0])
    store(server, "foreign-1", {"lr": 0.1}, {"loss": 1})
    store(server, "foreign-2", {}, {})
    store(server, "newer", config | {"a_setting_to_come": 1}, summary)
    store(server, "older", config, {"validation/f1_macro": 0.5})
    store(server, "damaged", config, summary | {"validation/multilabel/f1_macro": "high"})
    store(server, "labels", config, summary | {"provenance/labels": "anger"})
    store(server, "average", config, summary | {"validation/multilabel/per_emotion/joy/average_precision": "x"})
    store(server, "running", config, summary, state="running")
    return f"{server.base_url}/team/emotions", runs


def test_runs_are_read_back_as_they_were(server: WandbServer, project: tuple[str, list[RunFolder]]) -> None:
    address, (older, newer) = project
    listing = fetch_team_runs(address, timeout_seconds=20)
    assert [run.id for run in listing.runs] == [newer.id, older.id]
    for run, folder in zip(listing.runs, (newer, older), strict=True):
        assert run.config == folder.config
        assert run.scores == folder.scores
        assert (run.provenance.labels, run.provenance.rows["validation"]) == (["anger", "joy"], 4)
        assert run.url == f"{server.base_url}/team/emotions/runs/{folder.id}"
    assert server.unknown == []


@pytest.mark.parametrize(("method", "positive_weight"), [("lora", "none"), ("tfidf", "balanced")])
def test_a_run_from_before_configs_told_its_split_and_weights_has_those_of_then(
    server: WandbServer, tmp_path: Path, method: str, positive_weight: str
) -> None:
    run = finish(tmp_path)
    values = run.config.model_dump(exclude={"split_version", "loss", "positive_weight"}) | {"method": method}
    store(server, run.id, values, flatten_run(run))
    [found] = fetch_team_runs(f"{server.base_url}/team/emotions", timeout_seconds=20).runs
    then = {"method": method, "split_version": 1, "positive_weight": positive_weight}
    assert found.config == run.config.model_copy(update=then)


def test_what_cannot_be_compared_is_counted_with_its_reason(project: tuple[str, list[RunFolder]]) -> None:
    address, _ = project
    assert sorted(fetch_team_runs(address, timeout_seconds=20).left_out) == snapshot(
        [
            "1 run left out: settings of another version of Emocore",
            "2 runs left out: not by Emocore",
            "4 runs left out: no complete result in the summary",
        ]
    )


def test_of_a_large_project_only_the_newest_runs_are_read(
    project: tuple[str, list[RunFolder]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emocore.tracking.team.MOST_RUNS", 2)
    assert "7 runs left out: older than the newest 2" in fetch_team_runs(project[0], timeout_seconds=20).left_out


@pytest.mark.parametrize("place", ["labels", "scores"])
def test_an_emotion_whose_name_is_markup_reaches_no_chart(server: WandbServer, tmp_path: Path, place: str) -> None:
    run = finish(tmp_path)
    summary = flatten_run(run)
    bad = "<a href='https://example.org'>joy</a>"
    if place == "labels":
        summary["provenance/labels"] = ["anger", bad]
    else:
        summary = {name.replace("/joy/", f"/{bad}/"): value for name, value in summary.items()}
    listing = send(server, run, summary)
    assert listing.runs == []
    assert listing.left_out == snapshot(["1 run left out: an emotion with a < or > in its name"])


@pytest.mark.parametrize("seed", range(3))
def test_emotions_keep_the_order_of_the_labels_however_the_summary_is_sorted(
    server: WandbServer, tmp_path: Path, seed: int
) -> None:
    """The client writes the keys of a summary in another order each time."""
    run = finish(tmp_path, labels=("anger", "joy", "trust"))
    values = list(flatten_run(run).items())
    random.Random(seed).shuffle(values)
    [found] = send(server, run, dict(values)).runs
    assert list(found.scores.validation.multilabel.per_emotion) == ["anger", "joy", "trust"]
    assert found.scores == run.scores


@pytest.mark.parametrize("labels", [["anger"], ["anger", "joy", "trust"], ["anger", "joy", "joy"], ["anger", "fear"]])
def test_scores_of_other_emotions_than_the_labels_are_no_result(
    server: WandbServer, tmp_path: Path, labels: list[str]
) -> None:
    run = finish(tmp_path)
    listing = send(server, run, flatten_run(run) | {"provenance/labels": labels})
    assert (listing.runs, len(listing.left_out)) == ([], 1)
    assert "no complete result in the summary" in listing.left_out[0]


def test_costs_and_sizes_that_are_no_numbers_are_not_known(server: WandbServer, tmp_path: Path) -> None:
    run = finish(tmp_path)
    odd = {"cost/train_seconds": "long", "provenance/rows/validation": "many"}
    [found] = send(server, run, flatten_run(run) | odd).runs
    assert (found.scores.cost.train_seconds, found.scores.cost.adapter_bytes) == (None, 2_000)
    assert found.provenance.rows == {"train": 9}


@pytest.mark.parametrize(
    ("stored", "expected"), [({}, False), ({"shared_device": True}, True), ({"shared_device": 7}, False)]
)
def test_a_run_says_elsewhere_too_that_it_shared_its_device(
    server: WandbServer, tmp_path: Path, stored: dict[str, Any], expected: bool
) -> None:
    run = finish(tmp_path)
    summary = flatten_run(run)
    assert "shared_device" not in summary
    [found] = send(server, run, summary | stored).runs
    assert found.scores.shared_device == expected


def test_a_page_is_answered_at_once_and_the_runs_come_later(project: tuple[str, list[RunFolder]]) -> None:
    team = TeamProject(parse_address(project[0]))
    began = time.monotonic()
    assert (team.runs(), team.loading, team.error) == ([], True, None)
    assert time.monotonic() - began < 0.2
    assert len(wait_for(team.runs, 20, "the runs")) == 2
    assert not team.loading
    assert len(team.left_out) == 3


def test_a_project_is_asked_for_once_a_minute_at_most(
    server: WandbServer, project: tuple[str, list[RunFolder]]
) -> None:
    team = TeamProject(parse_address(project[0]))
    wait_for(team.runs, 20, "the runs")
    asked = len(server.requests)
    for _ in range(20):
        team.runs()
        time.sleep(0.02)
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda server: server.fail(401), "does not accept the key; check WANDB_API_KEY"),
        (lambda server: server.stop(), "could not be reached"),
    ],
    ids=["wrong key", "dead"],
)
def test_what_is_wrong_is_said(server: WandbServer, fault: Any, told: str) -> None:
    fault(server)
    team = TeamProject(ProjectAddress("team", "emotions", server.base_url))
    wait_for(lambda: team.runs() or team.error, 20, "an error")
    assert not team.loading
    assert team.error and told in team.error


def test_the_command_line_is_told_too(server: WandbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="the runs of team/nothing could not be read: there is no project team/nothing"):
        fetch_team_runs(f"{server.base_url}/team/nothing", timeout_seconds=20)
    server.stall(30)
    began = time.monotonic()
    with pytest.raises(RunError, match="does not answer in time"):
        fetch_team_runs(f"{server.base_url}/team/emotions", timeout_seconds=1)
    assert time.monotonic() - began < 5
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(RunError, match="WANDB_API_KEY is not set"):
        fetch_team_runs(f"{server.base_url}/other/emotions", timeout_seconds=20)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("team/emotions", ("team", "emotions", "https://api.wandb.ai")),
        (" team/my emotions ", ("team", "my emotions", "https://api.wandb.ai")),
        ("https://wandb.ai/team/emotions", ("team", "emotions", "https://api.wandb.ai")),
        ("https://forge.coreweave.com/wandb/team/emotions/runs/x", ("team", "emotions", "https://api.wandb.ai")),
        ("https://wandb.ai/team/emotions/runs/abc?nw=1", ("team", "emotions", "https://api.wandb.ai")),
        ("https://wandb.ai/team/my%20emotions/workspace", ("team", "my emotions", "https://api.wandb.ai")),
    ],
)
def test_a_project_is_named_by_its_path_or_its_page(text: str, address: tuple[str, str, str]) -> None:
    assert parse_address(text) == ProjectAddress(*address)


@pytest.mark.parametrize(
    "text",
    [
        "team/emotions",
        "http://wandb.example.org:8080/team/emotions/",
        "HTTP://WANDB.example.org:8080/team/emotions/runs/abc?nw=1",
    ],
)
def test_a_server_of_ones_own_is_known_by_its_setting(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.example.org:8080/")
    assert parse_address(text) == ProjectAddress("team", "emotions", "http://wandb.example.org:8080")


def test_a_server_that_was_confirmed_and_the_public_one_stay_known_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.example.org:8080/prefix")
    confirm_wandb_server("https://other.example.org/")
    assert parse_address("http://wandb.example.org:8080/team/p").base_url == "http://wandb.example.org:8080/prefix"
    assert parse_address("https://other.example.org/team/p").base_url == "https://other.example.org"
    assert parse_address("https://wandb.ai/team/p").base_url == "https://api.wandb.ai"


@pytest.mark.parametrize("own", [None, "http://wandb.example.org"])
def test_a_link_cannot_send_the_key_to_another_server(own: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if own:
        monkeypatch.setenv("WANDB_BASE_URL", own)
    for page in (
        "http://127.0.0.1:8080", "https://wandb.ai.example.com", "http://wandb.ai", "https://wandb.ai:8443",
        "https://wandb.example.org", "http://wandb.example.org:8080",
    ):  # fmt: skip
        with pytest.raises(ConfigError, match="is not a W&B server that your key is for"):
            parse_address(f"{page}/team/emotions")
    for page in ("https://wandb.ai@example.com", "http://ann:hunter2@wandb.example.org"):
        with pytest.raises(ConfigError, match="is not a plain http or https address") as refusal:
            parse_address(f"{page}/team/emotions")
        assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["", "emotions", "a/b/c", "https://wandb.ai/team", "ftp://host/team/x", "../etc/passwd", "a/<b>", "http://[a/b/c"],
)
def test_what_is_no_project_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a W&B project; write entity/project"):
        parse_address(text)
