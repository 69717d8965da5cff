"""Slow work of a page: each piece once, in a thread, so that a redrawn page neither interrupts nor repeats it."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Task(Generic[T]):
    """A piece of work and when it was asked for."""

    future: Future[T]
    _asked_at: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it was asked for."""
        return time.monotonic() - self._asked_at


class Background(Generic[T]):
    """Does one piece of work at a time and keeps the latest results by key."""

    def __init__(self, name: str, most_kept: int) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[Hashable, Task[T]] = {}
        self._most_kept = most_kept
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def ask(self, key: Hashable, work: Callable[[], T], is_slow: bool) -> Task[T]:
        """The task of this key. Work that is not slow is done at once, and what it raises is raised here. Slow work is
        done in a thread, in place of what still waits; it must not call Streamlit, which does not know the thread."""
        with self._lock:
            if task := self._tasks.pop(key, None):
                self._tasks[key] = task  # the last one is the latest
                return task
            if is_slow:
                self._tasks = {old: other for old, other in self._tasks.items() if not other.future.cancel()}
                task = Task(self._pool.submit(work))
            else:
                task = Task(Future())
                task.future.set_result(work())
            self._tasks[key] = task
            for old in list(self._tasks)[: -self._most_kept]:
                del self._tasks[old]
        return task
