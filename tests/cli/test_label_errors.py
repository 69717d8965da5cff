"""`compare --label-errors`: the open list, the blind one with its key, copies for spreadsheets, and refusals."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from emocore.cli.main import main
from emocore.run.listing import runs_root
from tests.support.studies import finish_study


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


@pytest.fixture
def study() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), texts=300)


@pytest.mark.usefixtures("study")
def test_the_list_is_written_in_addition_to_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "errors.csv"
    assert main(["compare", "--study", "s", "--json", "--label-errors", str(file), "--for-spreadsheets"]) == 0
    printed = capsys.readouterr()
    listed = pd.read_csv(file, keep_default_na=False)
    assert f"note: All 2 runs contradict {len(listed):,} of " in printed.err
    copy = tmp_path / "errors.for-spreadsheets.csv"
    assert printed.err.splitlines()[-1] == f"written: {file} and {copy}" and copy.is_file()
    assert set(listed["split"]) == {"validation", "test"} and set(listed["corrected"]) == {""}
    assert json.loads(printed.out)["split"] == "test"


@pytest.mark.usefixtures("study")
def test_a_blind_list_has_its_key_in_a_second_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, key = tmp_path / "errors.csv", tmp_path / "errors-key.csv"
    assert main(["compare", "--study", "s", "--label-errors", str(file), "--blind"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"written: {file} and {key}"
    listed, told = pd.read_csv(file), pd.read_csv(key)
    assert list(listed) == ["cell", "text", "label", "corrected"]
    assert {"stored", "suspected"} < set(told) and listed["cell"].equals(told["cell"])


def test_what_does_not_go_together_is_refused(tmp_path: Path, refuse: Callable[..., str]) -> None:
    file = str(tmp_path / "errors.csv")
    assert "--blind needs --label-errors" in refuse("compare", "--study", "s", "--blind")
    assert "--label-errors goes with one --study" in refuse(
        "compare", "--study", "s", "--study", "t", "--label-errors", file
    )
    name = str(tmp_path / "errors.for-spreadsheets.csv")
    assert "choose another one" in refuse("compare", "--study", "s", "--label-errors", name)


def test_a_place_where_no_file_can_be_is_refused_before_anything_is_compared(
    tmp_path: Path, refuse: Callable[..., str]
) -> None:
    assert "--label-errors " in refuse("compare", "a-run", "--label-errors", str(tmp_path / "nowhere" / "x.csv"))
    os.mkfifo(tmp_path / "x-key.csv")
    message = refuse("compare", "a-run", "--label-errors", str(tmp_path / "x.csv"), "--blind")
    assert "x-key.csv: cannot be written" in message
