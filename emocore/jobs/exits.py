"""Processes that are still exiting after their run has ended. Their device is not free until they are gone."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from emocore.jobs.run_processes import RunProcess
from emocore.run.folder import RunFolder
from emocore.run.state import RunState
from emocore.system.processes import ProcessIdentity

PATIENCE_SECONDS = 30.0


@dataclass
class _ExitingProcess:
    run_path: Path
    process: ProcessIdentity | None
    child: RunProcess | None
    device: str | None
    since: float

    @property
    def is_over(self) -> bool:
        if self.child:
            return self.child.poll() is not None
        return self.process is None or not self.process.works_on(self.run_path)


class ProcessExits:
    """Waits for processes to exit, and kills one that still hangs after `PATIENCE_SECONDS`."""

    def __init__(self) -> None:
        self._exiting: dict[str, _ExitingProcess] = {}

    def add(self, run: RunFolder, state: RunState, child: RunProcess | None, was_seen_alive: bool) -> None:
        """Add the process of a run with this final state; `child` is the process if this scheduler started it. A
        process that belongs to another run is left alone."""
        process = state.process
        if child and process and process.pid != child.pid:
            process = None
        exiting = _ExitingProcess(run.path, process, child, state.device, time.monotonic())
        if not exiting.is_over:
            self._exiting[run.id] = exiting
        elif process and (child or was_seen_alive):
            process.kill_remnants()

    def kill(self, run: RunFolder, child: RunProcess, device: str) -> None:
        """Kill the process and everything that it started, since the run's folder is gone."""
        _kill_group(child.pid)
        self._exiting[run.id] = _ExitingProcess(run.path, None, child, device, time.monotonic())

    def poll(self) -> dict[str, str | None]:
        """Kill what hangs, forget what is gone, and return the devices still in use by the run's id."""
        for run_id, item in [(run_id, item) for run_id, item in self._exiting.items() if item.is_over]:
            del self._exiting[run_id]
            if item.process:
                item.process.kill_remnants()
        for item in self._exiting.values():
            if time.monotonic() - item.since > PATIENCE_SECONDS:
                if item.child:
                    _kill_group(item.child.pid)
                elif item.process:
                    item.process.signal_group(signal.SIGKILL, item.run_path)
        return {run_id: item.device for run_id, item in self._exiting.items()}


def _kill_group(child_pid: int) -> None:
    """Kill the child's group. The caller has not reaped the child, so no other process can have its PID."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child_pid, signal.SIGKILL)
