"""What each method had to choose from: every trial of a search, and other learning rates."""

from pathlib import Path

from emocore.evaluation.tries import count_tries
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.listing import create_run
from emocore.run.search_record import FIRST_TRIAL_SEED, RECORD, TEXTS, SearchRecord, search_folder, write_search_record
from emocore.run.state import RunStatus
from tests.support.studies import finish_study
from tests.support.tables import change_status

BASE = "smollm2-135m"


def add_trial(
    root: Path, number: int, status: RunStatus = RunStatus.FINISHED, attempts: int = 1, **given: object
) -> None:
    texts = str(search_folder(root, "s") / TEXTS)
    values = {"base": BASE, "data": texts, "seed": FIRST_TRIAL_SEED + number, "study": "s (trials)"}
    change_status(create_run(root, resolve(RunConfig(**values | given))[0]), status, attempts=attempts)


def begin_search(root: Path) -> None:
    settings = {"data": "tweets.csv", "base": BASE}
    record = SearchRecord(
        name="s", methods=("lora", "tfidf"), trials=3, settings=settings, data_sha256={}, train_rows=100
    )
    write_search_record(search_folder(root, "s"), record)


def test_trials_count_for_the_data_of_the_study_however_they_ended(tmp_path: Path) -> None:
    begin_search(tmp_path)
    for number, status in enumerate((RunStatus.FINISHED, RunStatus.STOPPED, RunStatus.FAILED)):
        add_trial(tmp_path, number, status, learning_rate=10**-number)
        add_trial(tmp_path, number, method="tfidf", inverse_regularization=10**number)
    add_trial(tmp_path, 3, RunStatus.STOPPED, attempts=0)  # which never began
    assert count_tries(tmp_path) == {("lora", BASE, "tweets.csv"): 3, ("tfidf", "none", "tweets.csv"): 3}


def test_the_study_of_what_was_found_is_no_further_try_but_other_rates_are(tmp_path: Path) -> None:
    begin_search(tmp_path)
    add_trial(tmp_path, 0, learning_rate=1e-3)
    add_trial(tmp_path, 1, learning_rate=2e-3)
    finish_study(tmp_path, ["lora"], base=BASE, data="tweets.csv", learning_rate=2e-3)
    assert count_tries(tmp_path) == {("lora", BASE, "tweets.csv"): 2}
    finish_study(tmp_path, ["lora"], base=BASE, data="tweets.csv", learning_rate=5e-3)
    assert count_tries(tmp_path) == {("lora", BASE, "tweets.csv"): 3}


def test_a_search_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    begin_search(tmp_path)
    add_trial(tmp_path, 0)
    (search_folder(tmp_path, "s") / RECORD).write_text("{")
    assert list(count_tries(tmp_path)) == [("lora", BASE, str(search_folder(tmp_path, "s") / TEXTS))]
