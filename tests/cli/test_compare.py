"""The command `compare`: its verdict and tables as text and as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emocore.cli.main import main
from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
from emocore.evaluation.results import load_result
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from tests.support.tables import finish_run

LABELS = ("anger", "joy", "trust")
# Supports 2, 3 and 1: joy is the commonest, trust the rarest.
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
PERFECT = np.where(TRUTH == 1, 3.0, -3.0)
ONE_MISS = np.where(np.arange(12).reshape(4, 3) == 0, -3.0, PERFECT)  # the first text's anger


def finish(root: Path, logits: np.ndarray = PERFECT, **settings: Any) -> RunFolder:
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m", "study": "s"} | settings))
    return finish_run(root, config, TRUTH, logits, LABELS)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    monkeypatch.setenv("EMOCORE_RUNS", str(tmp_path))
    return [finish(tmp_path, PERFECT, method="lora"), finish(tmp_path, ONE_MISS, method="ia3")]


def test_a_study_is_compared_as_json(study: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--study", "s", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["runs"]) == {run.id for run in study}
    assert (answer["split"], answer["thresholds"]) == ("validation", "launch")
    macro = {row["series"]: row["value"] for row in answer["scores"] if row["metric"] == "f1_macro"}
    assert macro == pytest.approx({"LoRA": 1, "IA3": (2 / 3 + 1 + 1) / 3})
    anger = {row["series"]: row["f1"] for row in answer["per_emotion"] if row["emotion"] == "anger"}
    assert anger == pytest.approx({"LoRA": 1, "IA3": 2 / 3})
    assert {"silence", "always-on"} <= {row["series"] for row in answer["no_skill"]}
    assert [row["emotion"] for row in answer["verdicts"]] == ["", *LABELS]
    assert answer["differences"] == []
    headline = describe(compare([load_result(run) for run in study], "validation"))
    assert (answer["sentence"], answer["caveats"]) == (headline.sentence, headline.caveats)


def test_what_has_no_interval_is_null_in_json(study: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--study", "s", "--json"]) == 0
    output = capsys.readouterr().out
    assert "NaN" not in output
    assert {row["low"] for row in json.loads(output)["per_emotion"]} == {None}  # at most three texts an emotion


def test_the_printed_verdict_comes_first_and_emotions_stand_by_support(
    study: list[RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--study", "s"]) == 0
    output = capsys.readouterr().out
    assert output.startswith(
        "LoRA has the highest macro-F1 (1.000), but 4 texts are too few for a verdict on LoRA and IA3.\n"
    )
    assert "silence" in output and "nan" not in output
    tables = output[output.index("F1 by emotion") :]
    assert tables.index("joy") < tables.index("anger") < tables.index("trust")


def test_differences_beside_the_method_are_warned_of(
    study: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = finish(tmp_path, method="qlora", epochs=9)
    assert main(["compare", study[0].id, other.id]) == 0
    [warning] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert "epochs" in warning.lower() and "LoRA" in warning and "9" in warning


def test_a_run_named_twice_is_compared_once(study: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", study[0].id, study[0].id, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"] == [study[0].id]
    assert answer["scores"][0]["seeds"] == 1
