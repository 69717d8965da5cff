"""A trial is a run like any other: it ends early if it is weak, and goes on after its process was killed or stopped."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from emocore.data.split import load_splits
from emocore.errors import RunError
from emocore.jobs.stop import request_stop
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.search_record import SearchRecord, search_folder
from emocore.run.state import RunStatus
from emocore.search.begin import begin, check_wishes, configs_of_methods, hold_search
from emocore.search.journal import open_journal, open_study
from emocore.search.search import find_best
from emocore.search.trials import MethodTrials
from tests.support.live_runs import (
    PAUSE_BETWEEN_STEPS,
    end_processes,
    start_scheduler,
    wait_for,
    wait_for_status,
    wait_for_training,
)

EPOCHS = 200


class Search:
    """A search of one method in which a trial takes minutes unless it ends early."""

    def __init__(self, root: Path, data: Path, base: Path) -> None:
        self.folder = search_folder(root, "s")
        settings = {"data": str(data), "base": str(base), "rows": 40, "device": "cpu", "precision": "fp32"}
        wishes = {"name": "s", "methods": ["lora"], "trials": 2, "settings": settings | {"epochs": EPOCHS}}
        self.record: SearchRecord = check_wishes(root, wishes | {"method_settings": {}, "minutes": None})
        with hold_search(root, "s") as folder:
            begin(folder, self.record)

    @property
    def study(self) -> optuna.Study:
        return open_study(open_journal(self.folder), "lora")

    def begin(self) -> MethodTrials:
        """As a process does that begins the search, or goes on with it."""
        return MethodTrials(self.folder, self.record, configs_of_methods(self.record)["lora"], self.study, load_splits)


@pytest.fixture
def search(runs: Path, small_csv: Path, tiny_bert: Path) -> Iterator[Search]:
    runs.mkdir()
    start_scheduler(runs, idle_seconds=60, prepare=PAUSE_BETWEEN_STEPS)
    yield Search(runs, small_csv, tiny_bert)
    end_processes(runs)


def add_excellent_trial(search: Search) -> None:
    """A trial that was nearly perfect after its first epoch."""
    [begun] = search.study.get_trials(states=[TrialState.RUNNING])
    excellent = create_trial(
        value=0.999,
        params=begun.params,
        distributions=begun.distributions,
        intermediate_values={1: 0.999},
        system_attrs={"completed_rung_0": 0.999},
    )
    search.study.add_trial(excellent)


@pytest.mark.long
def test_a_trial_is_resumed_as_a_run_and_ends_early_if_it_is_weak(search: Search) -> None:
    trials = search.begin()
    assert trials.advance()
    [run] = list_runs(search.folder.parents[1])
    os.kill(wait_for_training(run), signal.SIGKILL)
    wait_for_interruption(run)
    assert trials.advance() and run.stored_state.status == RunStatus.QUEUED
    wait_for_training(run)

    request_stop(run)
    wait_for_status(run, RunStatus.STOPPED)
    with pytest.raises(RunError, match="was stopped, so the search stops"):
        trials.advance()
    wait_for(lambda: not run.is_locked)

    trials = search.begin()
    assert trials.advance() and run.stored_state.status == RunStatus.QUEUED
    add_excellent_trial(search)
    trials = search.begin()
    wait_for(lambda: not trials.advance(), what="the trial to be pruned")
    assert run.state.status == RunStatus.STOPPED
    assert (run.state.reason or "").startswith("pruned after epoch 1:")
    assert run.scores is None and not run.predictions.exists() and list_runs(run.path.parent) == [run]
    assert [trial.state for trial in search.study.get_trials()] == [TrialState.PRUNED, TrialState.COMPLETE]
    [found] = find_best(search.folder, search.record)
    assert (found.trials, found.pruned, found.score) == (2, 1, 0.999)


def wait_for_interruption(run: RunFolder) -> None:
    wait_for(lambda: run.stored_state.status == RunStatus.INTERRUPTED, what="the scheduler to see that it died")
