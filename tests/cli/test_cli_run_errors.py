"""Commands on runs that do not exist or are in the wrong state print one clear line and change nothing."""

import json
from collections.abc import Callable

import pytest

from emocore.cli.main import main
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from tests.support.records import write_raw
from tests.support.tables import change_status


@pytest.mark.parametrize("run_id", ["20240101-000000-lora-minilm-l6-0000", "..", "../runs", ".", ""])
@pytest.mark.parametrize(
    "arguments",
    [["show"], ["compare"], ["stop"], ["resume"], ["clone"], ["delete"], ["classify", "--text", "hello"]],
    ids=lambda a: a[0],
)
def test_an_unknown_run_is_refused_with_how_to_list_them(
    refuse: Callable[..., str], arguments: list[str], run_id: str
) -> None:
    command, *options = arguments
    message = refuse(command, run_id, *options)
    assert f"no run '{run_id}'" in message
    assert "emocore runs" in message


def test_an_unknown_study_is_refused_with_how_to_list_them(refuse: Callable[..., str]) -> None:
    message = refuse("compare", "--study", "never started")
    assert "no study 'never started'" in message
    assert "emocore runs" in message


def test_one_unknown_run_among_others_keeps_them_all(refuse: Callable[..., str], run: RunFolder) -> None:
    for command in ("stop", "delete"):
        refuse(command, run.id, "missing")
    assert run.state.status == RunStatus.QUEUED


@pytest.mark.parametrize("arguments", [["compare"], ["classify", "--text", "hello"]], ids=lambda a: a[0])
def test_an_unfinished_run_is_neither_compared_nor_used(
    refuse: Callable[..., str], run: RunFolder, arguments: list[str]
) -> None:
    assert f"run {run.id} is queued; only finished runs" in refuse(*arguments, run.id)


@pytest.mark.parametrize("arguments", [["show"], ["compare"], ["classify", "--text", "hello"]], ids=lambda a: a[0])
def test_a_damaged_result_is_told_with_its_run_and_file(
    refuse: Callable[..., str], run: RunFolder, arguments: list[str]
) -> None:
    write_raw(run, "result.json", {"validation": {"multilabel": {}}, "test": None})
    change_status(run, RunStatus.FINISHED)
    assert f"run {run.id}: result.json is damaged" in refuse(*arguments, run.id)


def test_a_terminal_is_shown_what_a_run_holds_and_obeys_none_of_it(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    change_status(run, RunStatus.FAILED, reason="because \x9b2J of \x07")
    run.log.write_text("the \x1b]0;title\x07 last words\n", encoding="utf-8")
    assert main(["show", run.id]) == 0
    shown = capsys.readouterr().out
    assert r"because \x9b2J of \x07" in shown and r"the \x1b]0;title\x07 last words" in shown
    assert main(["show", run.id, "--json"]) == 0
    printed = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\x07"} & set(shown + printed)
    assert json.loads(printed)["reason"] == "because \x9b2J of \x07"
