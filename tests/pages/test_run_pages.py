"""The pages that launch and show runs: an error is shown where it happened, and the rest of the page stays."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st

from emocore.errors import RunError
from emocore.jobs.launch import launch, plan_runs
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs, runs_root
from emocore.run.state import RunStatus
from emocore.tracking.sync import SyncReport
from tests.support.live_runs import wait_for
from tests.support.pages import LAST_WORDS, draw, finish, labels, open_page, queue, stop, words
from tests.support.records import edit, write_raw
from tests.support.tables import KEPT, LABELS, change_status, make_origin, make_place, make_table
from tests.support.uploads import keep_upload

NO_SPACE = "no run could be written (No space left on device); free space"


def refuse(*_: Any) -> None:
    raise RunError(NO_SPACE)


def test_a_launch_that_fails_is_told_next_to_its_button_and_the_form_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page("launch")
    page.text_input(key="launch_study").set_value("mine").run()
    monkeypatch.setattr("emocore.jobs.launch.create_run", refuse)
    [button] = [button for button in page.button if button.label.startswith("Launch")]
    button.click().run()
    assert NO_SPACE in words(page)
    assert not page.exception
    assert page.text_input(key="launch_study").value == "mine"
    assert button.label in labels(page), "it can be tried again"


def test_a_starter_study_that_cannot_be_launched_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page("start")
    monkeypatch.setattr("emocore.jobs.launch.create_run", refuse)
    page.button(key="start_study").click().run()
    assert NO_SPACE in words(page)
    assert not page.exception


def test_queued_runs_are_accepted_though_no_scheduler_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("emocore.jobs.launch.tend_queue", refuse)
    runs = launch(plan_runs([RunConfig(method="tfidf")]), runs_root())
    assert list_runs(runs_root()) == runs
    assert NO_SPACE in caplog.text
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", refuse)
    assert NO_SPACE in words(open_page("runs")), "the Runs page tells of the trouble"


def test_damaged_predictions_leave_one_run_out_of_a_comparison() -> None:
    damaged = finish("ia3")
    finish(), finish("qlora")
    table = pd.read_parquet(damaged.predictions)
    table.rename(columns={"logit.joy": "logit.delight"}).to_parquet(damaged.predictions)
    page = open_page("compare", study="s")
    assert f"Left out: run {damaged.id}: predictions.parquet is missing or damaged (it has no column logit.joy)" in (
        words(page)
    )
    assert set(page.dataframe[0].value["series"].dropna()) >= {"LoRA", "QLoRA"}
    assert "IA3" not in set(page.dataframe[0].value["series"])
    assert "finished" in words(open_page("run", run=damaged.id))


def test_a_run_with_damaged_settings_can_be_looked_at_and_deleted() -> None:
    run = finish()
    write_raw(run, "config.json", {"method": 3})
    page = open_page("run", run=run.id)
    assert "config.json is damaged" in words(page)
    assert [code.value for code in page.code] == [LAST_WORDS]
    assert "Delete" in labels(page) and "Clone" not in words(page)


def test_a_run_that_is_deleted_between_two_looks_breaks_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = finish(), finish("ia3")
    stale = list_runs(runs_root())
    shutil.rmtree(gone.path)
    monkeypatch.setattr("emocore.run.listing.list_runs", lambda root: stale)
    for name in ("runs", "start"):
        page = open_page(name)
        assert words(page).count("pages/run/page.py?") == 1 and f"run/page.py?run={kept.id}" in words(page)


def test_the_buttons_follow_a_run_that_was_resumed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stop(queue())
    pauses: list[float | None] = []

    def look_twice(run_every: float | None) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """As a browser that waits `run_every` and looks again; the run is queued in between."""
        pauses.append(run_every)

        def show(part: Callable[[], None]) -> None:
            part()
            if run.stored_state.status == RunStatus.STOPPED:
                change_status(run, RunStatus.QUEUED, reason=None, ended_at=None)
            part()

        return lambda part: lambda: show(part)

    monkeypatch.setattr(st, "fragment", look_twice)
    page = open_page("run", run=run.id)
    assert "Stop" in labels(page) and "Resume" not in labels(page)
    assert pauses == [10, 1], "an ended run is looked at again, a live one often"


def test_checkpoints_are_read_once_until_one_of_them_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stop(queue())
    checkpoint = run.checkpoints / "checkpoint-5"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_bytes(b"1")
    reads: list[Path] = []
    monkeypatch.setattr("emocore.training.checkpoints.last_checkpoint", lambda f: reads.append(f) or checkpoint)
    page = open_page("run", run=run.id)
    page.run()
    assert "continues after step 5" in words(page)
    assert len(reads) == 1
    (checkpoint / "scheduler.pt").write_bytes(b"1")
    page.run()
    assert len(reads) == 2


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_is_sent_while_its_page_stays_at_hand(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    run, sent = finish(), threading.Event()

    def send(run: RunFolder) -> SyncReport:
        sent.wait(20)
        if fails:
            raise RunError(f"run {run.id} was not sent to W&B: no answer; then sync it again")
        write_raw(run, "wandb.json", make_place(complete=True))
        return SyncReport(run.id, "http://w/r", rows_sent=7, was_there=False)

    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setattr("pages.run.sending.sync_run", send)
    page = open_page("run", run=run.id)
    page.button(key="run_sync").click().run()
    assert "Sending to W&B" in words(page) and page.button(key="run_sync").disabled
    assert "Sending to W&B" in words(open_page("run", run=run.id)), "whoever looks sees it"
    sent.set()
    told = "was not sent to W&B: no answer" if fails else "sent to W&B, 7 steps"
    wait_for(lambda: told in words(draw(page)), 10)
    assert ("Sync to W&B" in labels(page)) == fails, "it can be tried again as long as W&B lacks something"
    write_raw(run, "wandb.json", make_place(complete=fails))  # by the command line, or by who put an old copy there
    assert told not in words(draw(page)), "it is not true any more"


def test_every_state_has_a_sign_that_plain_fonts_know() -> None:
    from pages.shared.tables import STATUS_SIGNS

    assert set(STATUS_SIGNS) == {str(status) for status in RunStatus}
    assert all(len(icon) == 1 and ord(icon) < 0x2800 for _, icon in STATUS_SIGNS.values())


def test_uploads_are_counted_with_the_disk_and_removed_by_a_click() -> None:
    used, old, young = (
        keep_upload(runs_root(), f"{rows}.csv", make_table(rows).to_csv(index=False).encode()) for rows in (50, 60, 70)
    )
    for path in (used, old):
        os.utime(path, (1, 1))
    queue("tfidf", data=str(used))
    page = open_page("runs")
    assert "3 uploaded files, " in words(page) and "; 2 of them used by no run." in words(page)
    page.button(key="uploads_remove").click().run()
    assert not page.exception and "2 uploaded files, " in words(page)
    assert used.is_file() and young.is_file() and not old.exists()


def test_a_run_that_shared_its_device_says_so_next_to_its_times() -> None:
    run = finish()
    assert "same device" not in words(open_page("run", run=run.id))
    edit(run, "result.json", shared_device=True)
    assert "Other runs were on the same device for a part of the time" in words(open_page("run", run=run.id))


def test_a_run_that_chose_its_epoch_says_which_and_marks_the_scores_of_those_texts() -> None:
    run = finish()
    assert "epoch" not in words(open_page("run", run=run.id)).lower().replace("epochs", "")
    edit(run, "result.json", kept=KEPT)
    page = words(open_page("run", run=run.id))
    assert "Epoch 2 of 6 was kept, which is the best by validation macro-F1: 0.750. Patience ended the" in page
    assert "The epoch was chosen on these texts, so the scores are optimistic." in page


def test_warnings_about_the_data_stand_on_the_page_of_a_run() -> None:
    run = finish()
    assert "Warnings about the data" not in str(labels(open_page("run", run=run.id)))
    note = "a.csv, training split: every text has **joy**, so there is nothing to tell apart"
    write_raw(run, "provenance.json", make_origin(LABELS, data_warnings=[note, "2 groups are in both"]))
    page = open_page("run", run=run.id)
    assert any(expander.label == "Warnings about the data (2)" for expander in page.expander)
    assert note in words(page)
