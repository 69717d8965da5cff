"""`emocore plan`: typical values or those of a study, sentences or JSON, and refusals in one line."""

import json

import pytest

from emocore.cli.main import main
from emocore.run.listing import runs_root
from tests.support.refusals import assert_one_line
from tests.support.studies import finish_study


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["plan", *arguments]) == 0
    return capsys.readouterr().out


def test_typical_values_are_taken_without_a_study(capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "--texts", "886", "--replicates", "5", "--methods", "lora,ia3", "--gap", "3")
    assert "With 886 evaluation texts and 5 replicates of 2 methods" in told
    assert "A gap of 3 points takes " in told
    assert "typical values (SemEval-2018 E-c)" in told


def test_all_rows_mean_halves(capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "--texts", "886", "--replicates", "5", "--all-rows")
    assert "one run on all training texts and 4 on halves of 3 methods" in told
    finish_study(runs_root(), seeds=(1,), texts=150)
    assert json.loads(ask(capsys, "--study", "s", "--replicates", "5", "--json"))["repetition"] == "half"
    assert json.loads(ask(capsys, "--replicates", "5", "--json"))["repetition"] == "draw"


def test_a_study_with_several_seeds_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    finish_study(runs_root(), seeds=(1, 2, 3), texts=150)
    told = json.loads(ask(capsys, "--study", "s", "--seeds", "3", "--json"))
    assert (told["texts"], told["methods"], told["repetition"], told["source"]) == (150, 3, "seed", "study 's'")
    assert 0 < told["smallest_gap"] < 0.2
    more = json.loads(ask(capsys, "--study", "s", "--seeds", "3", "--texts", "5000", "--json"))
    assert more["smallest_gap"] < told["smallest_gap"] and more["chance"] == told["chance"]


def test_seeds_do_not_tell_what_draws_would(capsys: pytest.CaptureFixture[str]) -> None:
    finish_study(runs_root(), seeds=(1, 2, 3), texts=150)
    assert "typical values" in ask(capsys, "--study", "s", "--replicates", "3")


def test_what_is_not_given_is_that_of_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    finish_study(runs_root(), seeds=(1, 2, 3), texts=150)
    told = json.loads(ask(capsys, "--study", "s", "--json"))
    assert (told["repetitions"], told["source"]) == (3, "study 's'")


def test_halves_of_one_method_only_tell_nothing_of_differences(capsys: pytest.CaptureFixture[str]) -> None:
    finish_study(runs_root(), methods=("lora", "ia3"), seeds=(1,), texts=150)
    for replicate in (2, 3, 4):
        provenance = {"split_sha256": f"{replicate}" * 64}
        finish_study(
            runs_root(), methods=("lora",), seeds=(replicate,), texts=150, provenance=provenance, replicate=replicate
        )
    told = json.loads(ask(capsys, "--study", "s", "--json"))
    assert (told["repetitions"], told["repetition"]) == (1, "seed")


def test_too_few_texts_never_show_a_gap(capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "--texts", "50", "--seeds", "3", "--gap", "40")
    assert "50 evaluation texts are too few for a verdict" in told
    assert "A gap of 40 points takes about 100 texts with 3 seeds." in told
    assert json.loads(ask(capsys, "--texts", "50", "--json"))["smallest_gap"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--replicates", "3", "--seeds", "3"), "--replicates already has seeds of its own"),
        (("--gap", "0"), "--gap is in points of macro-F1"),
        (("--study", "gone"), "no study 'gone'"),
    ],
)
def test_what_makes_no_plan_is_refused(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["plan", *arguments])
    printed = capsys.readouterr()
    assert message in assert_one_line(status, printed.out, printed.err)
