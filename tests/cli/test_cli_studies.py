"""The runs that `study` launches (methods times seeds, varied settings, presets), and what it refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.jobs.queue import pause_queue
from emocore.run.config import RunConfig
from emocore.run.listing import find_run, runs_root
from emocore.run.study_record import read_study_record


def study_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[RunConfig]:
    """The configs of the runs that `study` launches into a paused queue, in order."""
    pause_queue(runs_root())
    assert main(["study", *arguments]) == 0
    ids = capsys.readouterr().out.split()
    return [find_run(runs_root(), run_id).config for run_id in ids]


def test_a_study_varies_one_setting(small_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--methods", "tfidf", "--seeds", "1,2", "--data", str(small_csv), "--vary", "rows=30, 60"]
    configs = study_of(capsys, *options, "--name", "s")
    assert [(c.rows, c.seed, c.study) for c in configs] == [(30, 1, "s"), (30, 2, "s"), (60, 1, "s"), (60, 2, "s")]
    more = study_of(capsys, *options[:3], "3", *options[4:], "--name", "s")
    assert [c.seed for c in more] == [3, 3]


def test_a_preset_is_launched_with_the_data_and_name_that_are_given(
    small_csv: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--data", str(small_csv), "--base", str(tiny_bert), "--name", "mine", "--set", "ia3.learning_rate=5e-3"]
    configs = study_of(capsys, "--preset", "rows", *settings, "--set", "threshold=0.4")
    assert [(c.method, c.rows) for c in configs] == [(m, n) for m in ("lora", "ia3", "qlora") for n in (25, 50)]
    assert {(c.base, c.data, c.study, c.threshold) for c in configs} == {(str(tiny_bert), str(small_csv), "mine", 0.4)}
    assert {c.learning_rate for c in configs if c.method == "ia3"} == {5e-3}


@pytest.mark.parametrize("preset", [[], ["--preset", "rows"]])
def test_the_margin_is_that_of_the_launch(
    small_csv: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str], preset: list[str]
) -> None:
    options = [*preset, "--data", str(small_csv), "--base", str(tiny_bert)]
    for name, margin in (("default", []), ("own", ["--margin-points", "2.5"])):
        study_of(capsys, *options, "--name", name, *margin)
    margins = [record.margin_points for name in ("default", "own") if (record := read_study_record(runs_root(), name))]
    assert margins == [1.0, 2.5]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--methods", ","], "methods: "),
        (["--seeds", "1,x"], "'x'"),
        (["--methods", "tfidf", "--set", "lora.epochs=3"], "'lora' is not among the study's methods tfidf"),
        (["--set", "seed=7"], "seed: a study takes this from its methods, seeds, replicates and name"),
        (["--preset", "fair", "--seeds", "1,2"], "--seeds: preset fair sets it itself; leave it out"),
        (["--preset", "fair", "--methods", "lora"], "--methods: preset fair sets it itself"),
        (["--preset", "fair", "--vary", "rows=30,60"], "--vary: preset fair sets it itself"),
        (["--preset", "as-it-was", "--set", "qlora.max_steps=9"], "max_steps: preset as-it-was sets it itself"),
        (["--vary", "rows=30,60", "--rows", "90"], "vary: rows is also set to one value"),
        (["--margin-points", "0"], "margin_points: Input should be greater than 0"),
        (["--preset", "starter", "--margin-points", "30"], "margin_points: Input should be less than or equal to 20"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_study_that_contradicts_itself_is_refused(
    refuse: Callable[..., str], arguments: list[str], part: str
) -> None:
    assert part in refuse("study", *arguments)


def test_a_study_is_not_launched_into_itself(
    refuse: Callable[..., str], small_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--methods", "tfidf", "--data", str(small_csv), "--name", "s"]
    study_of(capsys, *options)
    message = refuse("study", *options, "--seeds", "42,43")
    assert "study 's' already has TF-IDF seed 42" in message and "choose another name" in message
    message = refuse("study", *options, "--seeds", "43", "--margin-points", "2")
    assert "margin_points: study 's' was launched with 1, which stays" in message and "another name" in message


def test_a_launch_that_may_be_killed_for_memory_says_so(
    small_csv: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emocore.jobs.memory.free_bytes", lambda: 10**8)
    pause_queue(runs_root())
    assert main(["launch", "--method", "lora", "--data", str(small_csv), "--batch-size", "8"]) == 0
    told = capsys.readouterr().err
    assert "note: LoRA on minilm-l6 will take about " in told and "try batch_size 4 with" in told
