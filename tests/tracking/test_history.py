"""Curves come from W&B if a run is online there, otherwise from the file, and always say from which."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.tracking.history import HistoryReader
from emocore.tracking.metrics_file import read_metrics
from tests.support.live_runs import wait_for
from tests.support.records import write_raw, write_rows
from tests.support.tables import change_status, make_place
from tests.support.wandb_children import API_KEY, children, new_run, place_of
from tests.support.wandb_server import WandbServer

ROWS = [
    {"step": step, "total_steps": 3, "epoch": step / 3, "seconds": 1.0 * step, "train/loss": 1 / step}
    for step in (1, 2, 3)
]


def write_run(root: Path, place: dict[str, Any], **settings: Any) -> RunFolder:
    root.mkdir(exist_ok=True)
    run = create_run(root, RunConfig(**settings))
    write_rows(run.metrics, ROWS)
    write_raw(run, "wandb.json", make_place(id=run.id) | place)
    return run


PART = "W&B has only part of this run"


@pytest.mark.parametrize(
    ("place", "settings", "source"),
    [
        ({"mode": "offline"}, {}, "W&B offline: WANDB_API_KEY was not set; Sync can send it later"),
        ({"mode": "offline"}, {"wandb_mode": "offline"}, "W&B offline: as chosen"),
        ({"mode": "offline", "reason": "W&B is down"}, {}, "W&B offline: W&B is down; Sync can send it later"),
        ({}, {}, f"{PART}: the run ended before everything was sent; Sync sends the rest"),
        ({"reason": "W&B did not answer in time"}, {}, f"{PART}: W&B did not answer in time; Sync sends the rest"),
    ],
)
def test_a_run_that_is_offline_or_there_in_part_is_read_from_its_file_with_the_reason(
    tmp_path: Path, place: dict[str, Any], settings: dict[str, Any], source: str
) -> None:
    run = write_run(tmp_path, place, **settings)
    if "mode" not in place:
        change_status(run, RunStatus.FINISHED)
    history = HistoryReader().read(run)
    assert history.rows == ROWS
    assert history.source == f"from the local file ({source})"
    assert history.url == "http://x", "what an earlier attempt sent can be looked at"


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.FINISHED])
@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"mode": "online"}', '{"mode": "offline"}', "\ud83d\0"])
def test_a_damaged_note_on_where_it_is_leaves_the_local_rows(tmp_path: Path, content: str, status: RunStatus) -> None:
    run = write_run(tmp_path, {})
    (run.path / "wandb.json").write_bytes(content.encode("utf-8", errors="surrogatepass"))
    change_status(run, status)
    history = HistoryReader().read(run)
    assert (history.rows, history.url) == (ROWS, None)
    assert history.source.startswith("from the local file (wandb.json is damaged (")
    end = "), so it is not known where the run is on W&B; Sync repairs it once the run has ended)"
    assert history.source.endswith(end)


def test_an_online_run_without_its_address_is_damaged(tmp_path: Path) -> None:
    assert "wandb.json is damaged" in HistoryReader().read(write_run(tmp_path, {"entity": None})).source


def test_a_note_that_cannot_be_read_leaves_the_local_rows(tmp_path: Path) -> None:
    run = write_run(tmp_path, {})
    (run.path / "wandb.json").unlink()
    (run.path / "wandb.json").symlink_to("/proc/self/mem")
    history = HistoryReader().read(run)
    assert history.rows == ROWS
    words = "from the local file (wandb.json cannot be read: it is a link that leads out of its folder, so"
    assert words in history.source


def test_a_run_that_has_not_begun_has_no_rows(tmp_path: Path) -> None:
    history = HistoryReader().read(create_run(tmp_path, RunConfig()))
    assert (history.rows, history.source) == ([], snapshot("from the local file (W&B has not started)"))


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunFolder, WandbServer]]:
    """A run whose process has logged five steps, ended well and left its state to the tests."""
    with WandbServer() as server, children() as start, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_API_KEY", API_KEY)
        child = start(new_run(tmp_path_factory.mktemp("online"), server))
        child.finish("log 5", "end 0")
        assert place_of(child.run)["complete"]
        yield child.run, server


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> HistoryReader:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)
    return HistoryReader()


def test_an_online_run_is_pulled_and_says_so(online: tuple[RunFolder, WandbServer], reader: HistoryReader) -> None:
    run, server = online
    first = reader.read(run)
    assert first.source == snapshot("from the local file (until W&B answers)"), "it does not wait for the network"
    history = wait_for(lambda: "live" in (h := reader.read(run)).source and h, 30, "rows from W&B")
    assert [row["step"] for row in history.rows] == [1, 2, 3, 4, 5]
    assert [row["train/loss"] for row in history.rows] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert history.rows[-1]["validation/f1_macro"] == 0.25
    assert history.source == "live from W&B"
    assert history.url == f"{server.base_url}/team/emocore/runs/{run.id}"
    assert server.unknown == []


def test_a_w_and_b_that_falls_behind_is_not_shown(online: tuple[RunFolder, WandbServer], reader: HistoryReader) -> None:
    run, _ = online
    wait_for(lambda: "live" in reader.read(run).source, 30, "rows from W&B")
    whole = run.metrics.read_bytes()
    write_rows(run.metrics, [read_metrics(run.metrics)[-1] | {"step": 6}])
    assert reader.read(run).source == "live from W&B", "a row may take its seconds"
    os.utime(run.metrics, (time.time() - 30, time.time() - 30))
    history = reader.read(run)
    assert history.source == snapshot("from the local file (W&B is 30 s behind)")
    assert history.rows[-1]["step"] == 6
    run.metrics.write_bytes(whole)


def test_a_finished_run_is_no_longer_live(online: tuple[RunFolder, WandbServer], reader: HistoryReader) -> None:
    run, _ = online
    change_status(run, RunStatus.FINISHED)
    history = wait_for(lambda: (h := reader.read(run)).source == "from W&B" and h, 30, "rows from W&B")
    assert [row["step"] for row in history.rows] == [1, 2, 3, 4, 5]


def test_of_the_curves_of_many_runs_those_looked_at_last_are_kept(
    online: tuple[RunFolder, WandbServer], reader: HistoryReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emocore.tracking.history.MOST_KEPT", 2)
    run, server = online
    wait_for(lambda: reader.read(run).source.endswith("from W&B"), 30, "rows from W&B")
    others = [write_run(tmp_path, {"base_url": server.base_url}) for _ in range(2)]
    for other in others[0], run, others[1]:
        reader.read(other)
    assert reader.read(run).source.endswith("from W&B"), "it was looked at in between"
    for other in others:
        reader.read(other)
    assert "until W&B answers" in reader.read(run).source, "it was dropped and begins anew"


def test_an_unreachable_server_leaves_the_file_and_its_name(
    tmp_path: Path, reader: HistoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:1")
    run = write_run(tmp_path, {})
    assert reader.read(run).rows == ROWS, "it does not wait for the network"
    failed = wait_for(lambda: "will try again" in (h := reader.read(run)).source and h, 40, "the failure to show")
    assert failed.rows == ROWS
    assert failed.source == snapshot(
        "from the local file (W&B could not be reached at http://127.0.0.1:1; check the network and the address; "
        "Emocore will try again)"
    )
