"""Slow work of a page is done once, one piece at a time, and what nobody waits for any more is left out."""

import gc
import threading
import time
import traceback
import weakref
from collections.abc import Iterator

import pytest

from pages.shared.background import Background, Report, Task

SECONDS = 5  # for what has to happen


def test_work_that_is_not_slow_has_ended_and_is_kept() -> None:
    background: Background[int] = Background("test", 2)
    task = background.ask("a", lambda report: 1, is_slow=False)
    assert task.future.result(0) == 1
    assert background.ask("a", lambda report: 2, is_slow=False) is task
    for other in "bc":
        background.ask(other, lambda report: 3, is_slow=False)
    assert background.ask("a", lambda report: 4, is_slow=False).result() == 4


def test_results_of_slow_work_stay_when_others_are_asked_for() -> None:
    background: Background[int] = Background("test", 1)
    slow = background.ask("slow", lambda report: 1, is_slow=True)
    assert slow.future.result(SECONDS) == 1
    for key in "abc":
        background.ask(key, lambda report: 2, is_slow=False)
    assert background.ask("slow", lambda report: 3, is_slow=True) is slow
    background.ask("other", lambda report: 4, is_slow=True).future.result(SECONDS)
    background.ask("last", lambda report: 5, is_slow=True).future.result(SECONDS)
    assert background.ask("slow", lambda report: 6, is_slow=True) is not slow


def test_a_failure_is_raised_by_the_task_and_tried_again_if_that_is_not_slow() -> None:
    background: Background[float] = Background("test", 2)
    with pytest.raises(ZeroDivisionError):
        background.ask("a", lambda report: 1 / 0, is_slow=False).result()
    assert background.ask("a", lambda report: 1.0, is_slow=False).result() == 1
    with pytest.raises(ZeroDivisionError):
        background.ask("b", lambda report: 1 / 0, is_slow=True).result()


def test_an_error_that_is_told_again_does_not_grow() -> None:
    task = Background[float]("test", 2).ask("a", lambda report: 1 / 0, is_slow=True)
    assert len({count_frames(task) for _ in range(3)}) == 1


def count_frames(task: Task[float]) -> int:
    with pytest.raises(ZeroDivisionError) as caught:
        task.result()
    return len(traceback.extract_tb(caught.value.__traceback__))


def test_work_of_one_session_does_not_block_another() -> None:
    background: Background[str] = Background("test", 5)
    begun, release = threading.Event(), threading.Event()

    def wait(report: Report) -> str:
        begun.set()
        release.wait(SECONDS)
        return "waited"

    session = threading.Thread(target=background.ask, args=("a", wait, False))
    session.start()
    assert begun.wait(SECONDS)
    assert background.ask("b", lambda report: "other", is_slow=False).result() == "other"
    shared = background.ask("a", lambda report: "again", is_slow=False)
    assert session.is_alive() and not shared.future.done()
    release.set()
    assert shared.future.result(SECONDS) == "waited"
    session.join(SECONDS)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def busy(release: threading.Event) -> Background[str]:
    """It does something else until `release` is set."""
    background: Background[str] = Background("test", 1)
    begun = threading.Event()

    def wait(report: Report) -> str:
        report(2, "waiting")
        begun.set()
        release.wait(SECONDS)
        return "first"

    first = background.ask("first", wait, is_slow=True)
    assert begun.wait(SECONDS)
    assert (first.step, first.words) == (2, "waiting") and first.seconds > 0
    return background


def test_what_several_sessions_wait_for_is_all_done(busy: Background[str], release: threading.Event) -> None:
    tasks = [busy.ask(key, lambda report, key=key: key, is_slow=True) for key in "abc"]  # type: ignore[misc]
    assert [busy.ask(key, lambda report: "again", is_slow=True) for key in "abc"] == tasks
    release.set()
    assert [task.future.result(SECONDS) for task in tasks] == ["a", "b", "c"]


def test_work_that_nobody_waits_for_is_left_out(
    busy: Background[str], release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.background.ABANDONED_SECONDS", 0.05)
    abandoned, awaited = (busy.ask(key, lambda report: "done", is_slow=True) for key in "ab")
    time.sleep(0.1)
    assert not awaited.is_done()
    release.set()
    assert awaited.future.result(SECONDS) == "done"
    assert abandoned.is_left_out and not abandoned.is_done() and not awaited.is_left_out
    assert busy.ask("a", lambda report: "again", is_slow=True).future.result(SECONDS) == "again"


class Large:
    """What a piece of work needs."""


@pytest.mark.parametrize("is_slow", [True, False])
def test_what_the_work_needed_is_let_go_of(is_slow: bool) -> None:
    large, background = Large(), Background[str]("test", 2)
    task = background.ask("a", lambda report, large=large: type(large).__name__, is_slow)  # type: ignore[misc]
    assert task.future.result(SECONDS) == "Large"
    is_there = weakref.ref(large)
    del large
    gc.collect()
    assert is_there() is None
