"""The command `compare`: its verdict and tables as text and as JSON, what it writes, what it refuses."""

import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot
from sklearn.metrics import f1_score

from emocore.cli.main import main
from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
from emocore.evaluation.results import load_result
from emocore.metrics import sigmoid
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from emocore.thresholds import tune
from emocore.tracking.team import TeamListing
from tests.support.audited_runs import LABELS, ONE_MISS, PERFECT, TRUTH
from tests.support.refusals import assert_one_line
from tests.support.studies import as_team_runs, fail_run, finish_study
from tests.support.tables import finish_run


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 300)


@pytest.fixture
def study(runs: Path) -> list[RunFolder]:
    return finish_study(runs)


@pytest.fixture
def few_texts(runs: Path) -> list[RunFolder]:
    """A study of four texts; joy is the commonest emotion, trust the rarest."""
    runs.mkdir()
    configs = [resolve(RunConfig(method=method, study="s", threshold=0.5))[0] for method in ("lora", "ia3")]
    logits = (PERFECT, ONE_MISS)
    return [finish_run(runs, config, TRUTH, own, LABELS) for config, own in zip(configs, logits, strict=True)]


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def ask(*arguments: str) -> dict[str, Any]:
        assert main(["compare", "--json", *arguments]) == 0
        output = capsys.readouterr().out
        assert "NaN" not in output
        return dict(json.loads(output))

    return ask


def macro_f1(told: dict[str, Any]) -> dict[str, float]:
    return {row["series"]: row["value"] for row in told["scores"] if row["metric"] == "f1_macro"}


def test_the_printed_tables_have_intervals_seeds_and_the_no_skill_rows(
    study: list[RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    fail_run(runs_root(), "head", "out of memory")
    assert main(["compare", "--study", "s"]) == 0
    printed = capsys.readouterr()
    assert "is failed, so it is left out" in printed.err
    lines = printed.out.splitlines()
    assert lines[0].startswith("Whether LoRA or QLoRA is better is open; both beat IA3.")
    assert [line.split(":")[0] for line in lines[1:4]] == ["  LoRA", "  QLoRA", "  IA3"]
    assert lines[4].startswith("  No plan of these runs as one study is known")
    assert lines[5].startswith("  Open does not mean equal")
    assert "Scores on the test split, with 95 % intervals" in lines
    assert re.search(r"^LoRA +2 +0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]", printed.out, re.MULTILINE)
    assert re.search(r"^QLoRA +IA3 +better +\+\d", printed.out, re.MULTILINE)
    assert re.search(r"^always-on +0\.\d{3} ", printed.out, re.MULTILINE)
    assert re.search(r"^IA3 +2 min 0 s .* 8 ms$", printed.out, re.MULTILINE)
    assert "warning" not in printed.out, "they differ only in method and seed"


def test_a_study_is_compared_as_json(few_texts: list[RunFolder], answer: Callable[..., dict[str, Any]]) -> None:
    told = answer("--study", "s")
    assert set(told["runs"]) == {run.id for run in few_texts}
    assert (told["split"], told["thresholds"], told["differences"]) == ("validation", "fixed", [])
    assert macro_f1(told) == pytest.approx({"LoRA": 1, "IA3": (2 / 3 + 1 + 1) / 3})
    anger = {row["series"]: row["f1"] for row in told["per_emotion"] if row["emotion"] == "anger"}
    assert anger == pytest.approx({"LoRA": 1, "IA3": 2 / 3})
    assert {row["low"] for row in told["per_emotion"]} == {None}, "at most three texts per emotion"
    assert {"silence", "always-on"} <= {row["series"] for row in told["no_skill"]}
    assert [row["emotion"] for row in told["verdicts"]] == ["", *LABELS]
    headline = describe(compare([load_result(run) for run in few_texts], "validation"))
    assert [told["headline"], told["numbers"], told["caveats"]] == [
        headline.sentence,
        headline.numbers,
        headline.caveats,
    ]


@pytest.mark.usefixtures("few_texts")
def test_the_printed_verdict_comes_first_and_emotions_stand_by_support(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--study", "s"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("LoRA has the highest macro-F1, but 4 texts are too few for a verdict on LoRA and IA3.\n")
    assert "silence" in output and "nan" not in output
    tables = output[output.index("F1 by emotion") :]
    assert tables.index("joy") < tables.index("anger") < tables.index("trust")


def test_differences_other_than_the_method_are_warned_of(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [finish_study(runs, (method,), (42,), epochs=epochs)[0].id for method, epochs in (("lora", 8), ("qlora", 9))]
    assert main(["compare", *ids]) == 0
    [warning] = [line for line in capsys.readouterr().out.splitlines() if re.match("warning: .*epochs", line, re.I)]
    assert "LoRA" in warning and "9" in warning


def test_a_run_named_twice_is_compared_once(few_texts: list[RunFolder], answer: Callable[..., dict[str, Any]]) -> None:
    told = answer(few_texts[0].id, few_texts[0].id)
    assert told["runs"] == [few_texts[0].id]
    assert told["scores"][0]["seeds"] == 1


def test_every_policy_scores_as_scikit_learn_with_thresholds_of_the_validation_split(
    study: list[RunFolder], answer: Callable[..., dict[str, Any]]
) -> None:
    tuners: dict[str, Callable[..., Any]] = {"fixed": lambda truth, logits: 0.5, "tuned": tune}
    for policy, choose in tuners.items():
        told = answer("--study", "s", "--thresholds", policy)
        assert (told["split"], told["thresholds"]) == ("test", policy)
        expected: dict[str, list[float]] = {}
        for run in study:
            result = load_result(run)
            threshold = choose(result.truth("validation"), result.logits("validation"))
            predicted = sigmoid(result.logits("test")) >= threshold
            score = f1_score(result.truth("test"), predicted, average="macro", zero_division=0)
            expected.setdefault(result.method_title, []).append(score)
        means = {series: np.mean(scores) for series, scores in expected.items()}
        assert macro_f1(told) == pytest.approx(means, rel=0, abs=1e-12)


def test_the_split_is_the_last_that_all_runs_share(
    study: list[RunFolder], answer: Callable[..., dict[str, Any]], refuse: Callable[..., str]
) -> None:
    others = finish_study(runs_root(), ("head",), (42,), study="other", has_test=False)
    names = [run.id for run in (*study, *others)]
    assert answer(*names)["split"] == "validation"
    assert answer("--study", "s", "--split", "validation")["split"] == "validation"
    assert "not every run has a test split; they share validation" in refuse("compare", *names, "--split", "test")


def test_a_report_is_written_in_addition_to_the_answer(
    study: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mail me.html"
    assert main(["compare", "--study", "s", "--json", "--report", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.err == f"written: {file}\n"
    page = file.read_text(encoding="utf-8")
    assert json.loads(printed.out)["headline"] in page
    assert page.startswith("<!doctype html>") and all(run.id in page for run in study)


def test_a_bundle_holds_the_runs_and_the_command_that_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("emocore.export.bundle.to_images", lambda wanted: [b"" for _ in wanted])
    runs = finish_study(runs_root(), ("lora", "ia3"), (42,), has_test=False)
    file = tmp_path / "all.zip"
    assert main(["compare", *(run.id for run in runs), "--thresholds", "tuned", "--bundle", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("LoRA beats IA3")
    assert printed.err.splitlines()[-1] == f"written: {file}"
    with zipfile.ZipFile(file) as bundle:
        assert bundle.testzip() is None
        names = bundle.namelist()
        assert {f"runs/{run.id}/config.json" for run in runs} < set(names)
        assert {"README.txt", "report.html", "latex/scores.tex"} < set(names)
        readme = " ".join(bundle.read("README.txt").decode().split())
        assert printed.out.splitlines()[0] in readme
        assert "python -m emocore study --name s --methods lora,ia3 --seeds 42" in readme


def test_what_methods_score_together_is_one_more_series(
    study: list[RunFolder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[..., dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("emocore.export.bundle.to_images", lambda wanted: [b"" for _ in wanted])
    both, every = "LoRA + QLoRA together", "LoRA + IA3 + QLoRA together"
    told = answer("--study", "s", "--together", "qlora,LoRA", "--together", "lora, ia3, qlora")
    assert told["together"] == {both: ["LoRA", "QLoRA"], every: ["LoRA", "IA3", "QLoRA"]}
    assert {both, every} < set(macro_f1(told)) and set(told["runs"]) == {run.id for run in study}
    assert told["differences"] == []
    assert {row["series"]: row["train_seconds"] for row in told["costs"]}[every] == 60 + 120 + 180
    file = tmp_path / "all.zip"
    assert main(["compare", "--study", "s", "--together", "lora,qlora", "--bundle", str(file)]) == 0
    printed = capsys.readouterr().out
    assert f"{both} is the mean of the probabilities of LoRA and QLoRA" in printed
    with zipfile.ZipFile(file) as bundle:
        readme = " ".join(bundle.read("README.txt").decode().split())
        assert f"{both} is the mean of the probabilities of LoRA and QLoRA" in readme
        assert "python -m emocore study --name s --methods lora,ia3,qlora --seeds 13,42" in readme
        assert both in bundle.read("report.html").decode()
        assert all(both in bundle.read(f"tables/{name}.csv").decode() for name in ("scores", "verdicts", "costs"))
        assert len([name for name in bundle.namelist() if name.endswith("config.json")]) == len(study)


def test_what_has_no_mean_is_refused(study: list[RunFolder], refuse: Callable[..., str]) -> None:
    message = refuse("compare", "--study", "s", "--together", "lora")
    assert "a mean takes two or more series, not LoRA" in message


def test_runs_of_wandb_are_added_and_what_was_left_out_is_noted(
    study: list[RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    team = as_team_runs(finish_study(tmp_path / "elsewhere", ("head",)))
    listing = TeamListing(team, ["2 runs are not by Emocore"])
    monkeypatch.setattr("emocore.cli.compare.fetch_team_runs", lambda *_: listing)
    for arguments in (["--study", "s"], []):
        assert main(["compare", *arguments, "--wandb", "team/emotions", "--json"]) == 0
        printed = capsys.readouterr()
        assert printed.err == snapshot("note: 2 runs are not by Emocore\n")
        told = json.loads(printed.out)
        assert "Head · W&B" in macro_f1(told)
        assert not [row for row in told["verdicts"] if "Head · W&B" in (row["first"], row["second"])]
    status = main(["compare", "--wandb", "team/emotions", "--thresholds", "tuned"])
    printed = capsys.readouterr()
    message = assert_one_line(status, printed.out, printed.err.removeprefix("note: 2 runs are not by Emocore\n"))
    assert "choose 'fixed'" in message


def test_a_project_without_runs_is_refused(refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.cli.compare.fetch_team_runs", lambda *_: TeamListing())
    assert "team/emotions has no finished run" in refuse("compare", "--wandb", "team/emotions")


def test_a_study_that_has_not_finished_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fail_run(runs_root(), "lora", "out of memory")
    status = main(["compare", "--study", "s"])
    printed = capsys.readouterr()
    note, message = printed.err.splitlines(keepends=True)
    assert "is failed, so it is left out" in note
    assert "no run of study 's' has finished yet" in assert_one_line(status, printed.out, message)


@pytest.mark.parametrize("option", ["--report", "--bundle"])
@pytest.mark.parametrize("kind", ["long", "loop", "folder", "nowhere", "NUL", "pipe"])
def test_a_place_where_no_file_can_be_is_refused_before_anything_is_compared(
    tmp_path: Path, refuse: Callable[..., str], option: str, kind: str
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    names = {"long": "x" * 5000, "loop": "loop/x.html", "folder": ".", "nowhere": "nowhere/x.html", "NUL": "a\0b"}
    names["pipe"] = "pipe"
    message = refuse("compare", "a-run", option, str(tmp_path / names[kind]))
    assert f"{option} " in message and "name a file in a folder that exists" in message and len(message) < 400
    assert (tmp_path / "pipe").is_fifo(), "no file has taken its place"
