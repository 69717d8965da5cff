"""A run's curve and where it comes from: W&B when it is online there, otherwise the local file."""

import time
from dataclasses import dataclass
from typing import Any

from emocore.folder import RunFolder
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.remote import Row
from emocore.tracking.wandb_read import LiveHistory

# A row that W&B lacks for so long will not come by itself; usually one is there within 3 s.
LONGEST_LAG_SECONDS = 20.0


@dataclass(frozen=True)
class History:
    """Rows as in `metrics.jsonl`; `source` is a sentence for the user, `url` the run's page on W&B."""

    rows: list[Row]
    source: str
    url: str | None = None


class HistoryReader:
    """Keeps one LiveHistory an online run, so that each look fetches only what is new."""

    def __init__(self) -> None:
        self._live: dict[str, LiveHistory] = {}

    def read(self, run: RunFolder) -> History:
        """The curve as far as it is known now; never waits for the network."""
        local = read_metrics(run.metrics)
        place = run.read_json("wandb.json")
        if place is None:
            return History(local, "from the local file (W&B has not started)")
        if place["mode"] == "offline":
            return History(local, f"from the local file (W&B offline: {_why_offline(run, place)})", place["url"])
        is_alive = not run.state.status.is_final
        if not is_alive and not place.get("complete"):
            reason = place["reason"] or "the run ended before all was sent"
            return History(local, f"from the local file (W&B lacks the end: {reason}; sync can send it)", place["url"])
        live = self._live.setdefault(run.id, LiveHistory(place))
        rows = live.rows(is_alive)
        if problem := _find_problem(live, rows, local, run):
            return History(local, f"from the local file ({problem})", place["url"])
        return History(rows, "live from W&B" if is_alive else "from W&B", place["url"])


def _why_offline(run: RunFolder, place: dict[str, Any]) -> str:
    if place["reason"]:
        return f"{place['reason']}; sync can send it later"
    chosen = run.config.wandb_mode == "offline"
    return "as chosen" if chosen else "WANDB_API_KEY was not set; sync can send it later"


def _find_problem(live: LiveHistory, rows: list[Row], local: list[Row], run: RunFolder) -> str | None:
    """Why W&B's rows cannot be shown now; None if they can."""
    if live.error:
        return f"W&B: {live.error}"
    if not rows and (local or not live.state):
        return "until W&B answers"
    lag = _seconds_behind(rows, local, run.metrics.stat().st_mtime if local else 0.0)
    return f"W&B is {lag:.0f} s behind" if lag > LONGEST_LAG_SECONDS else None


def _seconds_behind(rows: list[Row], local: list[Row], written_at: float) -> float:
    """How long ago the first row was logged that W&B does not have; 0 if it has all."""
    known = {row["step"] for row in rows}
    missing = [row for row in local if row["step"] not in known]
    if not missing:
        return 0.0
    return float(time.time() - written_at + local[-1]["seconds"] - missing[0]["seconds"])
