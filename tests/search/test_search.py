"""A search gives each method the same, survives a kill, and its trials know nothing of what its study is scored on."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
import pandas as pd
import pytest

from emocore.cli.main import main
from emocore.data.split import load_splits
from emocore.evaluation.tries import count_tries
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, list_runs
from emocore.run.search_record import (
    FIRST_TRIAL_SEED,
    TEXTS,
    TRIAL_REPLICATE,
    VALIDATION_TEXTS,
    SearchRecord,
    search_folder,
    write_search_record,
)
from emocore.run.state import RunStatus
from emocore.search.begin import configs_of_methods, hold_search
from emocore.search.journal import open_journal, open_study
from emocore.search.search import find_best
from emocore.search.space import find_space
from tests.search.conftest import METHODS, TRIALS, Searched


def trials_of(searched: Searched, method: str) -> list[optuna.trial.FrozenTrial]:
    return open_study(open_journal(searched.folder), method).get_trials()


def test_no_trial_is_lost_or_made_twice_by_a_kill(searched: Searched) -> None:
    places = Counter((run.config.method, run.config.seed - FIRST_TRIAL_SEED) for run in searched.trials)
    assert places == Counter((method, number) for method in METHODS for number in range(TRIALS))


def test_each_trial_ran_with_what_was_proposed(searched: Searched) -> None:
    runs = {(run.config.method, run.config.seed - FIRST_TRIAL_SEED): run for run in searched.trials}
    for method in METHODS:
        trials = trials_of(searched, method)
        assert len(trials) == TRIALS
        for trial in trials:
            run = runs[method, trial.number]
            assert trial.state.is_finished() and trial.user_attrs["run"] == run.id
            assert {name: getattr(run.config, name) for name in trial.params} == trial.params
            if run.state.status == RunStatus.FINISHED and run.scores:
                assert trial.value == run.scores.validation.multilabel.f1_macro
        assert len({tuple(trial.params.items()) for trial in trials}) == TRIALS


def test_the_first_trial_has_the_defaults(searched: Searched) -> None:
    for method, given in configs_of_methods(searched.record).items():
        assert trials_of(searched, method)[0].params == find_space(given)[1]


def test_given_settings_are_not_searched(searched: Searched) -> None:
    assert set(trials_of(searched, "lora")[0].params) == {"learning_rate", "head_learning_rate", "lora_rank"}
    assert {run.config.epochs for run in searched.trials if run.config.method == "lora"} == {2}


def test_no_trial_has_read_what_the_study_is_scored_on(searched: Searched) -> None:
    study = load_splits(searched.winners[0].config.model_copy(update={"rows": None})).frames
    scored_on = {*study["validation"]["text"], *study["test"]["text"]}
    read = {part: set(pd.read_parquet(searched.folder / part)["text"]) for part in (TEXTS, VALIDATION_TEXTS)}
    assert read[TEXTS] | read[VALIDATION_TEXTS] == set(study["train"]["text"])
    assert not (read[TEXTS] | read[VALIDATION_TEXTS]) & scored_on and not read[TEXTS] & read[VALIDATION_TEXTS]
    for run in searched.trials:
        assert (run.config.data, run.config.validation_data, run.config.test_data) == (
            str(searched.folder / TEXTS),
            str(searched.folder / VALIDATION_TEXTS),
            None,
        )


def test_a_trials_folder_has_no_test_predictions(searched: Searched) -> None:
    finished = [run for run in searched.trials if run.state.status == RunStatus.FINISHED]
    assert finished
    for run in finished:
        assert set(pd.read_parquet(run.predictions)["split"]) == {"validation"}
        assert run.scores and run.scores.test is None


def test_the_study_has_the_best_settings_with_fresh_replicates(searched: Searched) -> None:
    found = {item.method: item for item in find_best(searched.folder, searched.record)}
    assert len(searched.winners) == len(METHODS) * 2 * 2
    trials = {(run.config.seed, run.config.replicate) for run in searched.trials}
    assert {replicate for _, replicate in trials} == {TRIAL_REPLICATE}
    for run in searched.winners:
        config, best = run.config, found[run.config.method].settings
        assert config.study == "s" and {name: getattr(config, name) for name in best} == best
        assert config.seed not in {seed for seed, _ in trials} and config.replicate < TRIAL_REPLICATE


def test_the_draws_of_the_study_are_not_those_of_the_trials(searched: Searched) -> None:
    draws = {
        tuple(sorted(load_splits(run.config).frames["train"]["text"])) for run in (*searched.winners, *searched.trials)
    }
    assert len(draws) == 2 + 1


def test_the_study_is_launched_once(searched: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(searched.root))
    before = list_runs(searched.root)
    assert main(["search", "--name", "s", "--then-launch", "--replicates", "2", "--seeds", "1,2"]) == 0
    assert list_runs(searched.root) == before


def test_the_audit_counts_what_each_method_was_given(searched: Searched) -> None:
    tries = count_tries(searched.root)
    config = {method: next(run.config for run in searched.winners if run.config.method == method) for method in METHODS}
    assert {method: tries[own.method, own.base, own.data] for method, own in config.items()} == dict.fromkeys(
        METHODS, TRIALS
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--trials", "9"], "which stays"),
        (["--then-launch", "--replicates", "1000"], "number 1000 is that of the trials"),
        (["--then-launch", "--seeds", str(FIRST_TRIAL_SEED)], "are the trials'; choose smaller"),
        (["--replicates", "2"], "add --then-launch"),
    ],
)
def test_what_would_make_it_unfair_is_refused(
    searched: Searched,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(searched.root))
    given = searched.record.settings
    again = ["--methods", "lora,tfidf", "--data", given["data"], "--base", given["base"], "--rows", "40"]
    before = list_runs(searched.root)
    assert main(["search", "--name", "s", *arguments, *(again if "--trials" in arguments else [])]) == 2
    assert told in capsys.readouterr().err
    assert list_runs(searched.root) == before


def test_only_one_process_carries_a_search_out(
    searched: Searched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(searched.root))
    with hold_search(searched.root, "s"):
        assert main(["search", "--name", "s"]) == 2
    assert "by another process" in capsys.readouterr().err


def test_data_that_changed_since_are_refused(
    searched: Searched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(searched.root))
    data = Path(searched.record.settings["data"])
    before = data.read_bytes()
    try:
        data.write_bytes(before.replace(b"!", b"?", 1))
        assert main(["search", "--name", "s", "--then-launch", "--seeds", "77"]) == 2
    finally:
        data.write_bytes(before)
    assert "have changed since" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no search 'new' has begun"),
        (["--trials", "2", "--minutes", "1"], "one of the two"),
        (["--trials", "2", "--data", "gone.csv"], "gone.csv"),
        (["--trials", "2", "--methods", "lora,new"], "no method 'new'"),
        (
            ["--trials", "2", "--methods", "tfidf", "--set", "tfidf.inverse_regularization=1"],
            "nothing is left to search",
        ),
        (["--trials", "2", "--methods", "tfidf", "--study", "x"], "--study"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    refuse: Callable[..., str], arguments: list[str], told: str
) -> None:
    assert told in refuse("search", "--name", "new", *arguments)


def test_too_few_texts_are_refused_before_anything_is_written(
    refuse: Callable[..., str], small_csv: Path, tmp_path: Path
) -> None:
    pd.read_csv(small_csv).head(80).to_csv(tmp_path / "few.csv", index=False)
    few = refuse("search", "--name", "new", "--methods", "tfidf", "--trials", "2", "--data", str(tmp_path / "few.csv"))
    assert "a search divides the" in few


def test_a_search_of_somebody_else_sends_the_key_nowhere(refuse: Callable[..., str], runs: Path) -> None:
    server = {"wandb_base_url": "http://wandb.example:8080"}
    write_search_record(
        search_folder(runs, "theirs"),
        SearchRecord(name="theirs", methods=("tfidf",), trials=1, settings=server, data_sha256={}, train_rows=40),
    )
    assert "wandb.example:8080 is not a W&B server that your key is for" in refuse("search", "--name", "theirs")


def test_a_study_is_not_searched_for_afterwards(refuse: Callable[..., str], runs: Path, small_csv: Path) -> None:
    runs.mkdir()
    create_run(runs, RunConfig(method="tfidf", study="new"))
    arguments = ("--methods", "tfidf", "--trials", "2", "--data", str(small_csv))
    assert "study 'new' has runs already" in refuse("search", "--name", "new", *arguments)
