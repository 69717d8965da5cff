"""Wait for runs to end, from the command line and in scripts."""

import time

from emocore.jobs.queue import tend_queue
from emocore.run.folder import RunFolder

TEND_SECONDS = 2.0


def wait_until_final(runs: list[RunFolder], timeout_seconds: float | None = None) -> bool:
    """Wait for all runs to end; returns False if the time is up first. If the scheduler dies, another is started."""
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    tended = time.monotonic()
    while not all(run.stored_state.status.is_final for run in runs):
        if deadline is not None and time.monotonic() > deadline:
            return False
        if time.monotonic() - tended > TEND_SECONDS:
            tended = time.monotonic()
            for root in {run.path.parent for run in runs}:
                tend_queue(root)
        time.sleep(0.3)
    return True
