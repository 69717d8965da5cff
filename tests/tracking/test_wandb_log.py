"""Runs and Weights & Biases, with the real client: online, offline, and when the server is not what it should be.

Every run is a process of its own, since the client keeps a state and a helper process for each.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_runs import EXECUTE_ALL, FINISHED_RUNS, REPOSITORY, describe, queue_run, wait_for
from wandb_server import StoredRun, WandbServer

from emocore.folder import RunFolder, RunStatus
from emocore.tracking.metrics_file import read_metrics

API_KEY = "f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3"

# Logging alone, without the 10 s that a training takes to begin; prints the seconds until the first row could go.
LOG_FIVE_ROWS = """
import sys, time
from pathlib import Path
import wandb
import emocore.tracking.wandb_log
from emocore.folder import RunFolder
from emocore.tracking.tracker import Tracker
emocore.tracking.wandb_log.FINISH_TIMEOUT_SECONDS = 5  # instead of half a minute, for the tests' sake
run = RunFolder(Path(sys.argv[1]))
began = time.monotonic()
tracker = Tracker(run, run.config)
print(time.monotonic() - began, flush=True)
tracker.begin(total_steps=5)
for step in range(1, 6):
    tracker.log(step, step / 5, {"train/loss": 1 / step})
sys.stdin.readline()
tracker.summarize({"validation/multilabel/f1_macro": 0.5})
tracker.close(0)
"""


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


class Child:
    """A process that works on a run with a key in its environment."""

    def __init__(self, code: str, run: RunFolder, key: str | None = API_KEY) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
        environment |= {"OMP_NUM_THREADS": "1"} | ({"WANDB_API_KEY": key} if key else {})
        with run.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(run.path)],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.run = run

    def read_seconds(self, timeout: float) -> float:
        """The one line that LOG_FIVE_ROWS prints; infinite if it does not."""
        assert self.process.stdout
        alarm = threading.Timer(timeout, self.end)
        alarm.start()
        line = self.process.stdout.readline()
        alarm.cancel()
        return float(line) if line else math.inf

    def finish(self, timeout: float) -> float:
        """Let it go on to its end; the seconds that takes, infinite if it does not end well in time."""
        began = time.monotonic()
        try:
            self.process.communicate(b"\n", timeout)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            return math.inf
        return time.monotonic() - began if self.process.returncode == 0 else math.inf

    def end(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


Start = Callable[..., Child]


@contextlib.contextmanager
def starting(root: Path, data: Path, base: Path) -> Iterator[Start]:
    children = []

    def start(code: str, key: str | None = API_KEY, **settings: Any) -> Child:
        run = queue_run(root, data, **{"base": str(base), "method": "tfidf", **settings})
        children.append(Child(code, run, key))
        return children[-1]

    try:
        yield start
    finally:
        for child in children:
            child.end()
            child.process.communicate()


@pytest.fixture
def start(tmp_path: Path, small_csv: Path, tiny_bert: Path) -> Iterator[Start]:
    with starting(tmp_path / "runs", small_csv, tiny_bert) as start:
        yield start


def assert_no_key(run: RunFolder) -> None:
    holders = [path for path in run.path.rglob("*") if path.is_file() and API_KEY.encode() in path.read_bytes()]
    assert holders == []


def rows_of(stored: StoredRun) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in stored.history]


def test_offline_is_what_a_run_without_a_key_is(finished_runs: dict[str, RunFolder]) -> None:
    for name in FINISHED_RUNS:
        run = finished_runs[name]
        stored = run.read_json("wandb.json")
        assert stored
        assert (stored["mode"], stored["reason"], stored["url"], stored["id"]) == ("offline", None, None, run.id)
        assert list(run.path.glob("wandb/offline-run-*/*.wandb")), "what `wandb sync` would send"


@pytest.fixture(scope="module")
def online(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path
) -> Iterator[dict[str, tuple[RunFolder, WandbServer]]]:
    """Two trainings at the same time, each with a server of its own: a good one and one that fails."""
    changes: dict[str, dict[str, Any]] = {
        "good": {"study": "first study", "wandb_project": "emotions"},
        "failed": {"target_modules": ["no_such_layer"]},
    }
    with contextlib.ExitStack() as stack:
        start = stack.enter_context(starting(tmp_path_factory.mktemp("online"), small_csv, tiny_bert))
        servers = {name: stack.enter_context(WandbServer()) for name in changes}
        children = {
            name: start(EXECUTE_ALL, method="lora", wandb_base_url=servers[name].base_url, **settings)
            for name, settings in changes.items()
        }
        for child in children.values():
            child.finish(120)
        yield {name: (child.run, servers[name]) for name, child in children.items()}


def test_a_training_is_online_from_its_first_row_to_its_summary(
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
    result = run.read_json("result.json")
    assert result
    assert stored.summary["validation/multilabel/f1_macro"] == result["validation"]["multilabel"]["f1_macro"]
    assert stored.summary["cost/adapter_bytes"] == result["cost"]["adapter_bytes"]
    assert run.read_json("wandb.json") == {
        "mode": "online",
        "reason": None,
        "entity": "team",
        "project": "emotions",
        "id": run.id,
        "url": f"{server.base_url}/team/emotions/runs/{run.id}",
        "base_url": server.base_url,
    }
    assert_no_key(run)
    assert API_KEY not in "".join(request.body for request in server.requests)
    assert server.unknown == []


def test_rows_arrive_while_the_run_goes_on(server: WandbServer, start: Start) -> None:
    child = start(LOG_FIVE_ROWS, wandb_base_url=server.base_url)
    assert child.read_seconds(30) < 10
    [stored] = server.runs.values()
    wait_for(lambda: len(stored.history) == 5, 15, "five rows to arrive")
    assert stored.state == "running"
    assert child.finish(30) < 10
    assert stored.state == "finished"


def test_a_failed_run_is_failed_there_too(online: dict[str, tuple[RunFolder, WandbServer]]) -> None:
    run, server = online["failed"]
    assert run.state.status == RunStatus.FAILED
    [stored] = server.runs.values()
    assert (stored.state, stored.exit_code) == ("failed", 1)
    assert_no_key(run)


FAULTS: dict[str, Callable[[WandbServer], None]] = {
    "dead": lambda server: server.stop(),
    "silent": lambda server: server.stall(600),
    "refusing the key": lambda server: server.fail(401),
    "broken": lambda server: server.fail(500),
    "overrun": lambda server: server.limit(60),
}


LOST_LATER = {name: FAULTS[name] for name in ("dead", "silent", "broken")}


@pytest.fixture(scope="module")
def troubled(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path
) -> Iterator[dict[str, tuple[Child, float, float]]]:
    """A child for each fault, with its seconds to begin and to end: infinite if it did not. They mostly wait,
    so they do it all together."""
    names = [*FAULTS, *(f"{name} later" for name in LOST_LATER), "training"]
    with contextlib.ExitStack() as stack:
        start = stack.enter_context(starting(tmp_path_factory.mktemp("troubled"), small_csv, tiny_bert))
        servers = {name: stack.enter_context(WandbServer()) for name in names}
        for name, fail in FAULTS.items():
            fail(servers[name])
        FAULTS["dead"](servers["training"])
        codes = dict.fromkeys(names, LOG_FIVE_ROWS) | {"training": EXECUTE_ALL}
        children = {name: start(codes[name], wandb_base_url=servers[name].base_url) for name in names}
        begun = {name: children[name].read_seconds(40) for name in names if name != "training"}
        for name, fail in LOST_LATER.items():
            fail(servers[f"{name} later"])
        ended: dict[str, float] = {}
        threads = [
            threading.Thread(target=lambda name=name: ended.update({name: children[name].finish(45)})) for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield {name: (children[name], begun.get(name, 0.0), ended[name]) for name in names}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_does_not_answer_costs_seconds_and_no_rows(
    troubled: dict[str, tuple[Child, float, float]], fault: str
) -> None:
    child, seconds_to_begin, seconds_to_end = troubled[fault]
    assert seconds_to_begin < 20, child.run.tail_log(30)
    assert seconds_to_end < 10
    stored = child.run.read_json("wandb.json")
    assert stored
    assert stored["mode"] == "offline"
    assert stored["reason"] and "\n" not in stored["reason"]
    assert stored["url"] is None
    assert len(read_metrics(child.run.metrics)) == 5
    assert list(child.run.path.glob("wandb/offline-run-*/*.wandb"))
    assert_no_key(child.run)


@pytest.mark.parametrize("fault", LOST_LATER)
def test_a_server_lost_in_the_middle_holds_up_nobody(
    troubled: dict[str, tuple[Child, float, float]], fault: str
) -> None:
    child, _, seconds_to_end = troubled[f"{fault} later"]
    assert seconds_to_end < 45
    assert child.process.returncode == 0
    assert len(read_metrics(child.run.metrics)) == 5
    stored = child.run.read_json("wandb.json")
    assert stored and stored["mode"] == "online"
    assert_no_key(child.run)


@pytest.mark.parametrize("key", ["short", "not a key, " * 5])
def test_a_key_that_is_none_costs_no_run(server: WandbServer, start: Start, key: str) -> None:
    child = start(LOG_FIVE_ROWS, key, wandb_base_url=server.base_url)
    assert child.read_seconds(40) < 20
    assert child.finish(30) < 10
    stored = child.run.read_json("wandb.json")
    assert stored and stored["mode"] == "offline" and stored["reason"]
    assert key not in stored["reason"]


def test_a_training_finishes_without_its_server(troubled: dict[str, tuple[Child, float, float]]) -> None:
    run = troubled["training"][0].run
    assert run.state.status == RunStatus.FINISHED, describe(run)
    assert run.read_json("result.json")
    stored = run.read_json("wandb.json")
    assert stored and stored["mode"] == "offline" and stored["reason"]
    assert_no_key(run)


def test_offline_by_choice_sends_nothing_even_with_a_key(server: WandbServer, start: Start) -> None:
    child = start(LOG_FIVE_ROWS, wandb_base_url=server.base_url, wandb_mode="offline")
    assert child.read_seconds(30) < 10
    assert child.finish(30) < 10
    assert server.requests == []
    stored = child.run.read_json("wandb.json")
    assert stored and (stored["mode"], stored["reason"]) == ("offline", None)


def test_online_without_a_key_goes_on_offline_and_says_so(server: WandbServer, start: Start) -> None:
    child = start(LOG_FIVE_ROWS, None, wandb_base_url=server.base_url, wandb_mode="online")
    assert child.read_seconds(30) < 10
    assert child.finish(30) < 10
    stored = child.run.read_json("wandb.json")
    assert stored and (stored["mode"], stored["reason"]) == ("offline", "WANDB_API_KEY is not set")
