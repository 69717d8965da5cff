"""A page that shows several online runs reports soon that their W&B server is down, in the same words for all, and only
while it is down."""

import time

import pytest
from inline_snapshot import snapshot

from emocore.run.wandb_place import WandbPlace
from emocore.tracking import wandb_read
from emocore.tracking.client import API_TIMEOUT_SECONDS, shared_api
from emocore.tracking.history import HistoryReader
from emocore.tracking.wandb_read import LiveHistory
from tests.support.live_runs import wait_for
from tests.support.tables import make_place
from tests.support.threads import at_once
from tests.support.wandb_children import Child
from tests.support.wandb_server import WandbServer

AGAIN = "Emocore will try again"

pytestmark = pytest.mark.usefixtures("key")


def place_on(server: WandbServer, number: int = 0) -> WandbPlace:
    return WandbPlace(**make_place(id=f"run-{number}", base_url=server.base_url, url=None))


def begin(child: Child, steps: int) -> HistoryReader:
    """A reader that has shown all the rows that the child has logged."""
    child.tell(f"log {steps}")
    reader = HistoryReader()
    wait_for(lambda: (h := reader.read(child.run)).source == "live from W&B" and len(h.rows) == steps, 20, "the rows")
    return reader


def test_a_failure_to_open_is_shared_by_those_who_wait(server: WandbServer) -> None:
    server.fail(500)

    def ask() -> None:
        with pytest.raises(Exception, match="Failed to verify"):
            shared_api(server.base_url)

    began = time.monotonic()
    at_once(ask, ask, ask)
    assert time.monotonic() - began < 2 * API_TIMEOUT_SECONDS  # one after another they would wait three times as long
    server.recover()
    assert wait_for(lambda: open_or_none(server), 10, "the failure to be forgotten")


def open_or_none(server: WandbServer) -> object:
    try:
        return shared_api(server.base_url)
    except Exception:  # of whatever kind the client raises
        return None


def told_of(readers: list[LiveHistory]) -> set[str | None]:
    """The sources that one update of a page shows for all of them."""
    return {reader.error for reader in readers if reader.rows() == []}


def test_many_runs_of_a_dead_server_are_told_it_soon_and_in_one_sentence(server: WandbServer) -> None:
    server.stop()
    readers = [LiveHistory(place_on(server, number)) for number in range(12)]
    began = time.monotonic()
    wait_for(lambda: None not in told_of(readers), 40, "all to be told")
    assert time.monotonic() - began < API_TIMEOUT_SECONDS + 5
    for _ in range(12):  # over the next question, which is under way for 6 s
        assert told_of(readers) == {
            f"W&B could not be reached at {server.base_url}; check the network and the address; {AGAIN}"
        }
        time.sleep(1)


def test_the_trouble_of_an_earlier_look_is_no_news(server: WandbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandb_read, "LOOK_SECONDS", 1.0)
    server.fail(401)
    reader = LiveHistory(place_on(server))
    wait_for(lambda: reader.rows() or reader.error, 20, "the trouble")
    until = time.monotonic() + 7  # after three failures it pauses for 8 s
    while time.monotonic() < until:
        reader.rows()
        time.sleep(0.1)
    server.recover()
    time.sleep(1.5)
    server.requests.clear()
    assert (reader.rows(), reader.error) == ([], None)
    wait_for(lambda: server.requests, 2, "a question, whatever the pause was")


def test_a_pause_that_the_server_asked_for_outlasts_a_pause_in_looking(
    server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandb_read, "LOOK_SECONDS", 1.0)
    server.limit(60)
    reader = LiveHistory(place_on(server))
    wait_for(lambda: reader.rows() or reader.error, 20, "the trouble")
    time.sleep(1.5)
    asked = len(server.requests)
    other = LiveHistory(place_on(server, 1))
    for _ in range(10):
        assert reader.rows() == other.rows() == []
        time.sleep(0.2)
    assert reader.error == other.error
    assert "rate limit" in (reader.error or "")
    assert len(server.requests) == asked


def test_a_curve_that_stands_still_is_not_called_live(server: WandbServer, child: Child) -> None:
    reader = begin(child, steps=3)
    server.stall(600)
    stalled = time.monotonic()
    child.tell("log 1")
    wait_for(lambda: "live" not in reader.read(child.run).source, 20, "the local file")
    assert time.monotonic() - stalled < 5
    history = reader.read(child.run)
    assert history.source == snapshot("from the local file (until W&B answers)")
    assert [row["step"] for row in history.rows] == [1, 2, 3, 4]
    told = wait_for(lambda: (h := reader.read(child.run)).source.endswith(f"{AGAIN})") and h, 20, "the trouble")
    assert told.source == f"from the local file (W&B at {server.base_url} does not answer in time; {AGAIN})"
    server.recover()
    wait_for(lambda: reader.read(child.run).source == "live from W&B", 30, "the rows to be live again")


def test_a_run_that_logs_rarely_stays_live(child: Child) -> None:
    reader = begin(child, steps=2)
    until = time.monotonic() + 8
    while time.monotonic() < until:
        assert reader.read(child.run).source == "live from W&B"
        time.sleep(0.2)
    child.tell("log 1")
    while len((history := reader.read(child.run)).rows) < 3:
        assert history.source == "live from W&B"
        time.sleep(0.1)


def test_of_a_page_opened_again_the_old_curve_is_not_called_live(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandb_read, "LOOK_SECONDS", 1.0)
    reader = begin(child, steps=2)
    child.tell("log 3")
    time.sleep(5.5)
    history = reader.read(child.run)
    assert (history.rows[-1]["step"], history.source) == (5, snapshot("from the local file (until W&B answers)"))
    wait_for(lambda: reader.read(child.run).source == "live from W&B", 10, "W&B to answer")
