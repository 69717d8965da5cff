"""The test server against the real wandb client: what was logged arrives, and what arrived is read back.

The client runs in child processes, because it keeps global state and a helper process of its own. Nothing
here leaves 127.0.0.1. Artifacts, sweeps and reports are not covered, as in the server.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.wandb_server import StoredRun, WandbServer

API_KEY = "0123456789abcdef0123456789abcdef01234567"
KEY = ("team", "emotions", "run1")

LOG_THREE_STEPS = """
import wandb
with wandb.init(project="emotions", id="run1", name="first", config={"lr": 0.1}) as run:
    print("hello from the run")
    for loss in (3, 2, 1):
        run.log({"loss": loss})
    run.summary["best"] = 1
"""

OPEN_API = """
import json, os, time, wandb
api = wandb.Api(overrides={"base_url": os.environ["WANDB_BASE_URL"]}, timeout=20)
"""


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


def client_environment(server: WandbServer, folder: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return inherited | {
        "WANDB_BASE_URL": server.base_url,
        "WANDB_API_KEY": API_KEY,
        "WANDB_ERROR_REPORTING": "false",
        "WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1",
        "WANDB_DIR": str(folder),
        "WANDB_CACHE_DIR": str(folder / "cache"),
        "WANDB_CONFIG_DIR": str(folder / "config"),
        "HOME": str(folder),
        **more,
    }


def run_client(server: WandbServer, folder: Path, *arguments: str, **environment: str) -> str:
    """What a child prints; `arguments` go to the Python interpreter."""
    child = subprocess.run(
        [sys.executable, *arguments],
        env=client_environment(server, folder, **environment),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    return child.stdout


def run_script(server: WandbServer, folder: Path, script: str, **environment: str) -> Any:
    """The value that the script reports as a line of JSON; wandb prints lines of its own around it."""
    output = run_client(server, folder, "-c", script, **environment)
    reports = [line for line in output.splitlines() if line.startswith(("{", "["))]
    return json.loads(reports[-1]) if reports else None


def losses(run: StoredRun) -> list[tuple[int, float]]:
    return [(row["_step"], row["loss"]) for row in run.history]


def test_a_logged_run_is_stored_and_read_back(server: WandbServer, tmp_path: Path) -> None:
    run_script(server, tmp_path, LOG_THREE_STEPS)
    read = run_script(
        server,
        tmp_path,
        OPEN_API
        + """
run = api.run("team/emotions/run1")
print(json.dumps({
    "state": run.state, "config": run.config, "best": run.summary_metrics["best"], "name": run.name,
    "history": [row["loss"] for row in run.history(pandas=False)],
    "loss_only": run.history(keys=["loss"], pandas=False),
    "scan_loss": [row["loss"] for row in run.scan_history(keys=["loss"])],
    "runs": [(one.id, one.state) for one in api.runs("team/emotions")],
}))
""",
    )
    stored = server.runs[KEY]
    assert losses(stored) == [(0, 3), (1, 2), (2, 1)]
    assert (stored.config, stored.summary["best"], stored.exit_code) == ({"lr": 0.1}, 1, 0)
    assert any("hello from the run" in line for line in stored.console)
    assert b"hello from the run" in stored.files["output.log"]
    assert read == {
        "state": "finished",
        "config": {"lr": 0.1},
        "best": 1,
        "name": "first",
        "history": [3, 2, 1],
        "loss_only": [{"_step": 0, "loss": 3}, {"_step": 1, "loss": 2}, {"_step": 2, "loss": 1}],
        "scan_loss": [3, 2, 1],
        "runs": [["run1", "finished"]],
    }
    assert server.unknown == []


def test_scan_history_with_min_step_reads_only_what_is_new(server: WandbServer, tmp_path: Path) -> None:
    seen = run_script(
        server,
        tmp_path,
        OPEN_API
        + """
def wait_for_step(step):
    deadline = time.monotonic() + 30
    while run.lastHistoryStep < step and time.monotonic() < deadline:
        time.sleep(0.1)

with wandb.init(project="emotions", id="run1") as writer:
    writer.log({"loss": 3})
    writer.log({"loss": 2})
    run = api.run("team/emotions/run1")
    wait_for_step(1)
    first = [row["_step"] for row in run.scan_history()]
    writer.log({"loss": 1})
    wait_for_step(2)
    then = [row["_step"] for row in run.scan_history(min_step=2)]
    state_while_running = run.state
run.load(force=True)
print(json.dumps([first, then, state_while_running, run.state]))
""",
    )
    assert seen == [[0, 1], [2], "running", "finished"]
    pages = [json.loads(each.body)["variables"] for each in server.requests if "HistoryPage" in each.body]
    assert [(page["minStep"], page["maxStep"]) for page in pages] == [(0, 2), (2, 3)]


def test_resume_continues_the_same_run(server: WandbServer, tmp_path: Path) -> None:
    run_script(server, tmp_path, LOG_THREE_STEPS)
    resumed = run_script(
        server,
        tmp_path,
        """
import json, wandb
with wandb.init(project="emotions", id="run1", resume="allow", config={"seed": 7}) as run:
    run.log({"loss": 0})
    print(json.dumps([run.resumed, run.starting_step, dict(run.config)]))
""",
    )
    assert resumed == [True, 3, {"lr": 0.1, "seed": 7}]
    assert list(server.runs) == [KEY]
    assert losses(server.runs[KEY]) == [(0, 3), (1, 2), (2, 1), (3, 0)]
    assert server.runs[KEY].config == {"lr": 0.1, "seed": 7}
    assert server.runs[KEY].state == "finished"


def test_an_offline_run_arrives_when_synced(server: WandbServer, tmp_path: Path) -> None:
    run_script(server, tmp_path, LOG_THREE_STEPS, WANDB_MODE="offline")
    assert server.requests == []
    (folder,) = (tmp_path / "wandb").glob("offline-run-*-run1")
    run_client(server, tmp_path, "-m", "wandb", "sync", str(folder))
    assert losses(server.runs[KEY]) == [(0, 3), (1, 2), (2, 1)]
    assert server.runs[KEY].config == {"lr": 0.1}
    assert server.runs[KEY].state == "finished"
    assert server.unknown == []


@pytest.mark.parametrize(
    "break_server",
    [WandbServer.fail, WandbServer.stop, lambda server: server.stall(60)],
    ids=["fails", "refuses", "stalls"],
)
def test_init_gives_up_on_a_broken_server(
    server: WandbServer, tmp_path: Path, break_server: Callable[[WandbServer], None]
) -> None:
    break_server(server)
    outcome = run_script(
        server,
        tmp_path,
        """
import json, time, wandb
start = time.monotonic()
try:
    wandb.init(project="emotions", settings=wandb.Settings(init_timeout=2))
except wandb.errors.CommError as error:
    print(json.dumps({"error": str(error), "seconds": time.monotonic() - start}))
""",
        WANDB__DISABLE_VIEWER="true",  # else asking who the user is takes 10 s more, outside init_timeout
    )
    assert "Timed out" in outcome["error"]
    assert outcome["seconds"] < 20
    assert server.runs == {}


def test_a_rate_limit_that_ends_loses_no_row(server: WandbServer, tmp_path: Path) -> None:
    server.limit(retry_after_seconds=1)
    recovery = threading.Timer(2, server.recover)
    recovery.start()
    run_script(server, tmp_path, LOG_THREE_STEPS)
    recovery.join()
    assert losses(server.runs[KEY]) == [(0, 3), (1, 2), (2, 1)]


def test_the_key_is_in_the_authorization_header_only(server: WandbServer, tmp_path: Path) -> None:
    run_script(server, tmp_path, LOG_THREE_STEPS)
    encoded = base64.b64encode(f"api:{API_KEY}".encode()).decode()
    assert {"POST", "PUT"} == {request.method for request in server.requests}
    for request in server.requests:
        authorization = request.headers.pop("Authorization", None)
        assert authorization == (None if request.method == "PUT" else f"Basic {encoded}")
        for secret in (API_KEY, encoded):
            assert secret not in f"{request.path} {request.body} {request.headers}"


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
