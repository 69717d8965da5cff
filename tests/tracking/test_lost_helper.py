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

@pytest.mark.parametrize("mode", ["online", "offline"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("method", ["tfidf", "lora"])
def test_x(server: WandbServer, runs: Path, attempts: Attempts, small_csv: Path, tiny_bert: Path, mode: str, moment: str, method: str) -> None:
    run = queue_run(runs, small_csv, method=method, base=str(tiny_bert), wandb_mode=mode)
    prepare, fault = MOMENTS[moment]
    environment = {"WANDB_API_KEY": API_KEY, "WANDB_BASE_URL": server.base_url}
    began = time.monotonic()
    rc = attempts.carry_out(run, fault=fault, prepare=f"os.environ.update({environment}); {prepare.lstrip()}")
    print(f"{mode} {method} {moment}: {time.monotonic() - began:.1f} s", place_of(run))
    print(run.log.read_text())
    assert rc == 0
