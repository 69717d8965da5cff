"""W&B down at the start, in the middle and at the end, silent, broken, overrun, and with a wrong key.

With the real client and no shorter time limits than a user's: a run may wait 15 s in all, its local file is
complete, and `wandb.json` and the page's label tell the truth.
"""

import contextlib
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.tracking.history import HistoryReader
from emocore.tracking.metrics_file import read_metrics
from tests.support.live_runs import wait_for
from tests.support.tables import change_status
from tests.support.wandb_children import FAULTS, LOG_AS_TOLD, Child, assert_no_key, children, new_run, place_of
from tests.support.wandb_server import WandbServer

MOST_SECONDS = 15
BAD_KEYS = {"a short key": "short", "a sentence for a key": "not a key, " * 5}
MOMENTS = ("start", "middle", "end")
WORDS = {
    "dead": "could not be reached",
    "silent": "in time",
    "refusing the key": "does not accept the key; check WANDB_API_KEY",
    "broken": "fault of its own (HTTP 500)",
    "overrun": "rate limit",
    "a short key": "does not accept the key",
    "a sentence for a key": "does not accept the key",
}
CASES = [(fault, moment) for fault in FAULTS for moment in MOMENTS] + [(name, "start") for name in BAD_KEYS]
CASES.append(("silent", "end after a slow start"))
SLOW_SECONDS = 1.5


@dataclass
class Ordeal:
    """What a run with 10 rows went through; `seconds` is all that W&B cost it, `rows_there` what arrived."""

    run: RunFolder
    seconds: float = math.inf
    rows_there: int = 0


def undergo(child: Child, server: WandbServer, fault: str, moment: str) -> Ordeal:
    """From the first row to the last, with the fault at its moment."""
    seconds = child.read_seconds()
    if "slow" in moment:
        server.recover()
    seconds += child.tell("log 5")
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
    seconds += child.tell("end 0")
    began = time.monotonic()
    child.finish()
    seconds += time.monotonic() - began
    change_status(child.run, RunStatus.FINISHED)
    return Ordeal(child.run, seconds, sum(len(stored.history) for stored in server.runs.values()))


@pytest.fixture(scope="module")
def ordeals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Ordeal]]:
    """Every case in a process and with a server of its own. They mostly wait, so they do it together."""
    root = tmp_path_factory.mktemp("troubled")
    ended: dict[tuple[str, str], Ordeal] = {}

    def carry_out(child: Child, server: WandbServer, case: tuple[str, str]) -> None:
        ended[case] = Ordeal(child.run)
        ended[case] = undergo(child, server, *case)

    with contextlib.ExitStack() as stack:
        start = stack.enter_context(children())
        threads = []
        for fault, moment in CASES:
            server = stack.enter_context(WandbServer())
            if moment == "start" and fault in FAULTS:
                FAULTS[fault](server)
            if "slow" in moment:
                server.stall(SLOW_SECONDS)
            key = {"key": BAD_KEYS[fault]} if fault in BAD_KEYS else {}
            child = start(LOG_AS_TOLD, new_run(root, server), "0", **key)
            threads.append(threading.Thread(target=carry_out, args=(child, server, (fault, moment))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield ended


@pytest.mark.parametrize("case", CASES, ids=" at the ".join)
def test_an_outage_costs_seconds_and_no_row(ordeals: dict[tuple[str, str], Ordeal], case: tuple[str, str]) -> None:
    ordeal = ordeals[case]
    print(f"{case}: {ordeal.seconds:.1f} s")
    assert ordeal.seconds < MOST_SECONDS
    assert [row["step"] for row in read_metrics(ordeal.run.metrics) if "train/loss" in row] == list(range(1, 11))
    assert_no_key(ordeal.run)


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


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_server_there_is_an_offline_copy_in_w_and_b_s_own_format(
    ordeals: dict[tuple[str, str], Ordeal], fault: str
) -> None:
    assert list(ordeals[fault, "start"].run.path.glob("wandb/offline-run-*/*.wandb"))


def test_a_hiccup_that_passes_leaves_nothing_out(tmp_path: Path) -> None:
    with WandbServer() as server, children() as start:
        child = start(LOG_AS_TOLD, new_run(tmp_path, server), "0")
        child.read_seconds()
        server.limit(1)
        child.tell("log 5")
        time.sleep(2)
        server.recover()
        assert child.tell("end 0") < 8
        child.finish()
        [stored] = server.runs.values()
        assert len(stored.history) == 6
        assert place_of(child.run) | {"entity": None, "url": None} == {
            "mode": "online", "reason": None, "entity": None, "project": "emocore", "id": child.run.id, "url": None,
            "base_url": server.base_url, "complete": True,
        }  # fmt: skip


def test_a_client_that_breaks_down_is_given_up_and_said_so(tmp_path: Path) -> None:
    with WandbServer() as server, children() as start:
        child = start(LOG_AS_TOLD, new_run(tmp_path, server), "0")
        child.read_seconds()
        child.tell("log 5")
        for helper in psutil.Process(child.process.pid).children(recursive=True):
            helper.kill()
        assert child.tell("log 5") + child.tell("log 5") + child.tell("end 0") < 5
        child.finish()
    assert "the W&B client broke down" in place_of(child.run)["reason"]
    assert place_of(child.run)["complete"] is False
    assert read_metrics(child.run.metrics)[-1]["step"] == 15
    assert "Traceback" not in child.run.log.read_text(encoding="utf-8")
