"""The states of a run and the content of `state.json`."""

import time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from emocore.errors import RunError
from emocore.run.index import keep_record, read_kept
from emocore.run.records import MOST_READ, read_record
from emocore.system.files import FileVersion, file_version
from emocore.system.processes import Failure, ProcessIdentity

STOPPED_REASON = "stopped by the user"
IMPORTED_REASON = "it was not launched by this installation, so it waits until you resume it"
LATEST = 1e11  # Unix seconds or a duration; a larger number is an error


class RunStatus(StrEnum):
    """The status of a run; the last five are final.

    `imported` is never stored: a queued run has this status if this installation did not launch it.
    """

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    EVALUATING = "evaluating"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    IMPORTED = "imported"

    @property
    def is_final(self) -> bool:
        return self == RunStatus.FINISHED or self.is_resumable

    @property
    def is_active(self) -> bool:
        """Whether a process should be working on the run."""
        return self in (RunStatus.STARTING, RunStatus.RUNNING, RunStatus.EVALUATING)

    @property
    def is_resumable(self) -> bool:
        return self in (RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED, RunStatus.IMPORTED)


class RunState(BaseModel):
    """`state.json`. Times are Unix seconds. `reason` says in one line why a run ended, and `failure` names
    a cause that programs need to know; runs of earlier versions have none.

    `started_at` and `ended_at` are those of the last attempt; `earlier_seconds` is the duration of earlier attempts.
    Waiting runs start in the order of `queue_position`, which does not depend on the clock.
    `mark` shows that this installation queued the run with these settings. A run that `needs_device_alone` ran out of
    memory next to others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    status: RunStatus
    reason: str | None = None
    failure: Failure | None = None
    device: str | None = None
    process: ProcessIdentity | None = None
    attempts: int = Field(0, ge=0, lt=2**31)
    queue_position: int = Field(0, gt=-(2**53), lt=2**53)
    created_at: float = Field(ge=0, le=LATEST)
    started_at: float | None = Field(None, ge=0, le=LATEST)
    ended_at: float | None = Field(None, ge=0, le=LATEST)
    earlier_seconds: float = Field(0.0, ge=0, le=LATEST)
    mark: str | None = None
    needs_device_alone: bool = False

    @property
    def queue_order(self) -> tuple[int, float]:
        """A sort key: waiting runs start in this order."""
        return self.queue_position, self.created_at

    @property
    def elapsed_seconds(self) -> float | None:
        """The duration of all attempts, never negative even if the clock was set back; None before the first."""
        if self.started_at is None:
            return self.earlier_seconds or None
        seconds = self.earlier_seconds + max(0.0, (self.ended_at or time.time()) - self.started_at)
        return min(seconds, LATEST)


def read_state(path: Path) -> RunState:
    """The `state.json` at `path`. Raises RunError if it is missing or damaged."""
    return _read_version(str(path), file_version(path))


@lru_cache(maxsize=MOST_READ)
def _read_version(name: str, version: FileVersion) -> RunState:
    if kept := read_kept(name, version, RunState):
        return kept
    path = Path(name)
    state = read_record(path.parent, path.name, RunState, remedy=f"repair it, or delete the folder {path.parent}")
    if state is None:
        raise RunError(f"run {path.parent.name} is not there any more; it was deleted or moved away")
    if state.status.is_final:
        keep_record(name, version, state)
    return state
