"""A new user's way through the app in real Chromium: study, curves, comparison, a sentence.

The study has fewer rows and epochs than the starter study, which `make installed` carries to its comparison.
"""

import re

import pytest
from playwright.sync_api import Browser, expect

from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import read_metrics
from emocore.training.checkpoints import last_checkpoint
from tests.support.app_browser import BROWSER_MARKS, MAKE_APP, App, keep_screenshot, open_page, wait_for_status
from tests.support.live_runs import start_scheduler, wait_for

ROWS, EPOCHS = 96, 3  # some seconds of training remain after the first checkpoint, for the click on Stop
STUDY_TIMEOUT_SECONDS = 420

pytestmark = [*BROWSER_MARKS, pytest.mark.long]


@pytest.mark.parametrize("app", [MAKE_APP], indirect=True, ids=["make app"])
def test_a_newcomer_starts_the_starter_study_which_outlives_browser_and_app(app: App, browser: Browser) -> None:
    page = open_page(browser, app.url)
    expect(page.get_by_role("heading", name="Emocore")).to_be_visible()
    keep_screenshot(page, "1-start-light")
    page.get_by_role("button", name="Run the starter study").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.get_by_text("Validation macro-F1")).to_be_visible()
    wait_for_status(app.runs, {RunStatus.RUNNING}, 1, 120)
    runs = list_runs(app.runs)
    assert [run.config.method for run in runs] == ["lora", "ia3", "qlora", "head"]
    page.close()
    app.kill()

    # Nobody is there now, but the run goes on.
    wait_for(lambda: any("train/loss" in row for row in read_metrics(runs[0].metrics)), 90, "a training loss")
    app.start()
    page = open_page(browser, f"{app.url}/run?run={runs[0].id}", width=800)
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    assert runs[0].state.attempts == 1


def test_a_study_is_launched_stopped_resumed_compared_tried_and_deleted(app: App, browser: Browser) -> None:
    start_scheduler(app.runs, idle_seconds=600)  # its runs start in no time
    page = open_page(browser, f"{app.url}/launch")
    for name, value in (("Training rows", ROWS), ("Epochs", EPOCHS)):
        box = page.get_by_role("spinbutton", name=name)
        box.fill(str(value))
        box.press("Enter")
    page.get_by_role("button", name="Launch 3 runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    wait_for_status(app.runs, {RunStatus.RUNNING}, 1, 90)
    run = list_runs(app.runs)[0]
    assert (run.config.rows, run.config.epochs) == (ROWS, EPOCHS)
    page.close()
    page = open_page(browser, f"{app.url}/run?run={run.id}", scheme="dark", width=800)
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    expect(page.get_by_text("Validation F1")).to_be_visible()
    expect(page.get_by_text(re.compile("so far"))).to_be_visible()
    wait_for(lambda: last_checkpoint(run.checkpoints), 90, "a checkpoint")  # written after the epoch's evaluation
    keep_screenshot(page, "2-live-dark-800")

    # Streamlit has a button of this name in its header while a page is drawn.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("stopped by the user")).to_be_visible(timeout=40_000)
    stopped_at = read_metrics(run.metrics)[-1]["step"]
    keep_screenshot(page, "3-stopped-dark-800")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("queued|starting|running")).first).to_be_visible()
    page.close()
    wait_for_status(app.runs, {RunStatus.FINISHED}, 2, STUDY_TIMEOUT_SECONDS)
    page = open_page(browser, f"{app.url}/run?run={run.id}", scheme="dark", width=800)
    expect(page.get_by_text(re.compile("queued|starting|running")).first).to_be_visible()
    wait_for_status(app.runs, {RunStatus.FINISHED}, 3, STUDY_TIMEOUT_SECONDS)
    expect(page.get_by_role("link", name="Try a sentence")).to_be_visible()
    keep_screenshot(page, "4-finished-dark-800")
    page.close()
    steps = [row["step"] for row in read_metrics(run.metrics) if "train/loss" in row]
    assert steps == sorted(set(steps)), "no step was counted twice"
    assert 0 < stopped_at < steps[-1]
    assert run.state.attempts == 2
    assert "Resuming from step" in run.log.read_text(encoding="utf-8")

    page = open_page(browser, f"{app.url}/runs?study={run.config.study.replace(' ', '+')}")
    keep_screenshot(page, "5-runs-light")
    page.get_by_role("link", name="Compare these runs").click()
    expect(page.get_by_text(f"Trained on these {ROWS} texts")).to_be_visible()
    for title in ("LoRA", "IA3", "QLoRA"):
        expect(page.locator(".legendtext", has_text=title).first).to_be_visible()
    expect(page.get_by_text("These runs differ in more than method and seed")).to_have_count(0)
    keep_screenshot(page, "6-compare-light")

    page.get_by_role("link", name="Playground").click()
    expect(page.get_by_role("heading", name="Playground")).to_be_visible()
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("my best friend surprised me with a party, I love her")
    box.press("Enter")
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=120_000)
    expect(page.locator(".js-plotly-plot").first).to_contain_text("joy")
    keep_screenshot(page, "7-playground-light")

    page.goto(f"{app.url}/run?run={run.id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Run {run.id} is deleted")).to_be_visible()
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert len(list_runs(app.runs)) == 2 and run not in list_runs(app.runs)


def test_bad_data_is_refused_on_the_page_and_leaves_nothing(app: App, browser: Browser) -> None:
    broken = app.runs / "broken.csv"
    broken.write_text("text,joy,anger\nhello,1,0\nworld,2,0\n")
    page = open_page(browser, f"{app.url}/launch")
    page.get_by_text("File on disk").click()
    path = page.get_by_role("textbox", name="Path of a CSV or TSV")
    path.fill(str(broken))
    path.press("Enter")
    expect(page.get_by_text("row 3, column 'joy'")).to_be_visible()
    expect(page.get_by_role("button", name="Launch", exact=True)).to_be_disabled()
    path.fill(str(broken.with_name("gone.csv")))
    path.press("Enter")
    expect(page.get_by_text("no such file")).to_be_visible()
    path.fill("/etc/shadow")
    path.press("Enter")
    expect(page.get_by_text("this page reads data files only below your home")).to_be_visible()
    assert list_runs(app.runs) == []
    keep_screenshot(page, "8-launch-refused-light")


def test_every_page_teaches_when_there_is_nothing(app: App, browser: Browser) -> None:
    for name in ("", "launch", "runs", "compare", "playground"):
        page = open_page(browser, f"{app.url}/{name}", width=800)
        expect(page.get_by_role("heading").first).to_be_visible()
        if name in ("runs", "compare", "playground"):
            expect(page.get_by_role("link", name="Starter study")).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.get_by_test_id("stException").count() == 0
            keep_screenshot(page, f"9-empty-{name or 'start'}-{scheme}")
        page.close()
