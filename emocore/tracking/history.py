"""A run's curve and where it comes from: W&B when it is online there, otherwise the local file."""

from dataclasses import dataclass
from typing import Any

from emocore.folder import RunFolder
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.wandb_read import LiveHistory


@dataclass(frozen=True)
class History:
    """Rows as in `metrics.jsonl`; `source` is a sentence for the user, `url` the run's page on W&B."""

    rows: list[dict[str, Any]]
    source: str
    url: str | None = None


class HistoryReader:
    """Keeps one LiveHistory an online run, so that each look fetches only what is new."""

    def __init__(self) -> None:
        self._live: dict[str, LiveHistory] = {}

    def read(self, run: RunFolder) -> History:
        """The curve as far as it is known now; never waits for the network."""
        wandb_json = run.read_json("wandb.json")
        local = read_metrics(run.metrics)
        if wandb_json is None:
            return History(local, "from the local file (W&B has not started)")
        if wandb_json["mode"] == "offline":
            reason = wandb_json["reason"] or "no WANDB_API_KEY"
            return History(local, f"from the local file (W&B offline: {reason})")
        live = self._live.setdefault(run.id, LiveHistory(wandb_json))
        rows, url = live.rows(), wandb_json["url"]
        if live.error:
            return History(local, f"from the local file (W&B: {live.error})", url)
        if not rows:
            return History(local, "from the local file until W&B answers", url)
        return History(rows, "live from W&B", url)
