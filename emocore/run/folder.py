"""A run's folder: where its files are, and how its state changes safely.

Only the holder of the folder's lock (`flock` on `run.lock`) changes the state. The kernel releases the lock when a
process ends for whatever reason, so a run that claims to be running but is not locked is dead. Covered: one machine, a
local file system. Not covered: network file systems without `flock`.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedWriter
from pathlib import Path
from typing import Any

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.environment import KeptEnvironment, adopt_environment
from emocore.run.index import keep_record, read_kept
from emocore.run.provenance import Provenance
from emocore.run.records import MOST_READ, read_record, write_record
from emocore.run.result import RunScores
from emocore.run.state import IMPORTED_REASON, RunState, RunStatus, read_state
from emocore.run.wandb_place import WandbPlace
from emocore.system.files import (
    FileVersion,
    check_contained,
    file_version,
    folder_bytes,
    open_regular,
    open_to_append,
    read_bytes,
)
from emocore.system.installation import is_own_mark, make_mark
from emocore.system.locks import take_lock
from emocore.system.processes import explain_end

# Seconds to wait for a lock: of a process that works on the run, and of a reader or a process that is about to exit.
WORKING_SECONDS, LEAVING_SECONDS = 0.1, 3.0


class _Entry:
    """The path of an entry of the folder, made when it is asked for: lists of runs make thousands of folders."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: "RunFolder", owner: type) -> Path:
        return run.path / self._name


class RunFolder:
    """One run's folder. It is cheap to create; every property reads the disk."""

    metrics = _Entry("metrics.jsonl")
    log = _Entry("run.log")
    checkpoints = _Entry("checkpoints")
    adapter = _Entry("adapter")
    predictions = _Entry("predictions.parquet")
    stop_request = _Entry("stop.request")
    shared_attempts = _Entry("device.shared")  # the attempts in which other runs were on the device, one per line
    _lock = _Entry("run.lock")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def config(self) -> RunConfig:
        """The settings. Raises RunError if the file is missing, damaged or of another version."""
        name = f"{self.path}/config.json"
        return _read_config(name, file_version(name))

    @property
    def state(self) -> RunState:
        """The true state: a run that claims a live process but has none is interrupted."""
        stored = self.stored_state
        if not stored.status.is_active or self.is_locked:
            return stored
        return self.state_of_holder  # read again: the process may have ended properly between the two reads

    @property
    def state_of_holder(self) -> RunState:
        """The true state for the holder of the lock, who knows that no other process works on the run."""
        stored = self.stored_state
        if not stored.status.is_active:
            return stored
        reason, failure = explain_end(stored.process, exit_status=None).on_shared_device(self.had_company)
        end = {"reason": reason, "failure": failure, "ended_at": self.last_sign_of_life()}
        return stored.model_copy(update={"status": RunStatus.INTERRUPTED} | end)

    @property
    def stored_state(self) -> RunState:
        """The state in the file, except that a queued run that was not launched here is imported. Raises RunError if
        the file is missing or damaged."""
        state = read_state(self.path / "state.json")
        if state.status == RunStatus.QUEUED and not self.is_own:
            return state.model_copy(update={"status": RunStatus.IMPORTED, "reason": IMPORTED_REASON})
        return state

    @property
    def had_company(self) -> bool:
        """Whether other runs were on the device in the last attempt."""
        try:
            return str(self.stored_state.attempts) in read_bytes(self.shared_attempts).decode().split()
        except FileNotFoundError:
            return False

    def note_company(self) -> None:
        """Note that other runs are on the device in this attempt. Raises OSError."""
        with open_to_append(self.shared_attempts, self.path) as file:
            file.write(f"{self.stored_state.attempts}\n".encode())

    @property
    def is_own(self) -> bool:
        """Whether this installation launched or resumed the run with its current settings and environment."""
        mark = read_state(self.path / "state.json").mark
        try:
            return is_own_mark(mark, self.id, *self._marked_contents())
        except OSError:  # a file that cannot be read was not launched like this
            return False

    def make_mark(self, run_id: str) -> str:
        """This installation's mark for the run's current settings and environment under the name `run_id`.

        Raises ConfigError without an identity, OSError if a file of the run cannot be read.
        """
        return make_mark(run_id, *self._marked_contents())

    def adopt(self) -> None:
        """Rewrite an environment that another installation stored, keeping only the parts that are valid here. The
        caller holds the lock. Raises RunError if the file cannot be written."""
        try:
            stored = self.environment
        except RunError:  # a damaged file counts as empty
            stored = None
        try:
            write_record(self.path / "environment.json", adopt_environment(stored or KeptEnvironment({})))
        except OSError as error:
            raise self.unchangeable(error) from None

    def check_entries(self) -> None:
        """Check the folder before a process works in it. Raises RunError if an entry would lead the process outside, as
        a link does, or block it for ever, as a FIFO does."""
        try:
            for path in self.path.iterdir():
                check_contained(path, self.path)
                if path.exists() and not path.is_dir() and not path.is_file():
                    raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        except OSError as error:
            name = Path(str(error.filename)).name
            raise RunError(f"run {self.id}: {name} cannot be used: {error.strerror}; remove it") from None

    def _marked_contents(self) -> tuple[bytes, bytes]:
        environment = self.path / "environment.json"
        return read_bytes(self.path / "config.json"), read_bytes(environment) if environment.exists() else b""

    def change_state(self, status: RunStatus, **changes: Any) -> None:
        """Write the next state; a final state gets its `ended_at`. The caller holds the lock.

        Raises RunError and keeps the old state if the file cannot be written.
        """
        if status.is_final:
            changes.setdefault("ended_at", time.time())
        state = RunState(**{**self.stored_state.model_dump(), "status": status, **changes})
        try:
            write_record(self.path / "state.json", state)
        except OSError as error:
            raise self.unchangeable(error) from None

    @property
    def environment(self) -> KeptEnvironment | None:
        """None if the run has no `environment.json`. Raises RunError if the file is damaged, as the next three do."""
        return read_record(self.path, "environment.json", KeptEnvironment)

    @property
    def scores(self) -> RunScores | None:
        """None before the run has written `result.json`."""
        return read_record(self.path, "result.json", RunScores)

    @property
    def provenance(self) -> Provenance | None:
        """None before the run has written `provenance.json`."""
        return read_record(self.path, "provenance.json", Provenance)

    @property
    def wandb_place(self) -> WandbPlace | None:
        """None before the run has written `wandb.json`."""
        return read_record(self.path, "wandb.json", WandbPlace)

    def tail_log(self, lines: int) -> str:
        """The last lines of `run.log`, read from its end. Raises RunError if it is not a regular file."""
        try:
            check_contained(self.log, self.path)
            with open_regular(self.log, most_bytes=None) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 400 * lines))
                text = file.read(400 * lines).decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise RunError(f"run {self.id}: run.log cannot be read: {error.strerror}") from None
        return "\n".join(text.splitlines()[-lines:])

    def last_sign_of_life(self) -> float:
        """When the run last wrote anything, in Unix seconds."""
        files = (self.path / "state.json", self.metrics, self.log)
        return max(file_version(file)[0] for file in files) / 1e9

    def disk_bytes(self) -> int:
        """Disk space of the run. An ended run is measured only once per state."""
        if self.stored_state.status.is_final:
            return _measure(str(self.path), file_version(self.path / "state.json"))
        return folder_bytes(self.path)

    @property
    def is_locked(self) -> bool:
        """Whether a live process holds the run. Works in a read-only folder, too.

        Raises RunError if the lock is not a regular file.
        """
        try:
            check_contained(self._lock, self.path)
            with open_regular(self._lock) as file:
                return not take_lock(file.fileno(), wait=False, shared=True)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise RunError(f"run {self.id}: run.lock cannot be used: {error.strerror}; remove it") from None

    def _open_lock(self) -> BufferedWriter:
        try:
            return open_to_append(self._lock, self.path)
        except FileNotFoundError:
            raise RunError(f"run {self.id} is not there any more; it was deleted or moved away") from None
        except OSError as error:
            raise self.unchangeable(error) from None

    def unchangeable(self, error: OSError) -> RunError:
        """The error to raise if the run's files cannot be written."""
        return RunError(
            f"run {self.id} cannot be changed ({error.strerror}: {self.path}); free space, or make its folder writable"
        )

    def _wait_for_lock(self, waited_seconds: float) -> None:
        has_ended = self.stored_state.status.is_final
        is_at_work = not has_ended and self.is_locked
        if waited_seconds > (WORKING_SECONDS if is_at_work else LEAVING_SECONDS):
            if has_ended:
                raise RunError(f"run {self.id} has ended, but its process is still exiting; try again in a moment")
            raise RunError(f"run {self.id} is being worked on; stop it first")
        time.sleep(0.005)

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the run; yields the file descriptor of the lock, which a child process can inherit.

        Raises RunError if a live process holds the run. It retries briefly first: readers hold the lock for
        milliseconds, longer on a busy machine, and a finished process needs a second or two to exit.
        """
        began = time.monotonic()
        with self._open_lock() as file:
            while not take_lock(file.fileno(), wait=False):
                self._wait_for_lock(time.monotonic() - began)
            if not self._lock.exists():  # deleted while this process waited for the lock
                raise RunError(f"run {self.id} is not there any more; it was deleted or moved away")
            yield file.fileno()


@lru_cache(maxsize=MOST_READ)
def _read_config(name: str, version: FileVersion) -> RunConfig:
    """Cached by `version`, so that listing a thousand runs parses only changed files."""
    if kept := read_kept(name, version, RunConfig):
        return kept
    path = Path(name)
    config = read_record(path.parent, path.name, RunConfig, remedy=f"repair it, or delete the folder {path.parent}")
    if config is None:
        raise RunError(f"run {path.parent.name}: config.json is missing; delete the folder {path.parent}")
    keep_record(name, version, config)
    return config


@lru_cache(maxsize=MOST_READ)
def _measure(folder: str, version: FileVersion) -> int:
    return folder_bytes(Path(folder))
