"""Ask a run to stop, and see to it that it does.

Asking leaves a file; the scheduler acts on it, so a page never waits. SIGINT first, which lets the run
keep what it has; then SIGTERM, then SIGKILL, each to the whole process group.
"""

import os
import signal
import time

from emocore.errors import RunError
from emocore.folder import RunFolder, RunStatus

SIGNALS = ((0.0, signal.SIGINT), (10.0, signal.SIGTERM), (15.0, signal.SIGKILL))


def request_stop(run: RunFolder) -> None:
    """Stop a queued run at once; leave word for a live one. Raises RunError for an ended one.

    The caller makes sure afterwards that a scheduler is alive.
    """
    state = run.state
    if state.status.is_final:
        raise RunError(f"run {run.id} is already {state.status}; there is nothing to stop")
    if state.status == RunStatus.QUEUED and _stop_queued(run):
        return
    run.stop_request.touch()


def wait_until_final(runs: list[RunFolder], timeout_seconds: float | None = None) -> bool:
    """Wait for all runs to end; False if the time is up before."""
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while not all(run.stored_state.status.is_final for run in runs):
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


class StopEscalation:
    """Sends the signals of `SIGNALS` to one run as their time comes."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._began = time.monotonic()
        self._sent = 0

    def advance(self) -> None:
        """Called while the run's lock is held, which proves that the stored pid is its own."""
        process = self._run.stored_state.pid
        if process is None or self._sent == len(SIGNALS):
            return
        after_seconds, number = SIGNALS[self._sent]
        if time.monotonic() - self._began >= after_seconds:
            self._sent += 1
            try:
                os.killpg(process, number)
            except ProcessLookupError:  # it ended between the two looks
                return


def _stop_queued(run: RunFolder) -> bool:
    """False if the scheduler took it up in the meantime."""
    try:
        with run.lock():
            if run.stored_state.status != RunStatus.QUEUED:
                return False
            run.change_state(RunStatus.STOPPED, reason="stopped before it began")
            return True
    except RunError:
        return False
