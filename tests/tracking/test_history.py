"""Curves from W&B when a run is online there, from the file otherwise, and always with a word on which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from live_runs import wait_for
from wandb_server import WandbServer

from emocore.config import RunConfig
from emocore.folder import RunFolder, create_run
from emocore.tracking.history import HistoryReader
from emocore.tracking.metrics_file import MetricsFile

API_KEY = "a" * 40
ROWS = [
    {"step": step, "total_steps": 3, "epoch": step / 3, "seconds": 1.0, "train/loss": 1 / step} for step in (1, 2, 3)
]

# In a process of its own: the client keeps a helper process and a state for each.
LOG_ROWS = """
import json, sys
from pathlib import Path
from emocore.folder import RunFolder
from emocore.tracking.tracker import Tracker
run = RunFolder(Path(sys.argv[1]))
tracker = Tracker(run, run.config)
tracker.begin(total_steps=3)
for step in (1, 2, 3):
    tracker.log(step, step / 3, {"train/loss": 1 / step})
tracker.close(0)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "runs"
    path.mkdir(exist_ok=True)
    return path


def write_rows(run: RunFolder) -> None:
    file = MetricsFile(run.metrics)
    for row in ROWS:
        file.append(row)
    file.close()


def test_an_offline_run_is_read_from_its_file_with_the_reason(root: Path) -> None:
    run = create_run(root, RunConfig())
    write_rows(run)
    run.write_json("wandb.json", {"mode": "offline", "reason": "W&B could not be reached"})
    history = HistoryReader().read(run)
    assert history.rows == ROWS
    assert "local file" in history.source and "could not be reached" in history.source
    assert history.url is None


def test_a_run_that_has_not_begun_has_no_rows(root: Path) -> None:
    assert HistoryReader().read(create_run(root, RunConfig())).rows == []


def test_an_online_run_is_pulled_and_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)
    with WandbServer() as server:
        run = create_run(root, RunConfig(wandb_base_url=server.base_url))
        subprocess.run([sys.executable, "-c", LOG_ROWS, str(run.path)], check=True, timeout=60, env=os.environ)
        run.metrics.unlink()  # what is shown can only come from W&B
        reader = HistoryReader()
        history = wait_for(lambda: (h := reader.read(run)).rows and h, 30, "rows from W&B")
        assert [row["step"] for row in history.rows] == [1, 2, 3]
        assert [row["train/loss"] for row in history.rows] == [1, 1 / 2, 1 / 3]
        assert history.source == "live from W&B"
        assert history.url == f"{server.base_url}/team/emocore/runs/{run.id}"
        assert server.unknown == []


def test_an_unreachable_server_leaves_the_file_and_its_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)
    with WandbServer() as server:
        address = server.base_url
    run = create_run(root, RunConfig(wandb_base_url=address))
    write_rows(run)
    wandb_json = {"mode": "online", "entity": "team", "project": "p", "id": run.id, "url": "x", "base_url": address}
    run.write_json("wandb.json", wandb_json)
    reader = HistoryReader()
    first = reader.read(run)
    assert first.rows == ROWS, "it does not wait for the network"
    failed = wait_for(lambda: "W&B:" in (h := reader.read(run)).source and h, 40, "the failure to show")
    assert failed.rows == ROWS
