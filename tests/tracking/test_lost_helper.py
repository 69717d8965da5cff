"""If W&B's helper process dies or its server sends invalid answers, a run loses only its logging to W&B.

The tests use real runs in their own processes. `test_outages` has servers that are down, silent or refuse.
"""

import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from tests.support.live_runs import carry_out, describe, queue_run, wait_for
from tests.support.wandb_children import API_KEY, Child, place_of
from tests.support.wandb_server import WandbServer

MOST_SECONDS = 15

KILL_THE_HELPER = """
import threading, time
import psutil
def helpers():
    return [child for child in psutil.Process().children() if child.name() == "wandb-core"]
def kill_the_helper(status=None):
    for helper in helpers():
        helper.kill()
        helper.wait()
def kill_it_as_it_appears():
    while not helpers():
        time.sleep(0.002)
    kill_the_helper()
"""
AS_IT_APPEARS = "threading.Thread(target=kill_it_as_it_appears, daemon=True).start()"
AT_THE_FAULT = "os._exit = kill_the_helper"  # where the run would end on purpose, it goes on without its helper
BROKE_DOWN = "the W&B client broke down"
MOMENTS = {
    "during the start": ("online", AS_IT_APPEARS, "", "offline because the W&B client broke down"),
    "before the training": ("offline", AT_THE_FAULT, "run.tracked", BROKE_DOWN),
    "within the training": ("online", AT_THE_FAULT, "metrics.row", BROKE_DOWN),
    "before the end": ("online", AT_THE_FAULT, "run.pruned", BROKE_DOWN),
    "after the end": ("offline", AT_THE_FAULT, "run.closed", None),
}
BUCKET = {"id": "1", "name": "r", "historyLineCount": 10**30, "historyTail": "[7]", "summaryMetrics": "5"}
NONSENSE: dict[str, Any] = {
    "null": None,  # the helper dies of it
    "a page": b"<html>welcome</html>",
    "odd types": {"data": {"model": {"bucket": BUCKET}, "upsertBucket": {"bucket": []}, "viewer": 7}},
}


def train(run: RunFolder, server: WandbServer, prepare: str = "", fault: str = "") -> str:
    """The log of a run that finished in spite of all."""
    environment = {"WANDB_API_KEY": API_KEY, "WANDB_BASE_URL": server.base_url}
    began = time.monotonic()
    status = carry_out(
        run, fault=fault, prepare=f"import os\nos.environ.update({environment})\n{KILL_THE_HELPER}\n{prepare}"
    )
    assert (status, run.state.status) == (0, RunStatus.FINISHED), describe(run)
    assert time.monotonic() - began < MOST_SECONDS
    log = run.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    return log


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_outlives_the_helper(
    server: WandbServer, runs: Path, small_csv: Path, tiny_bert: Path, moment: str
) -> None:
    mode, prepare, fault, lost = MOMENTS[moment]
    run = queue_run(runs, small_csv, method="tfidf", base=str(tiny_bert), wandb_mode=mode)
    log = train(run, server, prepare, fault)
    told = [line for line in log.splitlines() if BROKE_DOWN in line]
    assert len(told) == (1 if lost else 0), log
    assert all(str(lost) in line for line in told)
    assert (BROKE_DOWN in str(place_of(run)["reason"])) == bool(lost)
    assert place_of(run)["complete"] is False


def test_a_library_can_be_imported_without_the_helper(child: Child) -> None:
    """The client would report the import; a run imports those that it trains with after its W&B has begun."""
    [helper] = [one for one in psutil.Process(child.process.pid).children() if one.name() == "wandb-core"]
    helper.kill()
    wait_for(lambda: helper.status() == psutil.STATUS_ZOMBIE, 10, "its death")
    time.sleep(1)  # so that the client notices; until then it reports an import without an error
    child.finish("import joblib", "log 5", "end 0")
    assert BROKE_DOWN in place_of(child.run)["reason"]


@pytest.mark.parametrize("answer", NONSENSE)
def test_a_run_outlives_a_server_that_answers_nonsense(
    server: WandbServer, runs: Path, small_csv: Path, tiny_bert: Path, answer: str
) -> None:
    server.answer(NONSENSE[answer])
    run = queue_run(runs, small_csv, method="tfidf", base=str(tiny_bert))
    log = train(run, server)
    place = place_of(run)
    assert place["complete"] is False
    assert place["reason"]
    assert [line for line in log.splitlines() if place["reason"] in line], log
