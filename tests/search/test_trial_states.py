"""What a search makes of a trial's run in any state, without processes: nothing starts the runs here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from emocore.data.split import load_splits
from emocore.errors import RunError
from emocore.jobs.delete import delete_run
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.search_record import SearchRecord, search_folder
from emocore.run.state import RunStatus
from emocore.search.begin import begin, check_wishes, configs_of_methods, hold_search
from emocore.search.journal import open_journal, open_study
from emocore.search.search import find_best
from emocore.search.trials import MOST_ATTEMPTS, PRUNED_AT, SECONDS, MethodTrials
from emocore.tracking.metrics_file import MetricsFile
from tests.support.tables import change_status

BUDGET = {"trials": 2, "minutes": None}


class Search:
    def __init__(self, root: Path, data: Path, budget: dict[str, Any]) -> None:
        self.root, self.folder = root, search_folder(root, "s")
        wishes = {"name": "s", "methods": ["tfidf"], "settings": {"data": str(data)}, "method_settings": {}}
        self.record: SearchRecord = check_wishes(root, wishes | budget)
        with hold_search(root, "s") as folder:
            begin(folder, self.record)

    @property
    def study(self) -> optuna.Study:
        return open_study(open_journal(self.folder), "tfidf")

    @property
    def states(self) -> list[TrialState]:
        return [trial.state for trial in self.study.get_trials()]

    def begin(self) -> MethodTrials:
        return MethodTrials(self.folder, self.record, configs_of_methods(self.record)["tfidf"], self.study, load_splits)


@pytest.fixture
def make_search(runs: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    monkeypatch.setattr("emocore.jobs.launch.tend_queue", lambda root: None)
    runs.mkdir()
    return lambda budget=BUDGET: Search(runs, small_csv, budget)


@pytest.fixture
def search(make_search: Callable[..., Search]) -> Search:
    return make_search()


def only_run(search: Search) -> RunFolder:
    [run] = list_runs(search.root)
    return run


def test_a_trial_that_failed_counts_and_the_next_one_begins(search: Search) -> None:
    trials = search.begin()
    assert trials.advance()
    change_status(only_run(search), RunStatus.FAILED, reason="out of memory", failure="out of memory")
    assert trials.advance() and search.states == [TrialState.FAIL]
    assert trials.advance() and len(list_runs(search.root)) == 2
    change_status(list_runs(search.root)[1], RunStatus.FAILED)
    assert trials.advance() and not trials.advance()
    with pytest.raises(RunError, match="no trial of tfidf has finished"):
        find_best(search.folder, search.record)


def test_a_trial_that_dies_again_and_again_fails(search: Search) -> None:
    trials = search.begin()
    assert trials.advance()
    run = only_run(search)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert run.stored_state.status == RunStatus.QUEUED and search.states == [TrialState.RUNNING]
        change_status(run, RunStatus.INTERRUPTED, attempts=attempt)
        assert trials.advance()
    assert search.states == [TrialState.FAIL]


def test_a_search_that_was_killed_before_it_could_stop_a_weak_trial_stops_it(search: Search) -> None:
    assert search.begin().advance()
    run = only_run(search)
    optuna.Trial(search.study, search.study.get_trials()[0]._trial_id).set_user_attr(PRUNED_AT, 2)
    trials = search.begin()
    assert trials.advance()
    assert run.stored_state.status == RunStatus.STOPPED
    assert trials.advance() and search.states == [TrialState.PRUNED]
    assert (run.stored_state.reason or "").startswith("pruned after epoch 2:")


def score_epochs(run: RunFolder, *scores: float, epochs: int) -> None:
    """Curves as a run of so many epochs has them."""
    file = MetricsFile.begin(run.metrics)
    for epoch, score in enumerate(scores, start=1):
        place = {"step": 10 * epoch, "total_steps": 10 * epochs, "epoch": float(epoch), "seconds": 1.0}
        file.append({**place, "validation/f1_macro": score})
    file.close()


def test_a_weak_trial_counts_as_pruned_even_if_it_is_quicker_than_its_stop(make_search: Callable[..., Search]) -> None:
    search = make_search({"trials": 3, "minutes": None})
    trials = search.begin()
    for number, scores in enumerate([(0.5, 0.6), (0.4, 0.9, 0.9), (0.5, 0.7)]):
        assert trials.advance()
        run = list_runs(search.root)[number]
        score_epochs(run, *scores, epochs=len(scores))
        change_status(run, RunStatus.FINISHED)
        if number == 1:
            assert trials.advance() and run.stored_state.status == RunStatus.FINISHED
        else:  # it is no weak one, so its result is looked for
            with pytest.raises(RunError, match=r"result\.json is missing"):
                trials.advance()
            search.study.tell(number, scores[-1])
    assert not trials.advance()
    assert search.states == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    assert search.study.get_trials()[1].intermediate_values == {1: 0.4}
    assert search.study.best_trial.number == 2


def test_a_trial_whose_run_was_deleted_is_run_again(search: Search) -> None:
    assert search.begin().advance()
    run = only_run(search)
    config = run.config
    change_status(run, RunStatus.STOPPED)
    delete_run(run)
    assert search.begin().advance()
    again = only_run(search)
    assert again != run and again.config == config


@pytest.mark.parametrize(("minutes", "goes_on"), [(2.0, False), (2.1, True)])
def test_a_method_gets_trials_until_they_have_run_for_so_many_minutes(
    make_search: Callable[..., Search], minutes: float, goes_on: bool
) -> None:
    search = make_search({"trials": None, "minutes": minutes})
    for _ in range(3):
        trial = search.study.ask()
        trial.set_user_attr(SECONDS, 40.0)
        search.study.tell(trial, 0.5)
    assert search.begin().advance() == goes_on
    assert len(list_runs(search.root)) == int(goes_on)
