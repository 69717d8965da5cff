"""A process that starts queued runs, as many on each device as there is room for, and ends when nothing is left to do.

`python -m emocore.jobs.scheduler RUNS_FOLDER`; `ensure_scheduler` starts it on demand. A lock file allows only one per
runs folder. It may die at any moment: runs outlive it, and the next scheduler finds them by their locks.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from emocore.errors import ConfigError, RunError
from emocore.jobs.exits import ProcessExits
from emocore.jobs.packing import Occupancy
from emocore.jobs.run_processes import REPOSITORY, RunProcess, RunStarter
from emocore.jobs.slots import find_slot
from emocore.jobs.stop import StopEscalation, stop_queued
from emocore.run.folder import RunFolder
from emocore.run.listing import ABANDONED_SECONDS, DELETED, DRAFT, look_at_runs
from emocore.run.state import STOPPED_REASON, RunState, RunStatus
from emocore.system.devices import Device
from emocore.system.faults import reach
from emocore.system.files import open_regular, remove_folder
from emocore.system.locks import open_lock, take_lock
from emocore.system.processes import ProcessIdentity, explain_end

POLL_SECONDS = 0.3
RESTING = 20.0  # times the processor time of a tick, so that many runs leave the processor to the one that trains
LONGEST_POLL_SECONDS = 2.0
IDLE_SECONDS = 5.0
LOCK_FILE = ".scheduler.lock"
LOG_FILE = ".scheduler.log"
PAUSE_FILE = ".queue.paused"
# Schedulers that this process started, kept so that ended ones are reaped at the next start.
_started: list[subprocess.Popen[bytes]] = []


def ensure_scheduler(root: Path) -> None:
    """Start a scheduler for this runs folder unless one is alive. Call it after queueing a run.

    A scheduler that is about to end checks once more after releasing its lock, so either it or the new one sees a run
    that was queued just before this call. Raises RunError if none can be started.
    """
    with _open_lock(root) as lock:
        if not take_lock(lock, wait=False):
            return
    _started[:] = [process for process in _started if process.poll() is None]
    try:
        with (root / LOG_FILE).open("ab") as log:
            scheduler = subprocess.Popen(
                [sys.executable, "-m", "emocore.jobs.scheduler", str(root)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=REPOSITORY,
            )
    except OSError as error:
        raise RunError(f"no scheduler could be started ({error.strerror}: {root})") from None
    _started.append(scheduler)


def is_served(root: Path) -> bool:
    """Whether a scheduler is alive, which is cheaper to ask than whether there is work."""
    try:
        with open_regular(root / LOCK_FILE) as lock:
            return not take_lock(lock.fileno(), wait=False, shared=True)
    except OSError:
        return False


def pause_file(root: Path) -> Path:
    """The file that exists while the queue is paused."""
    return root / PAUSE_FILE


def has_work(root: Path) -> bool:
    """Whether a run is live, waits in a queue that is not paused, or waits and is to be stopped."""
    is_paused = pause_file(root).exists()
    return any(
        state.status.is_active or (state.status == RunStatus.QUEUED and (not is_paused or run.stop_request.exists()))
        for run, state in look_at_runs(root).runs
    )


def serve(root: Path, idle_seconds: float = IDLE_SECONDS) -> None:
    """Work until no run has been queued or live for `idle_seconds`."""
    while True:
        with _open_lock(root) as lock:
            if not take_lock(lock, wait=False):
                return
            reach("scheduler.ready")
            sweep(root)
            Scheduler(root).work(idle_seconds)
        if not has_work(root):
            return


def sweep(root: Path) -> None:
    """Remove what a crash left behind: half-deleted runs, and drafts that have not changed for a while."""
    for path in root.glob(f"{DELETED}*"):
        remove_folder(path)
    for path in root.glob(f"{DRAFT}*"):
        try:
            age = abs(time.time() - path.lstat().st_mtime)
        except FileNotFoundError:  # it has just become a run
            continue
        if age > ABANDONED_SECONDS:
            remove_folder(path)


class Scheduler:
    """Works only from the run folders, which each tick reads again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[str, RunProcess] = {}
        self._starter = RunStarter()
        self._devices: dict[str, str] = {}
        self._stops: dict[str, StopEscalation] = {}
        self._exits = ProcessExits()
        self._settled: dict[str, RunState] = {}
        self._seen_alive: set[ProcessIdentity] = set()
        self._complaints: set[str] = set()

    def work(self, idle_seconds: float) -> None:
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < idle_seconds:
            began = time.process_time()
            if self.tick():
                idle_since = time.monotonic()
            resting = RESTING * (time.process_time() - began)
            self._starter.wait(min(max(POLL_SECONDS, resting), LONGEST_POLL_SECONDS))

    def tick(self) -> bool:
        """Settle dead runs, stop runs as requested, start waiting runs. Returns True while there is work."""
        open_runs = self._open_runs()
        self._end_vanished()
        # Live processes count even if their folder cannot be read any more.
        devices = self._exits.poll()
        devices |= {run_id: self._devices[run_id] for run_id, child in self._children.items() if child.poll() is None}
        active = [(run, state) for run, state in open_runs if state.status.is_active]
        for run, state in active:
            is_alive = state.process is not None and state.process.works_on(run.path)
            with self._tolerating(run):
                is_alive = self._look_after(run, state.process)
            if is_alive:
                devices[run.id] = state.device
        occupancy = Occupancy(self._root, devices)
        queued = [item for item in open_runs if item not in active and not self._is_stopped(item[0])]
        waiting = [] if pause_file(self._root).exists() else sorted(queued, key=lambda item: item[1].queue_order)
        for run, _ in waiting:
            with self._tolerating(run):
                if device := self._start_if_possible(run, occupancy):
                    occupancy.add(run, device)
        self._starter.rest(run for run, _ in waiting)
        for run in occupancy.list_sharing():
            with self._tolerating(run):
                run.note_company()
        return bool(active or waiting or devices)

    def _is_stopped(self, run: RunFolder) -> bool:
        """Stop a waiting run if that was requested while another process held its lock."""
        if run.stop_request.exists():
            with self._tolerating(run):
                return stop_queued(run)
        return False

    @contextlib.contextmanager
    def _tolerating(self, run: RunFolder) -> Iterator[None]:
        """Errors of one run (just deleted, damaged, disk full) must not hold up the others. They are logged once, and
        the next tick tries again."""
        try:
            yield
        except Exception as error:
            message = f"{run.id}: {error}"
            if run.path.is_dir() and message not in self._complaints:
                self._complaints.add(message)
                with contextlib.suppress(OSError):  # its log may be on the same full disk
                    print(message, file=sys.stderr, flush=True)

    def _look_after(self, run: RunFolder, process: ProcessIdentity | None) -> bool:
        """Settle a dead run, or pass on a stop request to a live one; returns whether it is live."""
        if process and process.works_on(run.path):
            self._seen_alive.add(process)
        elif process in self._seen_alive:
            process.kill_remnants()  # its children may hold the run's lock
        child = self._children.get(run.id)
        if (child is not None and child.poll() is not None) or not run.is_locked:
            self._settle(run)
            return False
        if run.stop_request.exists():
            self._stops.setdefault(run.id, StopEscalation(run)).advance()
        return True

    def _start_if_possible(self, run: RunFolder, occupancy: Occupancy) -> Device | None:
        """Start a queued run and return its device; None if it has to wait for one or cannot run here at all."""
        try:
            slot = find_slot(run, occupancy)
        except ConfigError as error:  # the run would wait for ever
            with run.lock():
                run.change_state(RunStatus.FAILED, reason=str(error))
            return None
        except RunError as error:
            with run.lock():
                _postpone(run, str(error))
            return None
        if slot is None:
            return None
        device, environment = slot
        if not self._starter.is_ready(run, device, environment):
            return device  # which is kept for it
        return device if self._start(run, device, environment) else None

    def _open_runs(self) -> list[tuple[RunFolder, RunState]]:
        """Runs that are not in a final state; those that have come to one are seen off once."""
        found = []
        for run, state in look_at_runs(self._root).runs:
            if not state.status.is_final:
                found.append((run, state))
            elif (seen := self._settled.get(run.id)) is not state and seen != state:  # `is` is quicker
                self._settled[run.id] = state
                child = self._children.pop(run.id, None)
                self._exits.add(run, state, child, was_seen_alive=state.process in self._seen_alive)
                self._stops.pop(run.id, None)
        return found

    def _end_vanished(self) -> None:
        """End runs whose folder was removed, so that their device is free."""
        for run_id in [run_id for run_id in self._children if not (self._root / run_id).is_dir()]:
            self._exits.kill(RunFolder(self._root / run_id), self._children.pop(run_id), self._devices[run_id])

    def _settle(self, run: RunFolder) -> None:
        """Write the final state of a run whose process died before it could."""
        with run.lock():
            state = run.stored_state
            if not state.status.is_active:
                return
            reach("scheduler.settling")
            child = self._children.get(run.id)
            if run.stop_request.exists():
                run.change_state(RunStatus.STOPPED, reason=STOPPED_REASON, ended_at=run.last_sign_of_life())
            elif child is None and state.process is None and state.status == RunStatus.STARTING:
                # The previous scheduler died after it wrote the state and before it started the process.
                run.change_state(RunStatus.QUEUED, device=None)
                reach("scheduler.requeued")
            else:
                end = explain_end(state.process, child.returncode if child else None)
                reason, failure = end.on_shared_device(run.had_company)
                if child and (child.returncode or 0) > 0 and (last := run.tail_log(1)):
                    reason += f": {last[:200]}"
                died_at = run.last_sign_of_life()
                run.change_state(RunStatus.INTERRUPTED, reason=reason, failure=failure, ended_at=died_at)
            reach("scheduler.settled")
        self._children.pop(run.id, None)
        self._stops.pop(run.id, None)

    def _start(self, run: RunFolder, device: Device, environment: dict[str, str]) -> bool:
        """Start the process, which inherits the lock, so that the run is locked throughout."""
        with run.lock() as lock:
            reach("scheduler.taken")
            state = run.stored_state
            if state.status != RunStatus.QUEUED:
                return False
            run.check_entries()
            run.change_state(RunStatus.STARTING, device=device.name, attempts=state.attempts + 1, reason=None)
            reach("scheduler.starting")
            try:
                self._children[run.id] = self._starter.start(run, lock, device, environment)
            except OSError as error:
                run.change_state(RunStatus.QUEUED, device=None, attempts=state.attempts)
                _postpone(run, f"waits: no process could be started ({error.strerror}); free memory or space")
                return False
            self._devices[run.id] = device.name
            reach("scheduler.started")
            return True


def _postpone(run: RunFolder, reason: str) -> None:
    """Store why a queued run does not start although it is its turn. The caller holds the lock."""
    state = run.stored_state
    if state.status == RunStatus.QUEUED and state.reason != reason:
        run.change_state(RunStatus.QUEUED, reason=reason)


def _open_lock(root: Path) -> contextlib.AbstractContextManager[int]:
    def explain(error: OSError) -> RunError:
        return RunError(f"runs cannot be worked on in {root} ({error.strerror}); make it writable")

    return open_lock(root / LOCK_FILE, explain)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
