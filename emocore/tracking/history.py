"""A run's curve, read from W&B if the run is online there, otherwise from the local file."""

import threading
import time
from dataclasses import dataclass

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.wandb_place import WandbPlace
from emocore.system.keys import explain_refusal, may_have_key
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.place import read_place
from emocore.tracking.remote import Row
from emocore.tracking.wandb_read import LiveHistory

# A row that W&B still lacks after this time is considered missing; most rows arrive within 3 s.
LONGEST_LAG_SECONDS = 20.0
# Without an answer for this long, a curve is not live; W&B is asked every 1 to 2 s, and a request ends after 6 s.
LONGEST_SILENCE_SECONDS = 4.0
UNTIL_ANSWER = "until W&B answers"
MOST_KEPT = 200  # curves in memory, more than a page shows at once


@dataclass(frozen=True)
class History:
    """Rows as in `metrics.jsonl`; `source` is a sentence for the user, `url` the run's page on W&B."""

    rows: list[Row]
    source: str
    url: str | None = None


class HistoryReader:
    """Keeps one LiveHistory per online run, so that each read fetches only new rows."""

    def __init__(self) -> None:
        self._live: dict[str, LiveHistory] = {}  # the most recently read come last
        self._lock = threading.Lock()  # every open page reads in its own thread

    def read(self, run: RunFolder) -> History:
        """The rows known so far; never waits for the network."""
        local = read_metrics(run.metrics)
        try:
            place = read_place(run)
        except RunError as error:
            return History(local, f"from the local file ({error})")
        if place is None:
            return History(local, "from the local file (W&B has not started)")
        is_alive = not run.state.status.is_final
        if reason := _why_local(run, place, is_alive):
            return History(local, f"from the local file ({reason})", place.url)
        live = self._find_live(run, place)
        rows = live.rows(is_alive)
        if problem := _find_problem(live, rows, local, run):
            return History(local, f"from the local file ({problem})", place.url)
        return History(rows, "live from W&B" if is_alive else "from W&B", place.url)

    def _find_live(self, run: RunFolder, place: WandbPlace) -> LiveHistory:
        """The run's LiveHistory, created if needed; the least recently read one is dropped to make room."""
        with self._lock:
            live = self._live.pop(run.id, None) or LiveHistory(place)
            self._live[run.id] = live
            if len(self._live) > MOST_KEPT:
                del self._live[next(iter(self._live))]
        return live


def _why_local(run: RunFolder, place: WandbPlace, is_alive: bool) -> str | None:
    """Why the local file is used without asking W&B; None if W&B is to be asked."""
    if place.mode == "offline":
        return f"W&B offline: {_why_offline(run, place)}"
    if is_alive or place.complete:
        server = place.base_url or ""
        return None if may_have_key(server, "WANDB_API_KEY") else explain_refusal(server)
    reason = place.reason or "the run ended before everything was sent"
    return f"W&B has only part of this run: {reason}; Sync sends the rest"


def _why_offline(run: RunFolder, place: WandbPlace) -> str:
    if place.reason:
        return f"{place.reason}; Sync can send it later"
    chosen = run.config.wandb_mode == "offline"
    return "as chosen" if chosen else "WANDB_API_KEY was not set; Sync can send it later"


def _find_problem(live: LiveHistory, rows: list[Row], local: list[Row], run: RunFolder) -> str | None:
    """Why W&B's rows cannot be shown now; None if they can."""
    if live.error:
        return live.error
    if not rows and (local or not live.state):
        return UNTIL_ANSWER
    known = {row["step"] for row in rows}
    missing = next((row for row in local if row["step"] not in known), None)
    if missing is None:
        return None
    if live.silent_seconds > LONGEST_SILENCE_SECONDS:
        return UNTIL_ANSWER
    # The age of the first row that W&B lacks.
    lag = time.time() - run.metrics.stat().st_mtime + local[-1]["seconds"] - missing["seconds"]
    return f"W&B is {lag:.0f} s behind" if lag > LONGEST_LAG_SECONDS else None
