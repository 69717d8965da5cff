"""What the commands print where nothing is to be refused; `test_cli_errors.py` has the rest."""

import json

import pytest

from emocore.cli import main
from emocore.config import RunConfig
from emocore.folder import RunFolder, create_run, runs_root


@pytest.fixture
def run() -> RunFolder:
    return create_run(runs_root(), RunConfig(method="tfidf"))


def test_no_runs_yet_is_not_an_error_and_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    output = capsys.readouterr()
    assert "python -m emocore study" in output.out
    assert output.err == ""
    assert main(["runs", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_a_damaged_run_is_noted_beside_the_list_of_the_others(
    run: RunFolder, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    damaged = create_run(runs_root(), RunConfig(method="tfidf"))
    (damaged.path / "state.json").write_text("{", encoding="utf-8")
    assert main(["runs", *options]) == 0
    output = capsys.readouterr()
    assert run.id in output.out
    assert damaged.id not in output.out
    assert output.err.startswith(f"note: run {damaged.id}: state.json is damaged")
    assert output.err.count("\n") == 1
    if options:
        assert [row["id"] for row in json.loads(output.out)] == [run.id]


def test_a_run_named_twice_is_deleted_once(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["delete", run.id]) == 2, "nobody is there to answer"
    assert "nothing was deleted" in capsys.readouterr().err and run.path.exists()
    assert main(["delete", "--yes", run.id, run.id]) == 0
    assert capsys.readouterr().out == f"{run.id} deleted\n"
    assert not run.path.exists()
