"""W&B's helper process dies at any moment, or its server answers nonsense: a run loses its W&B, and nothing else.

The runs are real ones in processes of their own. A server that is down, silent or refuses is in `test_outages`.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_runs import EXECUTE_ALL, Attempts, describe, queue_run, wait_for
from wandb_children import API_KEY, children, place_of
from wandb_server import WandbServer

from emocore.folder import RunFolder
from emocore.states import RunStatus

MOST_SECONDS = 15

# What a run does where it would end on purpose: it goes on, without its helper.
KILL_THE_HELPER = """
import psutil
def kill_the_helper(status):
    for child in psutil.Process().children():
        if child.name() == "wandb-core":
            child.kill()
            child.wait()
"""
AT_A_POINT = f"{KILL_THE_HELPER}\nos._exit = kill_the_helper"
AS_IT_APPEARS = f"""{KILL_THE_HELPER}
import threading, time
def watch():
    while not any(child.name() == "wandb-core" for child in psutil.Process().children()):
        time.sleep(0.005)
    time.sleep(%s)
    kill_the_helper(0)
threading.Thread(target=watch, daemon=True).start()
"""
MOMENTS = {
    "as it appears": (AS_IT_APPEARS % 0, ""),
    "soon": (AS_IT_APPEARS % 0.3, ""),
    "before the training": (AT_A_POINT, "run.tracked"),
    "within the training": (AT_A_POINT, "metrics.row:2"),
    "before the end": (AT_A_POINT, "run.pruned"),
    "after the end": (AT_A_POINT, "run.closed"),
}


BUCKET = {"id": "e/p/r", "name": "r", "displayName": "r", "description": None, "config": None, "sweepName": None, "project": {"id": "1", "name": "p", "entity": {"id": "1", "name": "e"}}, "historyLineCount": None}
DEEP: Any = None
for _ in range(60): DEEP = {"data": DEEP}
NONSENSE = {
    "nothing": b"", "null": None, "a list": [], "an empty object": {}, "no data": {"data": None}, "empty data": {"data": {}},
    "a page": b"<html>welcome</html>", "half": b'{"data": {"upsertBucket"',
    "null bucket": {"data": {"upsertBucket": None, "viewer": None, "model": None, "serverInfo": None}},
    "empty bucket": {"data": {"upsertBucket": {"bucket": None, "inserted": None}, "model": {"bucket": None}}},
    "thin bucket": {"data": {"upsertBucket": {"bucket": {}, "inserted": True}, "model": {"bucket": {}}}},
    "wrong types": {"data": {"upsertBucket": {"bucket": 7, "inserted": "x"}, "viewer": [], "model": "m", "serverInfo": 3}},
    "no project": {"data": {"upsertBucket": {"bucket": BUCKET | {"project": None}, "inserted": True}}},
    "no entity": {"data": {"upsertBucket": {"bucket": BUCKET | {"project": {"id": "1", "name": "p", "entity": None}}, "inserted": True}}},
    "fine bucket": {"data": {"upsertBucket": {"bucket": BUCKET, "inserted": True}}},
    "huge": b'{"data": {"upsertBucket": {"bucket": {"id": "a", "name": "r", "historyLineCount": 1e400}, "inserted": 1}}}',
    "huge step": {"data": {"model": {"bucket": {"name": "r", "historyLineCount": 10**30, "historyTail": "[7]", "summaryMetrics": "5", "config": "[]", "eventsTail": "{}"}}, "upsertBucket": {"bucket": BUCKET, "inserted": True}}},
    "tails": {"data": {"model": {"id": "1", "name": "p", "bucket": {"id": "1", "name": "r", "historyLineCount": 5, "historyTail": "[7]", "eventsLineCount": 5, "logLineCount": 7, "summaryMetrics": "5", "config": "[]", "eventsTail": "[null]", "wandbConfig": "3", "tags": None}}, "upsertBucket": {"bucket": BUCKET, "inserted": True}}},
    "errors": {"errors": [{"message": None}]}, "errors2": {"errors": "x"}, "errors3": {"data": None, "errors": [None]},
}
LATER = {k: NONSENSE[k] for k in ("null", "a list", "an empty object", "a page", "nothing", "empty data", "wrong types")}
CASES = [(k, "/", True) for k in NONSENSE] + [(k, p, False) for k in LATER for p in ("/files", "/graphql")]
@pytest.mark.parametrize("case", CASES, ids=str)
def test_n(server: WandbServer, runs: Path, attempts: Attempts, small_csv: Path, tiny_bert: Path, case) -> None:
    run = queue_run(runs, small_csv, method="tfidf", base=str(tiny_bert))
    environment = {"WANDB_API_KEY": API_KEY, "WANDB_BASE_URL": server.base_url}
    name, path, at_once = case
    if at_once: server.answer(NONSENSE[name], path)
    else:
        import threading
        def later():
            wait_for(lambda: (run.path/"wandb.json").is_file(), 20)
            server.answer(NONSENSE[name], path)
        threading.Thread(target=later, daemon=True).start()
    began = time.monotonic()
    rc = attempts.carry_out(run, prepare=f"os.environ.update({environment})")
    print(f"CASE {case}: {time.monotonic() - began:.1f} s", rc, run.state.status, place_of(run)["mode"], place_of(run)["complete"], place_of(run)["reason"], "PANIC" if "panic" in run.log.read_text() else "", "TB" if "Traceback" in run.log.read_text() else "", len(server.requests))
    print(run.log.read_text()[:6000])
    assert rc == 0
