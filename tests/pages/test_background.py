"""Slow work of a page is done once, one piece at a time, and what nobody waits for any more is left out."""

import threading

import pytest

from pages.shared.background import Background, Report


def test_work_that_is_not_slow_has_ended_and_is_kept() -> None:
    background: Background[int] = Background("test", 2)
    task = background.ask("a", lambda report: 1, is_slow=False)
    assert task.future.result(0) == 1
    assert background.ask("a", lambda report: 2, is_slow=False) is task
    for other in "bc":
        background.ask(other, lambda report: 3, is_slow=False)
    assert background.ask("a", lambda report: 4, is_slow=False).future.result(0) == 4


def test_a_failure_is_raised_at_once_or_by_the_slow_task() -> None:
    background: Background[float] = Background("test", 2)
    with pytest.raises(ZeroDivisionError):
        background.ask("a", lambda report: 1 / 0, is_slow=False)
    assert background.ask("a", lambda report: 1.0, is_slow=False).future.result(0) == 1
    with pytest.raises(ZeroDivisionError):
        background.ask("b", lambda report: 1 / 0, is_slow=True).future.result(5)


def test_slow_work_that_still_waits_is_replaced_by_the_latest() -> None:
    background: Background[str] = Background("test", 5)
    begun, release = threading.Event(), threading.Event()

    def wait(report: Report) -> str:
        report(2, "waiting")
        begun.set()
        release.wait(5)
        return "first"

    first = background.ask("a", wait, is_slow=True)
    assert begun.wait(5)
    second = background.ask("b", lambda report: "second", is_slow=True)
    third = background.ask("c", lambda report: "third", is_slow=True)
    assert second.future.cancelled() and not first.future.done()
    assert (first.step, first.words) == (2, "waiting") and first.seconds > 0
    release.set()
    assert (first.future.result(5), third.future.result(5)) == ("first", "third")
    assert background.ask("b", lambda report: "again", is_slow=True).future.result(5) == "again"
