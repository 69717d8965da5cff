"""A run outlives the browser and the app; a new app stops it, resumes it and shows its end."""

import re

from playwright.sync_api import Browser, expect

from emocore.jobs.queue import waiting_runs
from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import read_metrics
from tests.support.app_browser import BROWSER_MARKS, App, keep_screenshot, open_page, wait_for_status
from tests.support.live_runs import wait_for

pytestmark = BROWSER_MARKS
EPOCHS = 6


def test_a_run_survives_browser_and_app_and_is_stopped_resumed_finished(app: App, browser: Browser) -> None:
    page = open_page(browser, f"{app.url}/launch")
    for method in ("IA3", "QLoRA"):
        page.get_by_role("button", name=f"Remove {method}", exact=True).click()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill(str(EPOCHS))
    epochs.press("Enter")
    page.get_by_role("button", name="Launch 1 run").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    wait_for_status(app.runs, {RunStatus.RUNNING}, 1, 90)
    [run] = list_runs(app.runs)
    page.close()
    app.kill()

    # Nobody is there now, but the run goes on.
    wait_for(lambda: any("validation/f1_macro" in row for row in read_metrics(run.metrics)), 90, "an epoch")
    assert run.state.status == RunStatus.RUNNING
    app.start()
    page = open_page(browser, f"{app.url}/run?run={run.id}", scheme="dark", width=800)
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("so far"))).to_be_visible()
    expect(page.get_by_text("Validation F1")).to_be_visible()
    keep_screenshot(page, "8-live-dark-800")

    # Streamlit has a button of this name in its header while a page is drawn.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("stopped by the user")).to_be_visible(timeout=40_000)
    stopped_at = read_metrics(run.metrics)[-1]["step"]
    keep_screenshot(page, "9-stopped-dark-800")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("queued|starting|running")).first).to_be_visible()
    wait_for_status(app.runs, {RunStatus.FINISHED}, 1, 240)
    expect(page.get_by_role("link", name="Try a sentence")).to_be_visible()
    keep_screenshot(page, "10-finished-dark-800")

    steps = [row["step"] for row in read_metrics(run.metrics) if "train/loss" in row]
    assert steps == sorted(set(steps)), "no step was counted twice"
    assert 0 < stopped_at < steps[-1]
    assert run.state.attempts == 2
    assert "Resuming from step" in run.log.read_text(encoding="utf-8")

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Run {run.id} is deleted")).to_be_visible()
    assert list_runs(app.runs) == []
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_text("No runs yet")).to_be_visible()


def test_a_clone_fills_the_form_is_launched_once_and_a_paused_queue_starts_nothing(app: App, browser: Browser) -> None:
    page = open_page(browser, f"{app.url}/launch")
    page.get_by_role("textbox", name="Study").fill("first")
    page.get_by_role("textbox", name="Seeds").fill("7")
    page.get_by_role("textbox", name="Seeds").press("Enter")
    page.get_by_role("button", name="Launch 3 runs").click()
    page.get_by_role("button", name="Pause the queue").click()
    expect(page.get_by_text("The queue is paused")).to_be_visible()
    last = list_runs(app.runs)[-1]
    assert last.state.status == RunStatus.QUEUED
    page.close()
    page = open_page(browser, f"{app.url}/run?run={last.id}")
    expect(page.get_by_text("The queue is paused")).to_be_visible()
    expect(page.get_by_role("link", name="Clone")).to_be_visible()
    page.get_by_role("button", name="To the front").click()
    expect(page.get_by_text("Next to start")).to_be_visible()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("link", name="Clone").click()
    page.wait_for_url("**/launch?clone=*")
    expect(page.get_by_text(f"the settings of run {last.id}")).to_be_visible()
    expect(page.get_by_role("textbox", name="Seeds")).to_have_value("7")
    expect(page.get_by_role("button", name="Launch 1 run")).to_be_visible()
    keep_screenshot(page, "11-clone-light")
    before = list_runs(app.runs)
    page.get_by_role("button", name="Launch 1 run").dblclick(delay=60)
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.wait_for_timeout(1000)  # for a second launch to show itself
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlert").filter(has_text="already").count() == 0
    assert waiting_runs(app.runs)[0] == last
    assert len(list_runs(app.runs)) == len(before) + 1, "a double click launches once"
