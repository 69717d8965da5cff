"""Read a run's history back from W&B, never in the way of a page.

`LiveHistory.rows()` answers at once with what is known. A thread in the background asks for what is new as long
as somebody looks and the run is not over. Not covered: runs of other projects (`team`), sampling.
"""

import threading
import time
from typing import Any

from emocore.tracking import remote
from emocore.tracking.client import give_up_if_dead, shared_api
from emocore.tracking.diagnosis import diagnose

REFRESH_SECONDS = 1.2
STATE_REFRESH_SECONDS = 10.0
LOOK_SECONDS = 6.0  # how long after the last look the asking goes on: pages look every 2 s, some every 5
LONGEST_PAUSE_SECONDS = 60.0

# However many runs a page shows, the server is asked about this many at a time.
_turns = threading.BoundedSemaphore(4)


class LiveHistory:
    """The growing history of one online run; `wandb_json` is the content of its `wandb.json`.

    `state` is W&B's word for where the run is ("running", "finished" ...), None until it has answered.
    """

    def __init__(self, wandb_json: dict[str, Any]) -> None:
        self._path = f"{wandb_json['entity']}/{wandb_json['project']}/{wandb_json['id']}"
        self._base_url = wandb_json["base_url"]
        self._rows: dict[int, remote.Row] = {}
        self._next_step = 0
        self._api: Any = None
        self._remote: Any = None
        self._state_read = 0.0
        self._looked = 0.0
        self._is_alive = True
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._trouble: str | None = None
        self._next_try = 0.0
        self._has_all = False
        self.state: str | None = None
        self.summary: dict[str, Any] = {}

    def rows(self, is_alive: bool = True) -> list[remote.Row]:
        """One row a step, in order, as far as they have arrived; later values over earlier ones.

        `is_alive` says that the run still works here, whatever W&B makes of it.
        """
        self._looked = time.monotonic()
        self._is_alive = is_alive
        is_asking = self._thread is not None and self._thread.is_alive()
        if not is_asking and (is_alive or not self._has_all):
            self._thread = threading.Thread(target=self._ask_while_looked_at, daemon=True)
            self._thread.start()
        rows = self._rows
        return [rows[step] for step in sorted(rows)]

    @property
    def error(self) -> str | None:
        """What keeps W&B from answering, and when it is asked again; None while all is well."""
        if self._trouble is None:
            return None
        return f"{self._trouble}; it is asked again in {max(1, self._next_try - time.monotonic()):.0f} s"

    def _ask_while_looked_at(self) -> None:
        while time.monotonic() - self._looked < LOOK_SECONDS and (self._is_alive or not self._has_all):
            if time.monotonic() >= self._next_try:
                with _turns:
                    self._ask()
            time.sleep(0.1)

    def _ask(self) -> None:
        """Fetch what is new. Any failure is kept for the page to show; the rows so far stay."""
        is_alive = self._is_alive
        try:
            self._load_state(is_due=not is_alive or time.monotonic() - self._state_read > STATE_REFRESH_SECONDS)
            rows = remote.fetch_rows(self._remote, min_step=self._next_step)
        except Exception as error:  # of whatever kind: a thread that dies of it could tell nobody
            self._back_off(error)
            return
        # A new dictionary, since a page may be reading the old one.
        new = remote.merge_rows(rows)
        self._rows = self._rows | {step: self._rows.get(step, {}) | row for step, row in new.items()}
        self._next_step = max([self._next_step, *(int(row["_step"]) + 1 for row in rows)])
        self._has_all = not is_alive and remote.has_ended(self._remote)
        self._trouble, self._failures = None, 0
        self._next_try = time.monotonic() + REFRESH_SECONDS

    def _load_state(self, is_due: bool) -> None:
        """W&B's state of the run, before its rows are asked for: those of an ended run are then all there."""
        if self._remote is None:
            self._api = shared_api(self._base_url)
            self._api.flush()  # it keeps the runs that it has seen, as they were
            self._remote = self._api.run(self._path)
        elif is_due:
            self._remote.load(force=True)
        else:
            return
        self._state_read = time.monotonic()
        self.state, self.summary = self._remote.state, dict(self._remote.summary_metrics)

    def _back_off(self, error: Exception) -> None:
        give_up_if_dead(self._api, error)
        self._remote = None  # opened anew, by another helper process if need be
        trouble = diagnose(error, self._base_url)
        self._failures += 1
        pause = min(LONGEST_PAUSE_SECONDS, max(2.0**self._failures, trouble.retry_after or 0))
        self._next_try = time.monotonic() + pause
        self._trouble = trouble.reason
