"""`compare` with several studies: a ranking as a table and as JSON, and what it refuses."""

import json
import re
from collections.abc import Callable

import pytest

from emocore.cli.main import main
from emocore.run.listing import runs_root
from tests.support.studies import finish_study


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


def finish_studies(count: int, has_test: bool = True) -> list[str]:
    """Studies of the same methods on other data; returns the options that name them."""
    for number in range(count):
        finish_study(
            runs_root(), seeds=(42,), study=f"data {number}", has_test=has_test or number > 0, data_seed=number,
            provenance={"data_sha256": {"data": f"{number}" * 64}},
        )  # fmt: skip
    return [word for number in range(count) for word in ("--study", f"data {number}")]


def test_ranks_are_printed_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *finish_studies(2)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Over 2 datasets, LoRA has the best mean rank")
    assert lines[0].endswith("So few datasets allow no test, only ranks; from 5 on, there is one.")
    assert "macro-F1 on the test split, thresholds fixed" in lines
    head, *rows = [re.split("  +", line) for line in lines[-4:]]
    assert head == ["series", "data 0", "data 1", "mean rank"]
    assert rows[0][0] == "LoRA" and {row[0] for row in rows} == {"LoRA", "QLoRA", "IA3"}


def test_ranks_are_printed_as_json_with_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    studies = finish_studies(5, has_test=False)
    assert main(["compare", *studies, "--thresholds", "tuned", "--together", "lora,ia3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["split"], told["thresholds"]) == ("validation", "tuned")
    assert {row["series"] for row in told["ranking"]} == {"LoRA", "IA3", "QLoRA", "LoRA + IA3 together"}
    assert all(set(row["f1_macro"]) == {f"data {number}" for number in range(5)} for row in told["ranking"])
    assert told["test"]["name"] == "Friedman's" and 0 < told["test"]["p_value"] < 0.05


def test_a_study_named_twice_is_compared_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *finish_studies(1) * 2]) == 0
    assert "Scores on the test split" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--report", "x.html"], "--report goes with one --study; several are ranked in a table"),
        (["--wandb", "team/emotions"], "--wandb goes with one --study"),
        (["--study", "gone"], "no study 'gone'"),
        (["a-run"], "name the runs to compare, or a study with --study"),
    ],
)
def test_what_cannot_be_ranked_is_refused(refuse: Callable[..., str], arguments: list[str], message: str) -> None:
    assert message in refuse("compare", *finish_studies(2), *arguments)
