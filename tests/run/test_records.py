"""Records are either read as a whole or refused with run, file and field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel

from emocore.errors import RunError
from emocore.metrics import score_logits
from emocore.run.config import RunConfig
from emocore.run.records import read_record, write_record
from emocore.run.result import RunScores
from tests.support.tables import COST

TRUTH = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
SCORES = score_logits(TRUTH, TRUTH * 2.0 - 1, ["anger", "joy"], 0.5)
RESULT = {"format": 1, "validation": SCORES, "test": None, "cost": COST}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "some-run"
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps(RESULT), encoding="utf-8")
    return folder


def refuse(folder: Path, change: Callable[[dict[str, Any]], object], model: type[BaseModel] = RunScores) -> str:
    """The refusal of `result.json` once it was changed."""
    content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError) as caught:
        read_record(folder, "result.json", model)
    return str(caught.value)


def test_a_record_that_is_not_there_reads_as_none(folder: Path) -> None:
    assert read_record(folder, "provenance.json", RunScores) is None


def test_a_record_survives_being_written_and_read(folder: Path) -> None:
    scores = read_record(folder, "result.json", RunScores)
    assert scores and scores.model_dump(exclude_unset=True) == {key: RESULT[key] for key in scores.model_fields_set}
    write_record(folder / "result.json", scores)
    assert read_record(folder, "result.json", RunScores) == scores
    config = RunConfig(method="qlora", target_modules=["q_proj"], learning_rate=5e-4, rows=1000, study="étude")
    write_record(folder / "config.json", config)
    assert "étude" in (folder / "config.json").read_text(encoding="utf-8")
    assert read_record(folder, "config.json", RunConfig) == config


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, '{"a": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(folder: Path, content: str) -> None:
    (folder / "result.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError) as caught:
        read_record(folder, "result.json", RunScores, remedy="do this")
    assert str(caught.value) == snapshot(
        "run some-run: result.json is damaged (it should hold one JSON object); do this"
    )


@pytest.mark.parametrize("number", [0, 2, 7, -1])
def test_a_format_of_another_version_is_told_from_damage(folder: Path, number: int) -> None:
    told = f"run some-run: result.json has format {number}, which this version of Emocore does not know; update Emocore"
    assert refuse(folder, lambda result: result.update(format=number)) == told


@pytest.mark.parametrize("number", [None, True, 1.0, "1", [], {}])
def test_a_format_that_is_no_whole_number_is_damage(folder: Path, number: object) -> None:
    assert "is damaged (format: should be a whole number)" in refuse(folder, lambda r: r.update(format=number))


@pytest.mark.parametrize("value", ["x", True, -1, 10**30, 10**400, float("nan"), float("inf"), [], {}])
@pytest.mark.parametrize("place", ["cost.train_seconds", "validation.flattened.f1_macro"])
def test_a_number_that_none_can_be_is_named_by_its_field(folder: Path, place: str, value: object) -> None:
    def spoil(result: dict[str, Any]) -> None:
        *groups, name = place.split(".")
        for group in groups:
            result = result[group]
        result[name] = value

    told = refuse(folder, spoil)
    assert told.startswith(f"run some-run: result.json is damaged ({place}: should be ")
    assert told.endswith("); run it again or delete the run") and "\n" not in told


def test_the_words_are_those_of_a_sentence(folder: Path) -> None:
    told = refuse(folder, lambda result: result["cost"].pop("adapter_bytes"))
    assert told == snapshot(
        "run some-run: result.json is damaged (cost.adapter_bytes: field required); run it again or delete the run"
    )


def test_a_setting_of_another_version_is_named(folder: Path) -> None:
    content = RunConfig().model_dump() | {"optimizer": "sgd"}
    told = refuse(folder, lambda result: (result.clear(), result.update(content)), RunConfig)
    assert "result.json is damaged (optimizer: extra inputs are not permitted)" in told
