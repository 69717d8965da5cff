"""Threads of a test: several calls at once, and one that goes on while the test looks."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from emocore.errors import EmocoreError


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returns, or the EmocoreError that it is refused with; none begins before all threads are there."""
    barrier = threading.Barrier(len(calls))

    def make(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except EmocoreError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


@contextlib.contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Repeat `work` in another thread; its errors make the test fail."""
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            work()

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go_on)
        try:
            yield
        finally:
            done.set()
        going.result()
