"""Read a run's history back from W&B, never in the way of a page.

`LiveHistory.rows()` answers at once with what is known and refreshes in the background.
Not covered: runs of other projects, sampling.
"""

import threading
import time
from typing import Any

from emocore.text import first_line

REFRESH_SECONDS = 2.0
API_TIMEOUT_SECONDS = 8


class LiveHistory:
    """The growing history of one online run; `wandb_json` is the content of its `wandb.json`."""

    def __init__(self, wandb_json: dict[str, Any]) -> None:
        self._address = f"{wandb_json['entity']}/{wandb_json['project']}/{wandb_json['id']}"
        self._base_url = wandb_json["base_url"]
        self._rows: dict[int, dict[str, Any]] = {}
        self._next_step = 0
        self._refreshed = 0.0
        self._thread: threading.Thread | None = None
        self._api: Any = None
        self.error: str | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Rows in the order of their step, as far as they have arrived. Starts a refresh if one is due."""
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and time.monotonic() - self._refreshed > REFRESH_SECONDS:
            self._thread = threading.Thread(target=self._refresh, daemon=True)
            self._thread.start()
        return [self._rows[step] for step in sorted(self._rows)]

    def _refresh(self) -> None:
        """Fetch what is new. Any failure is kept for the page to show; the rows so far stay."""
        import wandb

        try:
            if self._api is None:
                self._api = wandb.Api(overrides={"base_url": self._base_url}, timeout=API_TIMEOUT_SECONDS)
            for row in self._api.run(self._address).scan_history(min_step=self._next_step):
                self._next_step = max(self._next_step, int(row["_step"]) + 1)
                self._rows[int(row["_step"])] = {k: v for k, v in row.items() if not k.startswith("_")}
            self.error = None
        except (wandb.errors.Error, OSError, ValueError) as error:
            self.error = first_line(error)
        finally:
            self._refreshed = time.monotonic()
