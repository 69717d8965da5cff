"""Processes whose run has ended but which have not gone yet: their device is not free before they are."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from emocore.run.folder import RunFolder
from emocore.run.state import RunState
from emocore.system.processes import ProcessIdentity

PATIENCE_SECONDS = 30.0


@dataclass
class _Departure:
    run_path: Path
    process: ProcessIdentity | None
    child: "subprocess.Popen[bytes] | None"
    device: str | None
    since: float

    @property
    def is_over(self) -> bool:
        if self.child:
            return self.child.poll() is not None
        return self.process is None or not self.process.works_on(self.run_path)


class Departures:
    """Sees processes off; one that still hangs after `PATIENCE_SECONDS` is killed."""

    def __init__(self) -> None:
        self._leaving: dict[str, _Departure] = {}

    def add(
        self, run: RunFolder, state: RunState, child: "subprocess.Popen[bytes] | None", was_seen_alive: bool
    ) -> None:
        """A run with this final state was seen; `child` is its process where this scheduler started it. Whatever
        process the state of another run names, nothing is done to it."""
        process = state.process
        if child and process and process.pid != child.pid:
            process = None
        departure = _Departure(run.path, process, child, state.device, time.monotonic())
        if not departure.is_over:
            self._leaving[run.id] = departure
        elif process and (child or was_seen_alive):
            process.kill_remnants()

    def expel(self, run: RunFolder, child: "subprocess.Popen[bytes]", device: str) -> None:
        """The run's folder is gone, so there is nothing left to wait for: kill it with all that it started."""
        _kill_group(child.pid)
        self._leaving[run.id] = _Departure(run.path, None, child, device, time.monotonic())

    def see_off(self) -> list[str | None]:
        """The devices that are still in use. All that is here was seen at work by this scheduler."""
        for run_id, item in [(run_id, item) for run_id, item in self._leaving.items() if item.is_over]:
            del self._leaving[run_id]
            if item.process:
                item.process.kill_remnants()
        for item in self._leaving.values():
            if time.monotonic() - item.since > PATIENCE_SECONDS:
                if item.child:
                    _kill_group(item.child.pid)
                elif item.process:
                    item.process.signal_group(signal.SIGKILL, item.run_path)
        return [item.device for item in self._leaving.values()]


def _kill_group(child_pid: int) -> None:
    """The caller has not reaped this child, so the PID is its own."""
    try:
        os.killpg(child_pid, signal.SIGKILL)
    except ProcessLookupError:
        return
