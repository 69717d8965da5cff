"""A run's curve and where it comes from: W&B when it is online there, otherwise the local file."""

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

# A row that W&B lacks for so long will not come by itself; usually one is there within 3 s.
LONGEST_LAG_SECONDS = 20.0
# A curve that W&B has not answered about for so long is not live; it is asked every 1 to 2 s, and gives up after 6.
LONGEST_SILENCE_SECONDS = 4.0
UNTIL_ANSWER = "until W&B answers"
MOST_KEPT = 200  # curves of as many runs stay in memory, more than a page shows at once


@dataclass(frozen=True)
class History:
    """Rows as in `metrics.jsonl`; `source` is a sentence for the user, `url` the run's page on W&B."""

    rows: list[Row]
    source: str
    url: str | None = None


class HistoryReader:
    """Keeps one LiveHistory an online run, so that each look fetches only what is new."""

    def __init__(self) -> None:
        self._live: dict[str, LiveHistory] = {}  # those looked at last come last
        self._lock = threading.Lock()  # every page that is open reads in a thread of its own

    def read(self, run: RunFolder) -> History:
        """The curve as far as it is known now; never waits for the network."""
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
        """The run's, new or known; the one that nobody has looked at for longest makes room."""
        with self._lock:
            live = self._live.pop(run.id, None) or LiveHistory(place)
            self._live[run.id] = live
            if len(self._live) > MOST_KEPT:
                del self._live[next(iter(self._live))]
        return live


def _why_local(run: RunFolder, place: WandbPlace, is_alive: bool) -> str | None:
    """Why W&B need not be asked, since it does not have all; None if it is to be asked."""
    if place.mode == "offline":
        return f"W&B offline: {_why_offline(run, place)}"
    if is_alive or place.complete:
        server = place.base_url or ""
        return None if may_have_key(server, "WANDB_API_KEY") else explain_refusal(server)
    reason = place.reason or "the run ended before all was sent"
    return f"W&B has only a part of this run: {reason}; Sync sends the rest"


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
    # How long ago the first row was logged that W&B does not have.
    lag = time.time() - run.metrics.stat().st_mtime + local[-1]["seconds"] - missing["seconds"]
    return f"W&B is {lag:.0f} s behind" if lag > LONGEST_LAG_SECONDS else None
