"""W&B down at the start, in the middle and at the end, silent, broken, overrun, and with a wrong key.

With the real client and no shorter time limits than a user's: a run may wait 15 s in all, its local file is
complete, and `wandb.json` and the page's label tell the truth.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import psutil
import pytest

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.tracking.history import HistoryReader
from emocore.tracking.metrics_file import read_metrics
from tests.support.live_runs import wait_for
from tests.support.tables import change_status, make_place
from tests.support.threads import at_once
from tests.support.wandb_children import FAULTS, Child, assert_no_key, children, new_run, place_of
from tests.support.wandb_server import WandbServer

MOST_SECONDS = 15
BAD_KEYS = {"a short key": "short", "a sentence for a key": "not a key, " * 5}
MOMENTS = ("start", "middle", "end")
WORDS = {
    "dead": "could not be reached",
    "silent": "in time",
    "refusing the key": "does not accept the key; check WANDB_API_KEY",
    "broken": "internal error (HTTP 500)",
    "overrun": "rate limit",
    "a short key": "does not accept the key",
    "a sentence for a key": "does not accept the key",
}
CASES = [(fault, moment) for fault in FAULTS for moment in MOMENTS] + [(name, "start") for name in BAD_KEYS]
CASES.append(("silent", "end after a slow start"))
SLOW_SECONDS = 1.5


@dataclass
class Ordeal:
    """What a run with 10 rows went through; `seconds` is all that W&B cost it."""

    run: RunFolder
    seconds: float


def undergo(start: Callable[..., Child], run: RunFolder, server: WandbServer, fault: str, moment: str) -> Ordeal:
    """From the first row to the last, with the fault at its moment."""
    child = start(run, **({"key": BAD_KEYS[fault]} if fault in BAD_KEYS else {}))
    if "slow" in moment:
        server.recover()
    seconds = child.seconds_to_begin + child.tell("log 5")
    if moment != "start":
        wait_for(lambda: any(stored.history for stored in server.runs.values()), 20, "the first rows")
    if moment == "middle":
        FAULTS[fault](server)
        time.sleep(2.5)
    seconds += child.tell("log 5")
    if moment.startswith("end"):
        [stored] = server.runs.values()
        wait_for(lambda: len(stored.history) == 12, 20, "all rows")
        FAULTS[fault](server)
    seconds += child.finish("end 0")
    change_status(run, RunStatus.FINISHED)
    return Ordeal(run, seconds)


@pytest.fixture(scope="module")
def ordeals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Ordeal]]:
    """Every case in a process and with a server of its own. They mostly wait, so they do it together."""
    root = tmp_path_factory.mktemp("troubled")
    with contextlib.ExitStack() as stack:
        start = stack.enter_context(children())
        calls = []
        for fault, moment in CASES:
            server = stack.enter_context(WandbServer())
            if moment == "start" and fault in FAULTS:
                FAULTS[fault](server)
            if "slow" in moment:
                server.stall(SLOW_SECONDS)
            calls.append(partial(undergo, start, new_run(root, server), server, fault, moment))
        yield dict(zip(CASES, at_once(*calls), strict=True))


@pytest.mark.parametrize("case", CASES, ids=" at the ".join)
def test_an_outage_costs_seconds_and_no_row(ordeals: dict[tuple[str, str], Ordeal], case: tuple[str, str]) -> None:
    ordeal = ordeals[case]
    print(f"{case}: {ordeal.seconds:.1f} s")
    assert ordeal.seconds < MOST_SECONDS
    assert [row["step"] for row in read_metrics(ordeal.run.metrics) if "train/loss" in row] == list(range(1, 11))
    assert_no_key(ordeal.run)
    has_copy = bool(list(ordeal.run.path.glob("wandb/offline-run-*/*.wandb")))
    assert has_copy or case[1] != "start", "an offline copy in W&B's own format"


@pytest.mark.parametrize("case", CASES, ids=" at the ".join)
def test_an_outage_is_told_as_it_was(ordeals: dict[tuple[str, str], Ordeal], case: tuple[str, str]) -> None:
    fault, moment = case
    place = place_of(ordeals[case].run)
    assert place["complete"] is False
    assert place["mode"] == ("offline" if moment == "start" else "online")
    assert bool(place["url"]) == (moment != "start")
    assert WORDS[fault] in place["reason"]
    assert "\n" not in place["reason"] and "Error" not in place["reason"]
    history = HistoryReader().read(ordeals[case].run)
    assert len(history.rows) == 12
    assert history.source.startswith("from the local file (W&B ")
    assert place["reason"] in history.source and "; Sync " in history.source
    assert history.url == place["url"]


def test_a_hiccup_that_passes_leaves_nothing_out(server: WandbServer, child: Child) -> None:
    server.limit(1)
    child.tell("log 5")
    time.sleep(2)
    server.recover()
    assert child.tell("end 0") < 8
    child.finish()
    [stored] = server.runs.values()
    assert len(stored.history) == 6
    expected = make_place(project="emocore", id=child.run.id, base_url=server.base_url, complete=True)
    assert place_of(child.run) | {"url": None} == expected | {"url": None}


def test_a_client_that_breaks_down_is_given_up_and_said_so(child: Child) -> None:
    child.tell("log 5")
    for helper in psutil.Process(child.process.pid).children(recursive=True):
        helper.kill()
    assert child.tell("log 5", "log 5", "end 0") < 5
    child.finish()
    assert "the W&B client broke down" in place_of(child.run)["reason"]
    assert place_of(child.run)["complete"] is False
    assert read_metrics(child.run.metrics)[-1]["step"] == 15
    assert "Traceback" not in child.run.log.read_text(encoding="utf-8")
