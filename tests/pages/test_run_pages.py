"""The pages that launch and show runs: what goes wrong is told where it happened, and the rest of the page stays."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.data.uploads import store_upload
from emocore.errors import RunError
from emocore.jobs.launch import launch, plan_runs
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, runs_root
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import MetricsFile
from emocore.tracking.sync import SyncReport
from pages.shared.plain import NOTHING
from tests.support.live_runs import wait_for
from tests.support.records import read_raw, write_raw
from tests.support.repository import REPOSITORY
from tests.support.tables import LABELS, change_status, finish_run, make_table

NO_SPACE = "no run could be written (No space left on device); free space"
TRUTH = np.tile([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]], (4, 1))

PLACE = {"mode": "online", "reason": None, "entity": "e", "project": "p", "id": "r", "base_url": "http://w"}
PLACE |= {"url": "http://w/r", "complete": False}


@pytest.fixture(autouse=True)
def quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler: the runs stay as the test left them. A page alone has no others to link to, so links are words."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", lambda root: None)
    monkeypatch.setattr(st, "page_link", write_link)


def write_link(page: str, *, label: str, query_params: dict[str, str] | None = None, **_: Any) -> None:
    st.markdown(f"[{label}]({page}?{urlencode(query_params or {}, doseq=True)})")


def open_page(name: str, **parameters: str) -> AppTest:
    page = AppTest.from_file(str(REPOSITORY / "pages" / f"{name}" / "page.py"), default_timeout=30)
    for key, value in parameters.items():
        page.query_params[key] = value
    return page.run()


def words(page: AppTest) -> str:
    kinds: list[Any] = [page.error, page.warning, page.info, page.success, page.caption, page.markdown]
    return "\n".join(str(element.value).replace("\\", "").replace(NOTHING, "") for kind in kinds for element in kind)


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def finish(method: str = "lora", study: str | None = "s") -> RunFolder:
    run = finish_run(runs_root(), resolve(RunConfig(method=method, study=study))[0], TRUTH, TRUTH * 2.0 - 1, LABELS)
    log(run)
    return run


def log(run: RunFolder) -> None:
    file = MetricsFile.begin(run.metrics)
    row = {"step": 3, "total_steps": 3, "epoch": 1.0, "seconds": 2.0}
    file.append(row | {"train/loss": 0.5, "validation/f1_macro": 0.4, "validation/f1_micro": 0.6})
    file.close()
    run.log.write_text("the last words\n", encoding="utf-8")


def stop(run: RunFolder) -> RunFolder:
    change_status(run, RunStatus.STOPPED, reason="stopped by the user")
    return run


def refuse(*_: Any) -> None:
    raise RunError(NO_SPACE)


def write(name: str, content: object) -> Callable[[RunFolder], object]:
    return lambda run: (run.path / name).write_text(json.dumps(content) + "\n", encoding="utf-8")


def test_a_launch_that_fails_is_told_beside_its_button_and_the_form_stays(monkeypatch: pytest.MonkeyPatch) -> None:
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


def spoil_result(key: str) -> Callable[[RunFolder], object]:
    def spoil(run: RunFolder) -> None:
        result = read_raw(run, "result.json")
        del result[key]
        write_raw(run, "result.json", result)

    return spoil


def spoil_predictions(run: RunFolder) -> None:
    table = pd.read_parquet(run.predictions)
    table.rename(columns={"logit.joy": "logit.delight"}).to_parquet(run.predictions)


DAMAGES: dict[str, tuple[Callable[[RunFolder], object], str]] = {
    "scores gone": (write("result.json", {"validation": None, "test": None, "cost": {}}), "result.json is damaged"),
    "scores of another shape": (write("result.json", {"validation": [1], "test": 3}), "result.json is damaged"),
    "result no JSON": (lambda run: (run.path / "result.json").write_text("{"), "result.json is damaged"),
    "costs gone": (spoil_result("cost"), "result.json is damaged"),
    "predictions of other emotions": (spoil_predictions, ""),
    "W&B of another shape": (write("wandb.json", {"id": 3}), "wandb.json is damaged"),
    "W&B no object": (write("wandb.json", []), "wandb.json is damaged"),
    "metrics of another shape": (write("metrics.jsonl", {"step": 1, "train/loss": 0.1}), ""),
    "metrics no numbers": (
        write("metrics.jsonl", {"step": "a", "total_steps": None, "epoch": [], "seconds": {}, "train/loss": "x"}),
        "",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_breaks_no_page(damage: str) -> None:
    run, healthy = finish("ia3"), finish()
    spoil, told = DAMAGES[damage]
    spoil(run)
    page = open_page("run", run=run.id)
    assert not page.exception
    assert told in words(page)
    assert "finished" in words(page)
    assert [code.value for code in page.code] == ["the last words"]
    assert "Delete" in labels(page)
    for others in (open_page("runs", study="s"), open_page("start"), open_page("run", run=healthy.id)):
        assert not others.exception
    listed = open_page("runs").dataframe[0].value
    assert len(listed) == 2 and listed["macro-F1"].notna().any()
    compared = open_page("compare", study="s")
    assert not compared.exception
    assert "LoRA" in set(compared.dataframe[0].value["series"]), "the others are compared"
    if told == "result.json is damaged":
        assert "Left out" in words(compared) and told in words(compared)


def test_damaged_predictions_leave_one_run_out_of_a_comparison() -> None:
    damaged = finish("ia3")
    finish(), finish("qlora")
    spoil_predictions(damaged)
    page = open_page("compare", study="s")
    assert not page.exception
    assert f"Left out: run {damaged.id}: predictions.parquet is missing or damaged (it has no column logit.joy)" in (
        words(page)
    )
    assert set(page.dataframe[0].value["series"].dropna()) >= {"LoRA", "QLoRA"}
    assert "IA3" not in set(page.dataframe[0].value["series"])


def test_a_run_with_damaged_settings_can_be_looked_at_and_deleted() -> None:
    run = finish()
    write("config.json", {"method": 3})(run)
    page = open_page("run", run=run.id)
    assert not page.exception
    assert "config.json is damaged" in words(page)
    assert [code.value for code in page.code] == ["the last words"]
    assert "Delete" in labels(page) and "Clone" not in words(page)


def test_a_run_that_is_deleted_between_two_looks_breaks_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = finish(), finish("ia3")
    stale = list_runs(runs_root())
    shutil.rmtree(gone.path)
    monkeypatch.setattr("emocore.run.listing.list_runs", lambda root: stale)
    for name in ("runs", "start"):
        page = open_page(name)
        assert not page.exception
        assert words(page).count("pages/run/page.py?") == 1 and f"run/page.py?run={kept.id}" in words(page)


def test_the_buttons_follow_a_run_that_was_resumed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stop(create_run(runs_root(), resolve(RunConfig(method="lora"))[0]))
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
    assert not page.exception
    assert "Stop" in labels(page) and "Resume" not in labels(page)
    assert pauses == [10, 1], "an ended run is looked at again, a live one often"


def test_checkpoints_are_read_once_until_one_of_them_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stop(create_run(runs_root(), resolve(RunConfig(method="lora"))[0]))
    checkpoint = run.checkpoints / "checkpoint-5"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_bytes(b"1")
    reads: list[Path] = []
    monkeypatch.setattr("emocore.training.checkpoints.last_checkpoint", lambda f: reads.append(f) or checkpoint)
    page = open_page("run", run=run.id)
    page.run()
    assert "goes on after step 5" in words(page)
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
        write("wandb.json", PLACE | {"complete": True})(run)
        return SyncReport(run.id, "http://w/r", rows_sent=7, was_there=False)

    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setattr("pages.run.sending.sync_run", send)
    page = open_page("run", run=run.id)
    page.button(key="run_sync").click().run()
    assert "Sending to W&B" in words(page) and page.button(key="run_sync").disabled
    assert "Sending to W&B" in words(open_page("run", run=run.id)), "whoever looks sees it"
    sent.set()
    told = "was not sent to W&B: no answer" if fails else "sent to W&B, 7 steps"
    wait_for(lambda: told in words(page.run()), 10)
    assert ("Sync to W&B" in labels(page)) == fails, "it can be tried again as long as W&B lacks something"
    write("wandb.json", PLACE | {"complete": fails})(run)  # by the command line, or by who put an old copy there
    assert told not in words(page.run()), "it is not true any more"
    assert not page.exception


def test_every_state_has_a_sign_that_plain_fonts_know() -> None:
    from pages.shared.tables import STATUS_ICONS

    assert set(STATUS_ICONS) == {str(status) for status in RunStatus}
    assert all(len(icon) == 1 and ord(icon) < 0x2800 for icon in STATUS_ICONS.values())


def test_uploads_are_counted_with_the_disk_and_removed_by_a_click() -> None:
    used, old, young = (
        store_upload(runs_root(), f"{rows}.csv", make_table(rows).to_csv(index=False).encode()) for rows in (50, 60, 70)
    )
    for path in (used, old):
        os.utime(path, (1, 1))
    create_run(runs_root(), resolve(RunConfig(method="tfidf", data=str(used)))[0])
    page = open_page("runs")
    assert "3 uploaded files, " in words(page) and "; 2 of them used by no run." in words(page)
    page.button(key="uploads_remove").click().run()
    assert not page.exception and "2 uploaded files, " in words(page)
    assert used.is_file() and young.is_file() and not old.exists()
