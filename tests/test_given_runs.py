"""What is taken over from a run that another person made, and what remains when it is deleted."""

from pathlib import Path

import pytest
import streamlit as st

from emocore.cli.main import main
from emocore.jobs.delete import delete_run
from emocore.jobs.scheduler import sweep
from emocore.models.resolve import take_over
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, list_runs, runs_root
from emocore.system.installation import confirm_server, confirmed_servers
from tests.support.pages import open_page, words, write_link

THEIRS = "http://theirs.example:8080"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))


def test_a_clone_names_no_server_that_its_user_has_not_named() -> None:
    config = RunConfig(method="tfidf", wandb_base_url=THEIRS)
    taken, notes = take_over(config)
    assert taken == config.model_copy(update={"wandb_base_url": None})
    assert len(notes) == 1 and THEIRS in notes[0]
    confirm_server(THEIRS)
    assert take_over(config) == (config, [])
    assert take_over(taken) == (taken, [])


def test_the_command_line_clones_without_the_server_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run = create_run(runs_root(), RunConfig(method="tfidf", data="starter", wandb_base_url=THEIRS))
    assert main(["queue", "--pause"]) == 0
    assert main(["clone", run.id]) == 0
    assert f"note: wandb_base_url was left out: {THEIRS} is not a W&B server that your key is for" in (
        capsys.readouterr().err
    )
    assert list_runs(runs_root())[-1].config.wandb_base_url is None
    assert confirmed_servers() == frozenset()
    assert main(["clone", run.id, "--set", f"wandb_base_url={THEIRS}"]) == 0
    assert "left out" not in capsys.readouterr().err
    assert confirmed_servers() == {THEIRS}, "who types an address means it"


def test_the_launch_page_fills_its_form_without_the_server_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "page_link", write_link)
    run = create_run(runs_root(), RunConfig(method="tfidf", data="starter", wandb_base_url=THEIRS))
    page = open_page("launch", clone=run.id)
    assert page.text_input(key="launch_wandb_base_url").value == ""
    assert "wandb_base_url was left out" in words(page)


def test_a_linked_run_is_deleted_without_what_it_leads_to(tmp_path: Path) -> None:
    root = runs_root()
    run = create_run(root, RunConfig(method="tfidf"))
    elsewhere = run.path.rename(tmp_path / "elsewhere")
    run.path.symlink_to(elsewhere)
    assert list_runs(root) == [run]
    delete_run(run)
    sweep(root)
    assert list(root.iterdir()) == []
    assert (elsewhere / "state.json").is_file()
