"""What was proposed and how it scored: Optuna's journal, one file in the folder of a search.

The journal is only appended to, line by line, and each line is on disk before Optuna goes on. So a killed process
leaves at most half a line, which is removed here. Its lock is the kernel's, which ends with the process; Optuna's own
are files that a killed process leaves behind. Not covered: several processes that write at once.
"""

import os
from pathlib import Path

import optuna
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock  # the base of locks that users write, kept there
from optuna.trial import TrialState

from emocore.errors import RunError
from emocore.system.files import check_contained, open_regular

JOURNAL = "journal.log"
# Each further rung takes twice the epochs, and the better half goes on to it (Li et al. 2020, arXiv:1810.05934).
FIRST_RUNG_EPOCHS, REDUCTION = 1, 2


class HeldLock(BaseJournalFileLock):
    """The lock of a journal whose search is already locked by the process that writes."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def open_journal(folder: Path) -> JournalStorage:
    """The journal of a search; the caller holds the search. Raises RunError if it cannot be used."""
    path = folder / JOURNAL
    try:
        check_contained(path, folder)
        if path.exists():
            with open_regular(path, most_bytes=None) as file:
                complete_bytes = file.read().rfind(b"\n") + 1
            os.truncate(path, complete_bytes)
        return JournalStorage(JournalFileBackend(str(path), lock_obj=HeldLock()))
    except OSError as error:
        raise RunError(f"search {folder.name}: {JOURNAL} cannot be used ({error.strerror}); repair that") from None
    except (ValueError, LookupError, TypeError) as error:  # what a damaged line does to Optuna
        raise RunError(
            f"search {folder.name}: {JOURNAL} is damaged ({error}); remove the folder {folder} and search again"
        ) from None


def open_study(journal: JournalStorage, method: str) -> optuna.Study:
    """Optuna's study of one method: what was tried for it, and which trials end early. It is
    written to the journal if it is not there."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = SuccessiveHalvingPruner(min_resource=FIRST_RUNG_EPOCHS, reduction_factor=REDUCTION)
    if method in optuna.get_all_study_names(journal):
        return optuna.load_study(storage=journal, study_name=method, pruner=pruner)
    return optuna.create_study(storage=journal, study_name=method, pruner=pruner, direction="maximize")


def ask(study: optuna.Study, sampler_seed: int) -> optuna.Trial:
    """The trial that was begun and has not ended, or the next one. Each has a sampler of its own: one that went on from
    the same seed after a restart would propose again what it has proposed before."""
    begun = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
    number = begun[0].number if begun else count_begun(study)
    study.sampler = TPESampler(seed=(sampler_seed + 1_000_003 * number) % 2**32)
    return optuna.Trial(study, begun[0]._trial_id) if begun else study.ask()


def count_begun(study: optuna.Study) -> int:
    """How many trials have begun, whether they have ended or not."""
    return sum(trial.state != TrialState.WAITING for trial in study.get_trials(deepcopy=False))
