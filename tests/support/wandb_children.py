"""Processes that log a run to W&B with the real client, for tests that check the result.

Each run has its own process, since the client keeps state and a helper per process. The processes log without training,
which saves 10 s each.
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

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.system.keys import confirm_wandb_server
from tests.support.forks import ForkedPython
from tests.support.records import read_raw, write_raw
from tests.support.repository import REPOSITORY
from tests.support.tables import make_origin
from tests.support.wandb_server import StoredRun, WandbServer

API_KEY = "f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3"

# Begins after the given number of steps. "log N": the next N steps; "import NAME": a library; "end CODE": summary and
# close, then exit.
# Says at the beginning and after each command how many seconds it took.
LOG_AS_TOLD = """
import importlib, sys, time
from pathlib import Path
import wandb
from emocore.run.folder import RunFolder
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.tracker import Tracker
sys.modules.pop("joblib", None)  # so that it can be imported after W&B has begun
run = RunFolder(Path(sys.argv[1]))
began = time.monotonic()
tracker = Tracker.open(run, run.config)
step = int(sys.argv[2])
tracker.begin(total_steps=20, done_steps=step)
print(time.monotonic() - began, flush=True)
for command, what in map(str.split, sys.stdin):
    began = time.monotonic()
    if command == "log":
        for step in range(step + 1, step + 1 + int(what)):
            tracker.log(step, step / 20, {"train/loss": 1 / step})
            if step % 5 == 0:
                tracker.log(step, step / 20, {"validation/f1_macro": step / 20})
    elif command == "import":
        importlib.import_module(what)
    else:
        tracker.summarize({"validation/multilabel/f1_macro": 0.5})
        tracker.close(int(what))
    print(time.monotonic() - began, flush=True)
"""

FAULTS: dict[str, Callable[[WandbServer], None]] = {
    "dead": lambda server: server.die(),
    "silent": lambda server: server.stall(600),
    "refusing the key": lambda server: server.fail(401),
    "broken": lambda server: server.fail(500),
    "overrun": lambda server: server.limit(60),
}


class Child:
    """A process that logs a run on command, with a key in its environment."""

    def __init__(self, run: RunFolder, step: int = 0, key: str | None = API_KEY, **variables: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
        environment |= ({"WANDB_API_KEY": key} if key else {}) | variables
        with run.log.open("ab") as log:
            self.process = ForkedPython(
                [sys.executable, "-c", LOG_AS_TOLD, str(run.path), str(step)],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.run = run
        self.seconds_to_begin = math.nan

    def tell(self, *commands: str) -> float:
        """Give LOG_AS_TOLD its next commands; the seconds that they took."""
        assert self.process.stdin
        seconds = 0.0
        for command in commands:
            self.process.stdin.write(f"{command}\n")
            self.process.stdin.flush()
            seconds += self.read_seconds()
        return seconds

    def read_seconds(self, timeout: float = 60) -> float:
        """The next line that LOG_AS_TOLD prints."""
        assert self.process.stdout
        alarm = threading.Timer(timeout, self.end)
        alarm.start()
        line = self.process.stdout.readline()
        alarm.cancel()
        assert line, f"no word within {timeout} s: {self.run.tail_log(30)}"
        return float(line)

    def finish(self, *commands: str, timeout: float = 60) -> float:
        """Give it its last commands and wait for its good end; the seconds that all this took."""
        seconds = self.tell(*commands)
        began = time.monotonic()
        self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, self.run.tail_log(30)
        return seconds + time.monotonic() - began

    def end(self) -> None:
        """Kill it, without a chance to tidy up."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@contextlib.contextmanager
def children() -> Iterator[Callable[..., Child]]:
    """Starts children, waits until their W&B has begun, and leaves none behind."""
    started = []

    def start(run: RunFolder, step: int = 0, key: str | None = API_KEY, **variables: str) -> Child:
        child = Child(run, step, key, **variables)
        started.append(child)
        child.seconds_to_begin = child.read_seconds()
        return child

    try:
        yield start
    finally:
        for child in started:
            child.end()
            child.process.communicate()


def new_run(root: Path, server: WandbServer, **settings: Any) -> RunFolder:
    """A queued run with the server's address, which its user has confirmed, and a provenance, as if its data were
    read."""
    confirm_wandb_server(server.base_url)
    root.mkdir(parents=True, exist_ok=True)
    run = create_run(root, RunConfig(**{"wandb_base_url": server.base_url, **settings}))
    write_raw(run, "provenance.json", make_origin(("anger", "joy"), rows={"train": 10, "validation": 4}))
    return run


def place_of(run: RunFolder) -> dict[str, Any]:
    """`wandb.json` without the number of its format; it must be there."""
    place = read_raw(run, "wandb.json")
    place.pop("format", None)
    return place


def rows_of(stored: StoredRun) -> list[dict[str, Any]]:
    """The history on the server, without W&B's own keys."""
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in stored.history]


def assert_no_key(run: RunFolder) -> None:
    holders = [path for path in run.path.rglob("*") if path.is_file() and API_KEY.encode() in path.read_bytes()]
    assert holders == []
