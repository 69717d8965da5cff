"""Read a run's history back from W&B without blocking a page.

`LiveHistory.rows()` returns the known rows at once. A background thread fetches new rows while the run continues and
its rows are read. The reason why a server does not answer is found once for all runs there. Not covered: runs of other
projects (`team`), sampling.
"""

import threading
import time
from typing import Any

from emocore.run.wandb_place import WandbPlace
from emocore.tracking import remote
from emocore.tracking.client import give_up_if_dead, shared_api
from emocore.tracking.diagnosis import WandbFailure, diagnose

REFRESH_SECONDS = 1.2
STATE_REFRESH_SECONDS = 10.0
LOOK_SECONDS = 6.0  # requests continue this long after the last read; pages read every 2 s, some every 5 s
LONGEST_PAUSE_SECONDS = 60.0

# At most this many runs are fetched at a time, however many a page shows.
_turns = threading.BoundedSemaphore(4)


class _RetryState:
    """Why W&B does not answer, and when it may be asked again."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.next_try = 0.0
        self._failures = 0
        self._noted = 0.0
        self._looked = 0.0
        self._asked_pause_ends = 0.0
        self._lock = threading.Lock()

    def look(self) -> None:
        """Call this at each read. After a break in reading, an old failure is forgotten and W&B is asked again at once,
        unless it has asked for the pause itself."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked > LOOK_SECONDS and now >= self._asked_pause_ends:
                self._clear()
            self._looked = now

    def note(self, failure: WandbFailure, asked: float) -> None:
        """A request sent at the time `asked` failed. Requests that ran at the same time count as one failure."""
        with self._lock:
            now = time.monotonic()
            if self._noted <= asked:
                self._failures += 1
            pause = max(2.0 ** min(self._failures, 10), failure.retry_after or 0)
            self.reason, self._noted = failure.reason, now
            self.next_try = max(self.next_try, now + min(LONGEST_PAUSE_SECONDS, pause))
            if failure.retry_after:
                self._asked_pause_ends = self.next_try

    def end(self, asked: float) -> None:
        """A request sent at the time `asked` was answered; this does not clear a later failure."""
        with self._lock:
            if self._noted <= asked:
                self._clear()

    def _clear(self) -> None:
        self.reason, self.next_try, self._failures = None, 0.0, 0


# By the server's address: if one run finds it down, the others need not wait for their own failure.
_servers: dict[str, _RetryState] = {}


class LiveHistory:
    """The growing history of one online run, which is at `place`.

    `state` is W&B's state of the run ("running", "finished" ...), None until it has answered.
    """

    def __init__(self, place: WandbPlace) -> None:
        self._path = place.path
        self._base_url = place.base_url or ""
        self._rows: dict[int, remote.Row] = {}
        self._next_step = 0
        self._api: Any = None
        self._remote: Any = None
        self._state_read = 0.0
        self._looked = 0.0
        self._is_alive = True
        self._thread: threading.Thread | None = None
        self._server = _servers.setdefault(self._base_url, _RetryState())
        self._own = _RetryState()  # failures that concern only this run, not the server
        self._next_refresh = 0.0
        self._answered = 0.0
        self._has_all = False
        self.state: str | None = None
        self.summary: dict[str, Any] = {}

    def rows(self, is_alive: bool = True) -> list[remote.Row]:
        """The rows that have arrived, one per step and in order; later values replace earlier ones.

        `is_alive` says that the run is live on this machine, whatever its state on W&B.
        """
        self._server.look()
        self._own.look()
        self._looked = time.monotonic()
        self._is_alive = is_alive
        is_asking = self._thread is not None and self._thread.is_alive()
        if not is_asking and self._is_growing:
            self._thread = threading.Thread(target=self._ask_while_looked_at, daemon=True)
            self._thread.start()
        rows = self._rows
        return [rows[step] for step in sorted(rows)]

    @property
    def error(self) -> str | None:
        """Why W&B does not answer; None if it does. Runs with the same problem get the same sentence."""
        reason = self._server.reason or self._own.reason
        return f"{reason}; Emocore will try again" if reason and self._is_growing else None

    @property
    def silent_seconds(self) -> float:
        """Seconds since W&B last sent all its rows; 0 if no more requests are made."""
        return time.monotonic() - self._answered if self._is_growing else 0.0

    @property
    def _is_growing(self) -> bool:
        return self._is_alive or not self._has_all

    def _ask_while_looked_at(self) -> None:
        while time.monotonic() - self._looked < LOOK_SECONDS and self._is_growing:
            if self._is_due():
                with _turns:
                    if self._is_due():  # another run may have found the server down meanwhile
                        self._ask()
            time.sleep(0.1)

    def _is_due(self) -> bool:
        return time.monotonic() >= max(self._next_refresh, self._own.next_try, self._server.next_try)

    def _ask(self) -> None:
        """Fetch new rows. A failure is stored for the page to show; the known rows stay."""
        is_alive, asked = self._is_alive, time.monotonic()
        try:
            self._load_state(is_due=not is_alive or time.monotonic() - self._state_read > STATE_REFRESH_SECONDS)
            rows = remote.fetch_rows(self._remote, min_step=self._next_step)
        except Exception as error:  # of any kind: an error that ends the thread would not be shown
            self._back_off(error, asked)
            return
        # A new dictionary, because a page may be reading the old one.
        new = remote.merge_rows(rows)
        self._rows = self._rows | {step: self._rows.get(step, {}) | row for step, row in new.items()}
        self._next_step = max([self._next_step, *(int(row["_step"]) + 1 for row in rows)])
        self._has_all = not is_alive and remote.has_ended(self._remote)
        self._answered = time.monotonic()
        self._next_refresh = self._answered + REFRESH_SECONDS
        self._own.end(asked)
        self._server.end(asked)

    def _load_state(self, is_due: bool) -> None:
        """Load W&B's state of the run before its rows, so that the rows of an ended run are complete."""
        if self._remote is None:
            self._api = shared_api(self._base_url)
            self._api.flush()  # otherwise it would answer from its cache
            self._remote = self._api.run(self._path)
        elif is_due:
            self._remote.load(force=True)
        else:
            return
        self._state_read = time.monotonic()
        self.state, self.summary = self._remote.state, dict(self._remote.summary_metrics)

    def _back_off(self, error: Exception, asked: float) -> None:
        give_up_if_dead(self._api, error)
        self._remote = None  # opened again, by another helper process if needed
        failure = diagnose(error, self._base_url)
        (self._server if failure.is_of_server else self._own).note(failure, asked)
