"""The queue: its order, its pause, and runs that join it again. The run folders themselves are the queue."""

from pathlib import Path
from typing import NamedTuple

from emocore.errors import RunError
from emocore.jobs.scheduler import ensure_scheduler, has_work, is_served, pause_file
from emocore.run.folder import RunFolder
from emocore.run.listing import look_at_runs, next_queue_position
from emocore.run.state import RunStatus
from emocore.system.faults import reach


class QueuePlace(NamedTuple):
    """The place of a run among the waiting runs."""

    number: int
    waiting: int

    @property
    def is_next(self) -> bool:
        return self.number == 1


def tend_queue(root: Path) -> None:
    """Start a scheduler if there is work and none is alive. Cheap enough to call whenever a page is drawn."""
    if not is_served(root) and has_work(root):
        ensure_scheduler(root)


def waiting_runs(root: Path) -> list[RunFolder]:
    """Queued runs in the order in which they will start."""
    return look_at_runs(root).waiting


def queue_place(run: RunFolder) -> QueuePlace | None:
    """The place of a run in the queue, None if it does not wait. Raises RunError if its state cannot be read."""
    if run.stored_state.status != RunStatus.QUEUED:  # the usual case, which needs no other run's state
        return None
    waiting = waiting_runs(run.path.parent)
    return QueuePlace(waiting.index(run) + 1, len(waiting)) if run in waiting else None


def pause_queue(root: Path) -> None:
    """Start no more runs until `continue_queue`; live runs continue. Raises RunError if the pause cannot be stored."""
    try:
        pause_file(root).touch()
    except OSError as error:
        raise RunError(f"the queue cannot be paused ({error.strerror}: {root})") from None


def continue_queue(root: Path) -> None:
    """Start waiting runs again. Raises RunError if the pause cannot be ended."""
    try:
        pause_file(root).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"the queue cannot be continued ({error.strerror}: {root})") from None
    tend_queue(root)


def imported_runs(root: Path) -> list[RunFolder]:
    """Runs that another installation queued, which wait until a user resumes them here."""
    return look_at_runs(root).imported


def move_to_front(run: RunFolder) -> None:
    """Make a waiting run the next to start. Raises RunError if it does not wait or cannot be changed."""
    with run.lock():
        _ = run.config  # a run with damaged settings would never start
        if run.stored_state.status != RunStatus.QUEUED:
            raise RunError(f"run {run.id} is {run.stored_state.status}; only a queued run can be moved to the front")
        first = waiting_runs(run.path.parent)[0].stored_state.queue_position
        run.change_state(RunStatus.QUEUED, queue_position=first - 1)


def resume_run(run: RunFolder) -> None:
    """Queue an ended run again; it continues from its last complete checkpoint, or from the start without one.

    A run that another installation launched belongs to this one from now on, and keeps only the devices and threads of
    its environment. Raises RunError if the run waits, is live or has finished, or cannot be read or changed, and
    ConfigError if this installation cannot mark it as its own. The caller calls `tend_queue` afterwards.
    """
    with run.lock():
        _ = run.config  # a run with damaged settings would wait for ever
        state = run.state_of_holder
        if not state.status.is_resumable:
            raise RunError(f"run {run.id} is {state.status}; only a stopped, interrupted or failed run can be resumed")
        run.check_entries()
        attempts = state.attempts
        if not run.is_own:
            run.adopt()
            attempts = 0  # attempts elsewhere do not count
        try:
            run.stop_request.unlink(missing_ok=True)
            mark = run.make_mark(run.id)
        except OSError as error:
            raise run.unchangeable(error) from None
        run.change_state(
            RunStatus.QUEUED,
            mark=mark,
            attempts=attempts,
            reason=None,
            failure=None,
            needs_device_alone=state.needs_device_alone or (state.failure == "out of memory" and run.had_company),
            device=None,
            process=None,
            queue_position=next_queue_position(run.path.parent),
            earlier_seconds=state.elapsed_seconds or 0.0,
            started_at=None,
            ended_at=None,
        )
    reach("resume.queued")
