"""One process that runs queued runs, one at a time on each device, and ends when nothing is left.

`python -m emocore.jobs.scheduler RUNS_FOLDER`; `ensure_scheduler` starts it on demand. Its lock file
admits one a folder. A run outlives the scheduler: the next one finds it by its lock.
Not covered: an order other than first come, first served; resuming.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from emocore.config import RunConfig
from emocore.devices import Device, list_devices
from emocore.errors import RunError
from emocore.folder import RunFolder, RunState, RunStatus, list_runs
from emocore.jobs.stop import StopEscalation
from emocore.models.methods import find_method
from emocore.secrets import load_secrets

POLL_SECONDS = 0.3
IDLE_SECONDS = 5.0
LOCK_FILE = ".scheduler.lock"
LOG_FILE = ".scheduler.log"
# Schedulers that this process started: kept, so that an ended one is reaped at the next start.
_started: list[subprocess.Popen[bytes]] = []


def ensure_scheduler(root: Path) -> None:
    """Start a scheduler for this runs folder unless one is alive. Call it after queueing a run.

    A scheduler that is about to end looks once more after giving up its lock, so a run queued just
    before this call is seen either by it or by the new one.
    """
    with _try_lock(root) as is_free:
        if not is_free:
            return
    with (root / LOG_FILE).open("ab") as log:
        _started[:] = [process for process in _started if process.poll() is None]
        scheduler = subprocess.Popen(
            [sys.executable, "-m", "emocore.jobs.scheduler", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).parent.parent.parent,
        )
    _started.append(scheduler)


def serve(root: Path, idle_seconds: float = IDLE_SECONDS) -> None:
    """Work until nothing has been queued or alive for `idle_seconds`."""
    while True:
        with _try_lock(root) as is_mine:
            if not is_mine:
                return
            Scheduler(root).work(idle_seconds)
        if not any(run.stored_state.status == RunStatus.QUEUED for run in list_runs(root)):
            return


class Scheduler:
    """Keeps no truth of its own: each tick reads the run folders."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._devices: dict[str, str] = {}
        self._stops: dict[str, StopEscalation] = {}
        self._settled: dict[str, int] = {}

    def work(self, idle_seconds: float) -> None:
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < idle_seconds:
            if self.tick():
                idle_since = time.monotonic()
            time.sleep(POLL_SECONDS)

    def tick(self) -> bool:
        """Settle the dead, stop the unwanted, start the waiting. True while there is work."""
        open_runs = self._open_runs()
        # A run is final a moment before its process has gone and given its memory back.
        busy: set[str | None] = {
            self._devices[run_id] for run_id, child in self._children.items() if child.poll() is None
        }
        for run, state in open_runs:
            if state.status.is_active:
                with contextlib.suppress(RunError):  # deleted or damaged in this very moment
                    if self._look_after(run):
                        busy.add(state.device)
        queued = [(run, state) for run, state in open_runs if state.status == RunStatus.QUEUED]
        for run, _ in sorted(queued, key=lambda item: item[1].created_at):
            with contextlib.suppress(RunError):
                if device := self._start_if_possible(run, busy):
                    busy.add(device.name)
        return bool(open_runs)

    def _look_after(self, run: RunFolder) -> bool:
        """Settle a dead run, pass on a stop to a live one; True if it is alive."""
        if not self._is_alive(run):
            self._settle(run)
            return False
        if run.stop_request.exists():
            self._stops.setdefault(run.id, StopEscalation(run)).advance()
        return True

    def _start_if_possible(self, run: RunFolder, busy: set[str | None]) -> Device | None:
        """The device that a queued run was started on, None if it has to wait or cannot run here at all."""
        if choose_slot(run.config, list_devices(), busy=set()) is None:
            self._refuse(run)
            return None
        device = choose_slot(run.config, list_devices(), busy)
        return device if device and self._start(run, device) else None

    def _open_runs(self) -> list[tuple[RunFolder, RunState]]:
        """Runs that are not in a final state; a settled one is read again only if its file changed."""
        found = []
        for run in list_runs(self._root):
            try:
                changed_ns = (run.path / "state.json").stat().st_mtime_ns
                if self._settled.get(run.id) == changed_ns:
                    continue
                state = run.stored_state
            except (FileNotFoundError, RunError):  # deleted or damaged since it was listed
                continue
            if state.status.is_final:
                self._settled[run.id] = changed_ns
            else:
                found.append((run, state))
        return found

    def _is_alive(self, run: RunFolder) -> bool:
        child = self._children.get(run.id)
        if child is not None and child.poll() is not None:
            return False
        return run.is_locked

    def _settle(self, run: RunFolder) -> None:
        """Give a dead process's run the final state it could not write itself."""
        child = self._children.pop(run.id, None)
        self._stops.pop(run.id, None)
        with run.lock():
            if not run.stored_state.status.is_active:
                return
            if run.stop_request.exists():
                run.change_state(RunStatus.STOPPED, reason="stopped by the user")
            else:
                run.change_state(RunStatus.INTERRUPTED, reason=explain_death(child, run))

    def _refuse(self, run: RunFolder) -> None:
        """A run whose device was taken out of the machine would wait for ever."""
        with run.lock():
            names = ", ".join(device.name for device in list_devices())
            reason = f"device '{run.config.device}' is not on this machine any more; it has {names}"
            run.change_state(RunStatus.FAILED, reason=reason)

    def _start(self, run: RunFolder, device: Device) -> bool:
        """Start the process, which inherits the lock: there is no moment without a holder."""
        with run.lock() as lock:
            if run.stored_state.status != RunStatus.QUEUED:
                return False
            run.change_state(RunStatus.STARTING, device=device.name)
            with run.log.open("ab") as log:
                self._children[run.id] = subprocess.Popen(
                    [sys.executable, "-m", "emocore.training", str(run.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[lock],
                    env=run_environment(device),
                    cwd=Path(__file__).parent.parent.parent,
                )
            self._devices[run.id] = device.name
            return True


def choose_slot(config: RunConfig, devices: tuple[Device, ...], busy: set[str | None]) -> Device | None:
    """The free device this run may take now; None to wait. auto never falls back to a CPU beside a GPU."""
    gpus = [device for device in devices if device.name != "cpu"]
    needs_gpu = gpus and find_method(config.method).needs_base
    if config.device == "cpu" or (config.device == "auto" and not needs_gpu):
        allowed = [device for device in devices if device.name == "cpu"]
    elif config.device in ("auto", "cuda"):
        allowed = gpus
    else:
        allowed = [device for device in gpus if device.name == config.device]
    return next((device for device in allowed if device.name not in busy), None)


def run_environment(device: Device) -> dict[str, str]:
    """The environment of a run's process. Secrets pass through it and are written nowhere."""
    load_secrets()  # a key may have been added since this scheduler started
    environment = dict(os.environ)
    environment["CUDA_VISIBLE_DEVICES"] = device.name.removeprefix("cuda:") if device.name != "cpu" else ""
    environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
    environment["TOKENIZERS_PARALLELISM"] = "false"
    return environment


def explain_death(child: "subprocess.Popen[bytes] | None", run: RunFolder) -> str:
    """One line on why a run's process is gone; its exit status is known to its own scheduler only."""
    status = child.returncode if child else None
    if status == -signal.SIGKILL:
        return "the process was killed; the system does so when memory runs out, then a smaller batch helps"
    if status is not None and status < 0:
        return f"the process was ended by {signal.Signals(-status).name}"
    if status:
        last = run.tail_log(1)
        return f"the process ended with status {status}: {last[:200]}"
    return "the process ended without a word (killed, or the machine went down)"


@contextlib.contextmanager
def _try_lock(root: Path) -> Iterator[bool]:
    with (root / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
