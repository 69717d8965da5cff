"""Delete a run with all its files."""

import contextlib

from emocore.errors import RunError
from emocore.jobs.studies import forget_ended_study
from emocore.run.folder import RunFolder
from emocore.run.listing import DELETED
from emocore.system.faults import reach
from emocore.system.files import remove_folder


def check_deletable(run: RunFolder) -> None:
    """Raises RunError if the run is live."""
    if run.state.status.is_active:
        raise RunError(f"run {run.id} is {run.state.status}; stop it before deleting it")


def delete_run(run: RunFolder) -> None:
    """Remove a run that no process works on, and with the last run of a study also the record of the study.

    Raises RunError as `discard_run`.
    """
    study = None
    with contextlib.suppress(RunError):  # a run with damaged settings can be deleted, too
        study = run.config.study
    discard_run(run)
    if study:
        forget_ended_study(run.path.parent, study)


def discard_run(run: RunFolder) -> None:
    """Remove a run that no process works on. It is hidden first, so that a crash leaves no partial run in the list.

    Raises RunError if the run is live or its folder may not be changed.
    """
    check_deletable(run)
    deleted = run.path.with_name(f"{DELETED}{run.id}")
    with run.lock():
        try:
            run.path.rename(deleted)
        except OSError as error:
            raise RunError(f"run {run.id} cannot be deleted ({error.strerror}: {run.path})") from None
    reach("delete.hidden")
    remove_folder(deleted)  # the scheduler removes any rest later
