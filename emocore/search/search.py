"""Carry a search out: one trial of each method at a time, until all have had the same budget.

The process holds nothing that is not on disk. If it is killed, its trials go on as runs of the queue, and the next
process goes on with them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from emocore.data.split import Splits, load_splits
from emocore.errors import RunError
from emocore.jobs.queue import tend_queue
from emocore.jobs.waiting import TEND_SECONDS
from emocore.run.config import RunConfig
from emocore.run.search_record import SearchRecord
from emocore.search.begin import configs_of_methods
from emocore.search.journal import open_journal, open_study
from emocore.search.space import find_space
from emocore.search.trials import MethodTrials

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Found:
    """What a search has found for one method.

    Attributes:
        trials: How many settings were tried, with those that ended early or failed.
        pruned: How many of them ended early.
        failed: How many of them failed.
        score: Macro-F1 of the best trial on the validation texts of the search.
        settings: The searched settings of that trial.
    """

    method: str
    trials: int
    pruned: int
    failed: int
    score: float
    settings: dict[str, Any]


def carry_out(
    folder: Path, record: SearchRecord, tell: Callable[[str, int], None] = lambda method, ended: None
) -> None:
    """Try settings until each method has had its budget; the caller holds the search. `tell` hears how many trials of
    a method have ended, each time that another one has. Raises RunError, and what a launch raises."""
    journal, load = open_journal(folder), _Texts()
    studies = {method: open_study(journal, method) for method in record.methods}
    given = configs_of_methods(record)
    trials = {method: MethodTrials(folder, record, given[method], studies[method], load) for method in studies}
    ended = {method: count_ended(study) for method, study in studies.items()}
    tended = 0.0
    while sum(own.advance() for own in trials.values()):  # each of them advances, and some are not through
        for method, study in studies.items():
            if (now := count_ended(study)) != ended[method]:
                ended[method] = now
                tell(method, now)
        if time.monotonic() - tended > TEND_SECONDS:
            tended = time.monotonic()
            tend_queue(folder.parents[1])
        time.sleep(POLL_SECONDS)


def find_best(folder: Path, record: SearchRecord) -> list[Found]:
    """What was found, by method; the caller holds the search. A trial that ended early is never the best. Raises
    RunError if no trial of a method has finished."""
    journal, found = open_journal(folder), []
    for method, given in configs_of_methods(record).items():
        study, space = open_study(journal, method), find_space(given)[0]
        trials = study.get_trials(deepcopy=False)
        finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        if not finished:
            raise RunError(f"no trial of {method} has finished; `python -m emocore runs` says why")
        best = study.best_trial
        found.append(
            Found(
                method=method,
                trials=count_ended(study),
                pruned=sum(trial.state == TrialState.PRUNED for trial in trials),
                failed=sum(trial.state == TrialState.FAIL for trial in trials),
                score=float(best.value or 0.0),
                settings={name: best.params[name] for name in space},
            )
        )
    return found


def count_ended(study: optuna.Study) -> int:
    """How many trials have ended, in whatever way."""
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


class _Texts:
    """The texts of the trials, which are the same for all of them, read once."""

    def __init__(self) -> None:
        self._splits: Splits | None = None

    def __call__(self, config: RunConfig) -> Splits:
        self._splits = self._splits or load_splits(config)
        return self._splits
