"""The curve of a running run is read from W&B with the real client: soon, once, and without blocking a page."""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import pytest

from emocore.tracking.wandb_read import LiveHistory
from tests.support.live_runs import wait_for
from tests.support.repository import REPOSITORY
from tests.support.wandb_children import FAULTS, Child
from tests.support.wandb_server import WandbServer

SOON_SECONDS = 3.0

pytestmark = pytest.mark.usefixtures("key")


def test_a_row_is_there_within_3_seconds_of_being_logged(server: WandbServer, child: Child) -> None:
    live = LiveHistory(child.run.wandb_place)
    wait_for(lambda: live.rows() == [] and live.state == "running", 10, "W&B to answer")
    waits = []
    for step in range(1, 7):
        child.tell("log 1")
        logged = time.monotonic()
        wait_for(lambda step=step: [row["step"] for row in live.rows()] == list(range(1, step + 1)), 10, "the row")
        waits.append(time.monotonic() - logged)
        time.sleep(0.37)  # out of step with the refreshing
    print(f"seconds to a row: median {median(waits):.2f}, longest {max(waits):.2f}")
    assert max(waits) < SOON_SECONDS
    assert live.rows()[4] | {"seconds": 0} == {
        "step": 5, "total_steps": 20, "epoch": 0.25, "seconds": 0, "train/loss": 0.2, "validation/f1_macro": 0.25,
    }  # fmt: skip
    asked = [request.body for request in server.requests if '"minStep":' in request.body]
    assert len([body for body in asked if '"minStep":0' in body.replace(" ", "")]) <= 2, "only what is new"


def test_asking_ends_with_the_run_and_goes_on_with_a_resumed_one(
    server: WandbServer, child: Child, start: Callable[..., Child]
) -> None:
    live = LiveHistory(child.run.wandb_place)
    child.tell("log 10")
    wait_for(lambda: len(live.rows()) == 10, 10, "the rows")
    child.tell("end 1")
    wait_for(lambda: live.rows(is_alive=False) and live.state == "failed", 10, "the end")
    assert live.summary["validation/multilabel/f1_macro"] == 0.5
    time.sleep(0.5)
    asked = len(server.requests)
    for _ in range(10):
        assert len(live.rows(is_alive=False)) == 10
        time.sleep(0.2)
    assert len(server.requests) == asked
    start(child.run, 5).tell("log 15")
    rows = wait_for(lambda: len(rows := live.rows()) == 20 and rows, 10, "the rows of the second attempt")
    assert [row["step"] for row in rows] == list(range(1, 21))


def test_it_never_waits_and_asks_a_troubled_server_less_and_less(server: WandbServer, child: Child) -> None:
    live = LiveHistory(child.run.wandb_place)
    child.tell("log 3")
    wait_for(lambda: len(live.rows()) == 3, 10, "the rows")
    server.limit(60)
    longest = 0.0
    until = time.monotonic() + 20
    while live.error is None and time.monotonic() < until:
        began = time.monotonic()
        assert len(live.rows()) == 3, "what is known stays"
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.1)
    assert longest < 0.2
    assert live.error and "rate limit" in live.error and "pause of 60 s" in live.error
    assert live.error.endswith("; Emocore will try again")
    asked = len(server.requests)
    time.sleep(2)
    live.rows()
    of_the_reader = [request for request in server.requests[asked:] if "file_stream" not in request.path]
    assert of_the_reader == []


def test_what_is_wrong_is_said_and_passes(server: WandbServer, child: Child) -> None:
    live = LiveHistory(child.run.wandb_place)
    child.tell("log 2")
    FAULTS["refusing the key"](server)
    wait_for(lambda: live.rows() or live.error, 20, "an error")
    assert live.error and "does not accept the key; check WANDB_API_KEY" in live.error
    server.recover()
    wait_for(lambda: live.rows() is not None and live.error is None, 20, "the error to pass")


# In a process of its own, since the client complains of the death in threads of its own.
LOSE_THE_HELPER = """
import sys, time
from pathlib import Path
import psutil
from emocore.run.folder import RunFolder
from emocore.tracking.wandb_read import LiveHistory
live = LiveHistory(RunFolder(Path(sys.argv[1])).wandb_place)
def wait_for_rows(count):
    deadline = time.monotonic() + 20
    while len(live.rows()) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    print(len(live.rows()), live.error, flush=True)
wait_for_rows(2)
[helper] = psutil.Process().children()
helper.kill()
helper.wait()
sys.stdin.readline()
wait_for_rows(4)
"""


def test_a_helper_process_that_died_is_replaced(child: Child) -> None:
    child.tell("log 2")
    reader = subprocess.Popen(
        [sys.executable, "-c", LOSE_THE_HELPER, str(child.run.path)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert reader.stdout
    assert reader.stdout.readline() == "2 None\n"
    child.tell("log 2")
    assert reader.communicate("\n", timeout=40)[0] == "4 None\n"


def test_thirty_finished_runs_are_asked_for_once(server: WandbServer, child: Child) -> None:
    child.finish("log 10", "end 0")
    place = child.run.wandb_place
    server.requests.clear()
    readers = [LiveHistory(place) for _ in range(30)]
    wait_for(lambda: all(len(live.rows(is_alive=False)) == 10 for live in readers), 30, "all curves")
    time.sleep(1)
    asked = len(server.requests)
    print(f"{asked} requests for 30 runs")
    assert asked <= 30 * 4 + 2
    for live in readers:
        live.rows(is_alive=False)
    time.sleep(2)
    assert len(server.requests) == asked
