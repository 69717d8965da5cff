"""Slow work of a page: each piece once, in a thread, so that a redrawn page neither interrupts nor repeats it."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
Report = Callable[[int, str], None]
"""Takes the number of a step and what it does."""
ABANDONED_SECONDS = 5  # after which nobody waits for a task any more, as a page asks twice a second


class Task(Generic[T]):
    """A piece of work, and how far it is. The work must not call Streamlit, which does not know its thread.

    `is_left_out` is True of work that will never begin, because nobody waited for it when its turn came.
    """

    def __init__(self, work: Callable[[Report], T], is_slow: bool) -> None:
        self._work = work
        self.is_slow = is_slow
        self.future: Future[T] = Future()
        self.step, self.words = 1, "waiting for other data"
        self.is_left_out = False
        self._began_at = self._asked_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it began, or since it was asked for as long as it waits."""
        return time.monotonic() - self._began_at

    def is_done(self) -> bool:
        """Whether there is a result or an error. Who asks this waits for it."""
        self._asked_at = time.monotonic()
        return self.future.done()

    def is_abandoned(self) -> bool:
        return time.monotonic() - self._asked_at > ABANDONED_SECONDS

    def result(self) -> T:
        """Of work that is done. Raises its error, which each redraw of a page would otherwise make longer."""
        if error := self.future.exception():
            raise error.with_traceback(None)
        return self.future.result()

    def run(self) -> None:
        self._began_at = time.monotonic()
        try:
            self.future.set_result(self._do())
        except BaseException as error:  # `result` raises it where it is asked for
            self.future.set_exception(error)

    def _do(self) -> T:
        """Lets go of the work, which may hold files, before anybody sees that it is done."""
        try:
            return self._work(self._note)
        finally:
            del self._work

    def _note(self, step: int, words: str) -> None:
        self.step, self.words = step, words


class Background(Generic[T]):
    """Does one piece of slow work at a time and keeps results by key: the latest `most_kept` of slow work, and as many
    of other work, which is soon done again and does not take their place."""

    def __init__(self, name: str, most_kept: int) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[Hashable, Task[T]] = {}
        self._most_kept = most_kept
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def ask(self, key: Hashable, work: Callable[[Report], T], is_slow: bool) -> Task[T]:
        """The task of this key. Work that is not slow is done here, unless somebody else does it already; if it fails,
        it is done again when it is asked for again. Slow work is done in a thread, if somebody still waits then."""
        with self._lock:
            if task := self._tasks.pop(key, None):
                self._tasks[key] = task  # the last one is the latest
                task.is_done()  # which notes that somebody waits
                return task
            task = self._tasks[key] = Task(work, is_slow)
        if is_slow:
            self._pool.submit(self._run_if_awaited, key, task)
        else:
            self._run(task)
            if task.future.exception():
                self._forget(key, task)
        return task

    def _run_if_awaited(self, key: Hashable, task: Task[T]) -> None:
        with self._lock:  # so that whoever asks now finds no task that is left out
            task.is_left_out = task.is_abandoned()
            if task.is_left_out:
                del self._tasks[key]
                return
        self._run(task)

    def _run(self, task: Task[T]) -> None:
        task.run()
        with self._lock:  # what still waits or runs is not let go of, or its session would ask for it again
            others = [(key, other) for key, other in self._tasks.items() if other.is_slow == task.is_slow]
            ended = [key for key, other in others if other.future.done()]
            for key in ended[: -self._most_kept]:
                del self._tasks[key]

    def _forget(self, key: Hashable, task: Task[T]) -> None:
        with self._lock:
            if self._tasks.get(key) is task:
                del self._tasks[key]
