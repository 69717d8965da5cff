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
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from emocore.config import RunConfig
from emocore.environment import environment_to_keep
from emocore.errors import ConfigError, RunError
from emocore.faults import reach
from emocore.files import file_version, folder_bytes, read_json_object, sync, write_atomically
from emocore.processes import explain_end
from emocore.states import RunState, RunStatus, read_state

DRAFT, GRAVE = ".draft-", ".deleted-"  # what runs are called while they come and go
ABANDONED_SECONDS = 60
# For how long a lock is waited for: one that somebody works under; one that is only looked at, or soon left.
WORKING_SECONDS, LEAVING_SECONDS = 0.1, 3.0


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
        return _read_config(self.path / "config.json", file_version(self.path / "config.json"))

    @property
    def state(self) -> RunState:
        """The state as it is: one that claims a live process without one reads as interrupted."""
        stored = self.stored_state
        if not stored.status.is_active or self.is_locked:
            return stored
        return self.state_of_holder  # read again: the process may have ended properly between the two looks

    def _as_interrupted(self, stored: RunState) -> RunState:
        return stored.model_copy(
            update={
                "status": RunStatus.INTERRUPTED,
                "reason": explain_end(stored.process, exit_status=None),
                "ended_at": self.last_sign_of_life(),
            }
        )

    @property
    def state_of_holder(self) -> RunState:
        """The state as it is, for the holder of the lock: whoever claimed to be at work is dead then."""
        stored = self.stored_state
        return self._as_interrupted(stored) if stored.status.is_active else stored

    @property
    def stored_state(self) -> RunState:
        """Raises RunError if the file is missing or damaged."""
        return read_state(self.path / "state.json")

    def change_state(self, status: RunStatus, **changes: Any) -> None:
        """Write the next state. The caller holds the lock. Final states get their `ended_at`.

        Raises RunError, with the old state in place, if it cannot be written.
        """
        if status.is_final:
            changes.setdefault("ended_at", time.time())
        state = RunState(**{**self.stored_state.model_dump(), "status": status, **changes})
        try:
            write_atomically(self.path / "state.json", state.model_dump_json(indent=2))
        except OSError as error:
            raise self.unchangeable(error) from None

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

    def last_sign_of_life(self) -> float:
        """When the run last wrote anything, in Unix seconds."""
        files = (self.path / "state.json", self.metrics, self.log)
        return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)

    def disk_bytes(self) -> int:
        """What the run takes on disk. Ended runs are measured once for each state."""
        if self.stored_state.status.is_final:
            return _measure(self.path, file_version(self.path / "state.json"))
        return folder_bytes(self.path)

    @property
    def is_locked(self) -> bool:
        """Whether a live process holds the run. Works in a folder that may only be read, too."""
        try:
            with self._lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _open_lock(self) -> IO[str]:
        try:
            return self._lock.open("a")
        except FileNotFoundError:
            raise RunError(f"run {self.id} is not there any more; it was deleted or moved away") from None
        except OSError as error:
            raise self.unchangeable(error) from None

    def unchangeable(self, error: OSError) -> RunError:
        """What to raise where the disk refuses."""
        return RunError(
            f"run {self.id} cannot be changed ({error.strerror}: {self.path}); free space, or make its folder writable"
        )

    def _wait_for_lock(self, waited_seconds: float) -> None:
        has_ended = self.stored_state.status.is_final
        is_at_work = not has_ended and self.is_locked
        if waited_seconds > (WORKING_SECONDS if is_at_work else LEAVING_SECONDS):
            if has_ended:
                raise RunError(f"run {self.id} has ended, but its process is still leaving; try again in a moment")
            raise RunError(f"run {self.id} is being worked on; stop it first")
        time.sleep(0.005)

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold the run; yields the file descriptor that carries the lock, to hand to a child process.

        Raises RunError if a live process holds it. Readers look for milliseconds, longer on a busy machine, and the
        process of a run that has just ended leaves within a second or two: a refused attempt is repeated so long.
        """
        began = time.monotonic()
        with self._open_lock() as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self._wait_for_lock(time.monotonic() - began)
            if not self._lock.exists():  # deleted while this waited for its turn
                raise RunError(f"run {self.id} is not there any more; it was deleted or moved away")
            yield file.fileno()


@lru_cache(maxsize=4096)
def _read_config(path: Path, version: tuple[int, int]) -> RunConfig:
    """`version` makes a changed file a new question; a thousand runs are listed without parsing them again."""
    try:
        return RunConfig.read(path)
    except (ConfigError, OSError) as error:
        raise RunError(f"run {path.parent.name}: config.json cannot be used ({error})") from None


@lru_cache(maxsize=4096)
def _measure(path: Path, version: tuple[int, int]) -> int:
    return folder_bytes(path)


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
    return [run for run, _ in list_stored_states(root)]


def list_stored_states(root: Path) -> list[tuple[RunFolder, RunState]]:
    """As `list_runs`, with what each run's file said: a second look may find the run deleted."""
    found = []
    for path in _run_paths(root):
        run = RunFolder(path)
        try:
            found.append((run, run.stored_state, run.config))
        except RunError:
            continue
    return [(run, state) for run, state, _ in sorted(found, key=lambda item: item[1].created_at)]


def list_finished(root: Path) -> list[RunFolder]:
    """The runs with a result, in the order of their launch."""
    return [run for run, state in list_stored_states(root) if state.status == RunStatus.FINISHED]


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
    """Folders with a state; a folder of somebody else that may not be looked into is none of ours."""
    try:
        paths = [path for path in root.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"the runs in {root} cannot be listed ({error.strerror}); make the folder readable") from None
    return [path for path in paths if os.access(path / "state.json", os.F_OK)]


def find_run(root: Path, run_id: str) -> RunFolder:
    """The run with this id. Raises RunError, naming how to list them, when there is none."""
    known = {path.name: path for path in _run_paths(root)}
    if run_id not in known:
        raise RunError(f"no run '{run_id[:100]}' in {root}; `python -m emocore runs` lists them")
    return RunFolder(known[run_id])


def next_queue_position(root: Path) -> int:
    """Behind all that wait."""
    states = [state for _, state in list_stored_states(root)]
    return 1 + max((state.queue_position for state in states if state.status == RunStatus.QUEUED), default=0)


def create_run(root: Path, config: RunConfig) -> RunFolder:
    """A queued run. Its folder appears complete or not at all: it is filled aside and renamed."""
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    base = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in Path(config.base).name)
    run_id = f"{stamp}-{config.method}-{base.lower()[:40]}-{secrets.token_hex(4)}"
    draft = RunFolder(root / f"{DRAFT}{run_id}")
    state = RunState(status=RunStatus.QUEUED, created_at=now, queue_position=next_queue_position(root))
    try:
        draft.path.mkdir()
        reach("launch.draft")
        draft.write_json("config.json", config.model_dump())
        draft.write_json("environment.json", environment_to_keep())
        write_atomically(draft.path / "state.json", state.model_dump_json(indent=2))
        reach("launch.filled")
        draft.path.rename(root / run_id)
        sync(root)
    except OSError as error:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise RunError(
            f"no run could be written to {root} ({error.strerror}); free space, make it writable, "
            "or choose another EMOCORE_RUNS"
        ) from None
    reach("launch.queued")
    return RunFolder(root / run_id)
