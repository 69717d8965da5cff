"""Request that a run stops, and make sure that it does.

A request is a file on which the scheduler acts, so a page never waits. SIGINT comes first and lets the run store that
it was stopped; SIGTERM and SIGKILL follow, each to the whole process group.
"""

import signal
import time

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import reach

SIGNALS = ((0.0, signal.SIGINT), (10.0, signal.SIGTERM), (15.0, signal.SIGKILL))  # seconds after the first


def request_stop(run: RunFolder) -> None:
    """Stop a queued run at once, or request that a live run stops.

    Raises RunError if the run has ended or the request cannot be written. The caller makes sure afterwards that a
    scheduler is alive.
    """
    state = run.state
    if state.status.is_final:
        raise RunError(f"run {run.id} is already {state.status}; there is nothing to stop")
    if state.status == RunStatus.QUEUED and stop_queued(run):
        return
    try:
        run.stop_request.touch()
    except OSError as error:
        raise RunError(f"run {run.id} cannot be told to stop ({error.strerror}: {run.path})") from None
    reach("stop.requested")


class StopEscalation:
    """Sends the signals of `SIGNALS` to one run when they are due."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._began: float | None = None  # when the first was sent
        self._sent = 0

    def advance(self) -> None:
        """Send the signals that are due. A process gets its first signal once it has stored its identity."""
        process = self._run.stored_state.process
        if process is None or self._sent == len(SIGNALS):
            return
        after_seconds, number = SIGNALS[self._sent]
        self._began = self._began or time.monotonic()
        if time.monotonic() - self._began >= after_seconds:
            self._sent += 1
            process.signal_group(number, self._run.path)
            reach("scheduler.signalled")


def stop_queued(run: RunFolder) -> bool:
    """Stop a queued run. Returns False if another process holds it, because it is being started or changed. Raises
    RunError if its folder cannot be changed."""
    try:
        with run.lock():
            state = run.stored_state
            if state.status != RunStatus.QUEUED:
                return False
            reason = "stopped while it waited to continue" if state.attempts else "stopped before it started"
            run.change_state(RunStatus.STOPPED, reason=reason)
            return True
    except RunError:
        if run.is_locked:
            return False
        raise
