"""The test server against the real wandb client: what was logged arrives, and what arrived is read back.

The client runs in a child process, because it keeps global state and a helper process of its own. Nothing here leaves
127.0.0.1. How the client resumes, syncs and stands faults of the server is seen in `tests/tracking`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.wandb_server import WandbServer

API_KEY = "0123456789abcdef0123456789abcdef01234567"
# wandb prints lines of its own around the one that is asked for.
LOG_AND_READ = """
import json, os, wandb
with wandb.init(project="emotions", id="run1", name="first", config={"lr": 0.1}) as run:
    print("hello from the run")
    for loss in (3, 2, 1):
        run.log({"loss": loss})
    run.summary["best"] = 1
api = wandb.Api(overrides={"base_url": os.environ["WANDB_BASE_URL"]}, timeout=20)
run = api.run("team/emotions/run1")
print(json.dumps({
    "state": run.state, "config": run.config, "best": run.summary_metrics["best"], "name": run.name,
    "losses": [row["loss"] for row in run.scan_history()],
    "new": [row["loss"] for row in run.scan_history(min_step=2)],
    "runs": [(one.id, one.state) for one in api.runs("team/emotions")],
}))
"""


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


def test_a_logged_run_is_stored_and_read_back(server: WandbServer, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")} | {
        "WANDB_BASE_URL": server.base_url,
        "WANDB_API_KEY": API_KEY,
        "WANDB_ERROR_REPORTING": "false",
        "WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", LOG_AND_READ]
    child = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, child.stdout + child.stderr
    assert json.loads([line for line in child.stdout.splitlines() if line.startswith("{")][-1]) == {
        "state": "finished",
        "config": {"lr": 0.1},
        "best": 1,
        "name": "first",
        "losses": [3, 2, 1],
        "new": [1],
        "runs": [["run1", "finished"]],
    }
    stored = server.runs["team", "emotions", "run1"]
    assert [(row["_step"], row["loss"]) for row in stored.history] == [(0, 3), (1, 2), (2, 1)]
    assert (stored.config, stored.summary["best"], stored.exit_code) == ({"lr": 0.1}, 1, 0)
    assert any("hello from the run" in line for line in stored.console)
    assert b"hello from the run" in stored.files["output.log"]
    assert server.unknown == []


def test_an_operation_that_is_not_covered_is_named(server: WandbServer) -> None:
    def ask(headers: dict[str, str]) -> Any:
        body = json.dumps({"query": "query Sweeps { sweeps }"}).encode()
        request = urllib.request.Request(f"{server.base_url}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    encoded = base64.b64encode(f"api:{API_KEY}".encode()).decode()
    assert "the operation Sweeps" in ask({"Authorization": f"Basic {encoded}"})["errors"][0]["message"]
    assert "the operation Sweeps" in server.unknown[0]
    short = base64.b64encode(b"api:short").decode()
    for headers in ({}, {"Authorization": f"Basic {short}"}, {"Authorization": "Basic x"}):
        with pytest.raises(urllib.error.HTTPError, match="401") as caught:
            ask(headers)
        caught.value.close()
