"""A run is a folder: where its files are, and how its state changes safely.

Every transition is made by the holder of the folder's lock (`flock` on `run.lock`), which the kernel
frees at any death; so a run whose state says "running" but whose lock is free is known to be dead.
Covered: one machine, a local file system. Not covered: network file systems without `flock`.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict

from emocore.config import RunConfig
from emocore.errors import ConfigError, RunError
from emocore.files import read_json_object, sync_folder, write_atomically


class RunStatus(StrEnum):
    """Where a run is in its life; the last four are final."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    EVALUATING = "evaluating"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        return self in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED)

    @property
    def is_active(self) -> bool:
        """A process should be working on it."""
        return self in (RunStatus.STARTING, RunStatus.RUNNING, RunStatus.EVALUATING)


class RunState(BaseModel):
    """`state.json`. Times are Unix seconds; `reason` says in one line why a run ended as it did."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: RunStatus
    reason: str | None = None
    device: str | None = None
    pid: int | None = None
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None


class RunFolder:
    """One run's folder. Cheap to create; every property reads the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.metrics = path / "metrics.jsonl"
        self.log = path / "run.log"
        self.checkpoints = path / "checkpoints"
        self.adapter = path / "adapter"
        self.predictions = path / "predictions.parquet"
        self.stop_request = path / "stop.request"
        self._lock = path / "run.lock"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def config(self) -> RunConfig:
        """Raises RunError if the file is missing, damaged or of another version."""
        return _read_config(self.path / "config.json", _version(self.path / "config.json"))

    @property
    def state(self) -> RunState:
        """The state as it is: one that claims a live process without one reads as interrupted."""
        stored = self.stored_state
        if not stored.status.is_active or self.is_locked:
            return stored
        stored = self.stored_state  # the process may have ended properly between the two looks
        if not stored.status.is_active:
            return stored
        reason = "the process ended without a word (killed, or the machine went down)"
        return stored.model_copy(update={"status": RunStatus.INTERRUPTED, "reason": reason})

    @property
    def stored_state(self) -> RunState:
        """Raises RunError if the file is missing or damaged."""
        return _read_state(self.path / "state.json", _version(self.path / "state.json"))

    def change_state(self, status: RunStatus, **changes: Any) -> None:
        """Write the next state. The caller holds the lock. Final states get their `ended_at`."""
        if status.is_final:
            changes.setdefault("ended_at", time.time())
        state = self.stored_state.model_copy(update={"status": status, **changes})
        write_atomically(self.path / "state.json", state.model_dump_json(indent=2))

    def read_json(self, name: str) -> dict[str, Any] | None:
        """`result.json`, `provenance.json`, `wandb.json`; None where the run has not written it.

        Raises RunError for a damaged file.
        """
        path = self.path / name
        if not path.is_file():
            return None
        content = read_json_object(path)
        if content is None:
            raise RunError(f"run {self.id}: {name} is damaged; run it again or delete the run")
        return content

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        write_atomically(self.path / name, json.dumps(content, indent=2, ensure_ascii=False))

    def tail_log(self, lines: int) -> str:
        """The last lines of `run.log`, read from its end."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 400 * lines))
            text = file.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    @property
    def is_locked(self) -> bool:
        """Whether a live process holds the run."""
        with self._open_lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _open_lock(self) -> IO[str]:
        try:
            return self._lock.open("a")
        except OSError as error:
            raise RunError(f"run {self.id} cannot be locked ({error})") from None

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the run; yields the file descriptor that carries the lock, to hand to a child process.

        Raises RunError at once if a live process holds it. Readers look for milliseconds only, so a
        refused attempt is repeated for a moment.
        """
        with self._open_lock() as file:
            for attempt in range(20):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if attempt == 19:
                        raise RunError(f"run {self.id} is being worked on; stop it first") from None
                    time.sleep(0.005)
            yield file.fileno()


@lru_cache(maxsize=4096)
def _read_config(path: Path, version: tuple[int, int]) -> RunConfig:
    """`version` makes a changed file a new question; a thousand runs are listed without parsing them again."""
    try:
        return RunConfig.read(path)
    except (ConfigError, OSError) as error:
        raise RunError(f"run {path.parent.name}: config.json cannot be used ({error})") from None


@lru_cache(maxsize=4096)
def _read_state(path: Path, version: tuple[int, int]) -> RunState:
    try:
        return RunState.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise RunError(f"run {path.parent.name}: state.json is damaged; delete the folder {path.parent}") from None


def _version(path: Path) -> tuple[int, int]:
    """Changes whenever the file is replaced."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def runs_root() -> Path:
    """The runs folder: EMOCORE_RUNS, otherwise `runs/` of this checkout. Raises RunError if it cannot be made."""
    configured = os.environ.get("EMOCORE_RUNS")
    try:
        root = Path(configured).expanduser() if configured else Path(__file__).parent.parent / "runs"
        root.mkdir(parents=True, exist_ok=True)
        return root.resolve()
    except (OSError, RuntimeError) as error:
        raise RunError(f"EMOCORE_RUNS={configured}: no folder can be used there ({error})") from None


def list_runs(root: Path) -> list[RunFolder]:
    """All readable runs in the order of their launch; `list_damaged_runs` names the others."""
    runs = []
    for path in _run_paths(root):
        run = RunFolder(path)
        try:
            runs.append((run.stored_state.created_at, run.config, run))
        except RunError:
            continue
    return [run for _, _, run in sorted(runs, key=lambda item: item[0])]


def list_damaged_runs(root: Path) -> list[str]:
    """One sentence a run whose files cannot be read, for the user to see."""
    problems = []
    for path in _run_paths(root):
        try:
            _ = RunFolder(path).stored_state, RunFolder(path).config
        except RunError as error:
            problems.append(str(error))
    return problems


def _run_paths(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if not path.name.startswith(".") and (path / "state.json").is_file()]


def find_run(root: Path, run_id: str) -> RunFolder:
    """The run with this id. Raises RunError, naming how to list them, when there is none."""
    known = {path.name: path for path in _run_paths(root)}
    if run_id not in known:
        raise RunError(f"no run '{run_id[:100]}' in {root}; `python -m emocore runs` lists them")
    return RunFolder(known[run_id])


def create_run(root: Path, config: RunConfig) -> RunFolder:
    """A queued run. Its folder appears complete or not at all: it is filled aside and renamed."""
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    base = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in Path(config.base).name)
    run_id = f"{stamp}-{config.method}-{base.lower()[:40]}-{secrets.token_hex(2)}"
    draft = RunFolder(root / f".draft-{run_id}")
    try:
        draft.path.mkdir()
        draft.write_json("config.json", config.model_dump())
        state = RunState(status=RunStatus.QUEUED, created_at=now)
        write_atomically(draft.path / "state.json", state.model_dump_json(indent=2))
        draft.path.rename(root / run_id)
        sync_folder(root)
    except OSError as error:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise RunError(
            f"no run could be written to {root} ({error}); free space or choose another EMOCORE_RUNS"
        ) from None
    return RunFolder(root / run_id)


def delete_run(run: RunFolder) -> None:
    """Remove a run that no process works on: hidden first, so a crash leaves no half run in the list.

    Raises RunError for a live one.
    """
    if run.state.status.is_active:
        raise RunError(f"run {run.id} is {run.state.status}; stop it before deleting it")
    with run.lock():
        grave = run.path.with_name(f".deleted-{run.id}")
        run.path.rename(grave)
    shutil.rmtree(grave)
