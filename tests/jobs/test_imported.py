"""Runs that this installation did not launch are shown, but never start before a user resumes them."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.cli.main import main
from emocore.errors import ConfigError
from emocore.jobs.queue import imported_runs, resume_run, waiting_runs
from emocore.jobs.scheduler import Scheduler, has_work
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs
from emocore.run.state import IMPORTED_REASON, RunStatus
from tests.support.live_runs import queue_run, start_scheduler, wait_for_status
from tests.support.records import edit, read_raw
from tests.support.repository import REPOSITORY
from tests.support.wandb_children import API_KEY
from tests.support.wandb_server import WandbServer


def strip_mark(run: RunFolder) -> RunFolder:
    """As if no installation had launched it."""
    edit(run, "state.json", mark=None)
    return run


@pytest.fixture
def own(root: Path) -> RunFolder:
    return create_run(root, RunConfig(method="tfidf"))


def assert_imported(run: RunFolder) -> None:
    root = run.path.parent
    state = run.state
    assert (state.status, state.reason) == (RunStatus.IMPORTED, IMPORTED_REASON)
    assert state.status.is_final and state.status.is_resumable
    assert imported_runs(root) == [run] == list_runs(root)
    assert waiting_runs(root) == [] and not has_work(root)
    scheduler = Scheduler(root)
    assert not scheduler.tick() and not scheduler.tick()
    assert read_raw(run, "state.json")["status"] == "queued", "looking changes nothing"


def test_a_run_that_was_launched_here_waits_for_its_turn(own: RunFolder) -> None:
    assert own.state.status == RunStatus.QUEUED
    assert waiting_runs(own.path.parent) == [own] and has_work(own.path.parent)


def test_a_queued_run_without_a_mark_waits_for_a_word(own: RunFolder) -> None:
    assert_imported(strip_mark(own))


def test_a_run_of_another_installation_waits_for_a_word(
    own: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "another installation"))
    assert_imported(own)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("config.json", {"wandb_base_url": "http://evil.example"}),
        ("environment.json", {"HF_ENDPOINT": "http://evil.example"}),
        ("state.json", {"mark": "0" * 64}),
        ("state.json", {"mark": ""}),
    ],
)
def test_a_run_that_somebody_changed_is_not_the_one_that_was_launched(
    own: RunFolder, name: str, changes: dict[str, object]
) -> None:
    edit(own, name, **changes)
    assert_imported(own)


def test_the_same_run_under_another_name_is_another_run(own: RunFolder) -> None:
    assert_imported(RunFolder(own.path.rename(own.path.with_name("copy"))))


@pytest.mark.parametrize("content", [None, "[" * 100_000, '{"CUDA_VISIBLE_DEVICES": 5}', "[]"])
def test_resuming_one_makes_it_a_run_of_here(
    own: RunFolder, content: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is None:
        servers = {"HF_ENDPOINT": "http://evil.example", "WANDB_BASE_URL": "http://evil.example", "HF_HUB_OFFLINE": "0"}
        folders = {"EMOCORE_CACHE": "/evil", "HF_HOME": "/evil", "HF_HUB_CACHE": "/evil"}
        edit(own, "environment.json", OMP_NUM_THREADS="3", CUDA_VISIBLE_DEVICES="", **servers, **folders)
    else:
        (own.path / "environment.json").write_text(content)
    edit(own, "state.json", attempts=2**31 - 1)
    monkeypatch.setenv("HF_HOME", "/mine")
    assert own.state.status == RunStatus.IMPORTED
    resume_run(own)
    assert (own.state.status, own.state.attempts) == (RunStatus.QUEUED, 0)
    kept = read_raw(own, "environment.json")
    assert "evil" not in str(kept) and kept["HF_HOME"] == "/mine"
    if content is None:
        assert (kept["OMP_NUM_THREADS"], kept["CUDA_VISIBLE_DEVICES"]) == ("3", "")


def test_without_a_settings_folder_nothing_is_resumed_and_the_run_stays_as_it_was(
    own: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip_mark(own)
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "file" / "x"))
    with pytest.raises(ConfigError, match="EMOCORE_SETTINGS"):
        resume_run(own)
    assert own.state.status == RunStatus.IMPORTED


def test_a_file_that_leads_out_of_the_folder_keeps_a_run_from_being_resumed(own: RunFolder, tmp_path: Path) -> None:
    strip_mark(own)
    (tmp_path / "precious").write_text("mine")
    own.log.symlink_to(tmp_path / "precious")
    assert main(["resume", own.id]) == 2
    assert own.state.status == RunStatus.IMPORTED
    assert (tmp_path / "precious").read_text() == "mine"


def test_the_command_line_resumes_all_of_them(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(root))
    runs = [strip_mark(create_run(root, RunConfig(method="tfidf", data="gone.csv"))) for _ in range(3)]
    assert main(["queue"]) == 0 and "3 imported; `python -m emocore resume --imported`" in capsys.readouterr().out
    assert main(["resume"]) == 2 and "--imported" in capsys.readouterr().err
    assert main(["resume", "--imported", runs[0].id]) == 2
    assert main(["resume", "--imported"]) == 0
    assert imported_runs(root) == []
    for run in runs:
        wait_for_status(run, RunStatus.FAILED)


def test_the_runs_page_resumes_all_of_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(root))
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)  # a single page has no others to link to
    runs = [strip_mark(create_run(root, RunConfig(method="tfidf", data="gone.csv"))) for _ in range(2)]
    page = AppTest.from_file(str(REPOSITORY / "pages" / "runs" / "page.py"), default_timeout=30).run()
    assert "2 queued runs were not launched by this installation" in page.info[0].value
    page.button(key="queue_resume_imported").click().run()
    assert not page.exception and imported_runs(root) == []
    for run in runs:
        wait_for_status(run, RunStatus.FAILED)


def test_a_given_run_that_is_resumed_asks_only_servers_of_this_user(
    root: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real run whose folder names somebody else's servers, for both keys."""
    with WandbServer() as wandb_server, WandbServer() as theirs:
        monkeypatch.setenv("WANDB_API_KEY", API_KEY)
        monkeypatch.setenv("WANDB_BASE_URL", wandb_server.base_url)
        monkeypatch.setenv("HF_TOKEN", "hf_made_up_token")
        run = queue_run(root, small_csv, method="tfidf")
        named = dict.fromkeys(("WANDB_BASE_URL", "HF_ENDPOINT"), theirs.base_url)
        edit(run, "environment.json", **named, HF_HUB_OFFLINE="0")
        scheduler = start_scheduler(root)
        assert scheduler.wait(20) == 0
        assert run.state.status == RunStatus.IMPORTED
        resume_run(run)
        scheduler = start_scheduler(root)
        wait_for_status(run, RunStatus.FINISHED)
        assert scheduler.wait(20) == 0
        assert theirs.requests == []
        assert [key[2] for key in wandb_server.runs] == [run.id]
