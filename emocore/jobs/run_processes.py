"""The processes of runs: forked from a warm parent where that is possible, otherwise new interpreters."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from emocore.jobs.warm_parent import ForkedRun, WarmParent, can_fork
from emocore.run.folder import RunFolder
from emocore.system.devices import Device
from emocore.system.files import open_to_append

REPOSITORY = Path(__file__).parent.parent.parent
RunProcess = subprocess.Popen[bytes] | ForkedRun


class RunStarter:
    """Starts runs, and keeps a warm parent for the next ones until `rest` is called."""

    def __init__(self) -> None:
        self._parent: WarmParent | None = None
        self._last: ForkedRun | None = None

    def start(self, run: RunFolder, lock: int, device: Device, environment: dict[str, str]) -> RunProcess:
        """Start a process that inherits the lock and writes to the run's log. Raises OSError."""
        with open_to_append(run.log, run.path) as log:
            if can_fork(run, device):
                self._last = self._warm_up(environment).start(run, lock, log.fileno())
                return self._last
            return subprocess.Popen(
                [sys.executable, "-m", "emocore.training", str(run.path), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock],
                env=environment,
                cwd=REPOSITORY,
            )

    def rest(self) -> None:
        """End the warm parent, which takes memory, unless a run is still to be forked."""
        if self._parent and not (self._last and self._last.is_pending):
            self._parent.end()
            self._parent = None

    def _warm_up(self, environment: dict[str, str]) -> WarmParent:
        """The warm parent for this environment."""
        parent = self._parent
        if parent is None or parent.environment != environment or parent.poll() is not None:
            if parent:
                parent.end()
            self._parent = parent = WarmParent(environment)
        return parent


def kill_group(child: RunProcess) -> None:
    """Kill the child and its group. The caller has not reaped the child, so no other process can have its PID."""
    if not (isinstance(child, ForkedRun) and child.take_back()):
        assert child.pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
