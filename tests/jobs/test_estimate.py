"""Estimates of durations: from past runs if there are any, otherwise in proportion to the work."""

from pathlib import Path

import numpy as np
import pytest

from emocore.jobs.estimate import STARTUP_SECONDS, estimate_seconds
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from tests.support.records import edit
from tests.support.tables import finish_run


def seconds(root: Path, rows: int = 1000, **settings: object) -> float:
    root.mkdir(exist_ok=True)
    return estimate_seconds([resolve(RunConfig(**settings))[0]], rows, root)


def test_more_rows_epochs_and_parameters_take_longer(tmp_path: Path) -> None:
    small = seconds(tmp_path, 500, epochs=1)
    assert STARTUP_SECONDS < small < seconds(tmp_path, 1000, epochs=1) < seconds(tmp_path, 1000, epochs=3)
    assert seconds(tmp_path) < seconds(tmp_path, base="smollm2-135m")
    assert seconds(tmp_path, method="tfidf") < small


def test_each_run_counts_its_own_rows(tmp_path: Path) -> None:
    every = [resolve(RunConfig(rows=rows))[0] for rows in (125, 250, None)]
    together = estimate_seconds(every, 1000, tmp_path)
    assert together == pytest.approx(sum(seconds(tmp_path, rows) for rows in (125, 250, 1000)))


def test_max_steps_bounds_the_work(tmp_path: Path) -> None:
    assert seconds(tmp_path, 100_000, max_steps=40) < seconds(tmp_path, 100_000)


def test_a_past_run_on_this_machine_is_believed(finished_runs: dict[str, RunFolder]) -> None:
    run = finished_runs["lora"]
    config = run.config.model_copy(update={"epochs": 2})
    guesses = [
        STARTUP_SECONDS + 1.15 * 2 * 500 / finished_runs[name].scores.cost.samples_per_second
        for name in ("lora", "lora_other_seed", "lora_again")
    ]
    assert min(guesses) <= estimate_seconds([config], 500, run.path.parent) <= max(guesses)


def test_speeds_are_read_once_and_a_damaged_result_is_no_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    run = finish_run(tmp_path, resolve(RunConfig())[0], truth, truth * 2.0 - 1, ("anger", "joy"))
    known = seconds(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("emocore.run.folder.read_record", None)
        assert seconds(tmp_path) == known
    edit(run, "result.json", cost={"samples_per_second": "many"})
    assert seconds(tmp_path) != known


def test_a_run_that_shared_its_device_is_no_measure(tmp_path: Path) -> None:
    guessed = seconds(tmp_path)
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    run = finish_run(tmp_path, resolve(RunConfig())[0], truth, truth * 2.0 - 1, ("anger", "joy"))
    assert seconds(tmp_path) != guessed
    edit(run, "result.json", shared_device=True)
    assert seconds(tmp_path) == guessed


def test_a_base_that_is_not_here_can_be_guessed_too(tmp_path: Path) -> None:
    assert seconds(tmp_path, base="google/gemma-1.1-2b-it") > STARTUP_SECONDS


def test_heads_of_one_study_count_the_reading_of_the_texts_once(tmp_path: Path) -> None:
    heads = [resolve(RunConfig(method="head", seed=seed))[0] for seed in range(5)]
    one, five = (estimate_seconds(heads[:count], 1000, tmp_path) for count in (1, 5))
    assert one and five == pytest.approx(one + 4 * STARTUP_SECONDS)
    assert STARTUP_SECONDS < one < seconds(tmp_path, method="lora")
