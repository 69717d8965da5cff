"""A run is cloned on its page while the queue is paused, and a double click launches the clone once."""

from playwright.sync_api import Browser, expect

from emocore.jobs.queue import waiting_runs
from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from tests.support.app_browser import BROWSER_MARKS, App, keep_screenshot, open_page
from tests.support.live_runs import start_scheduler

pytestmark = BROWSER_MARKS


def test_a_clone_fills_the_form_is_launched_once_and_a_paused_queue_starts_nothing(app: App, browser: Browser) -> None:
    start_scheduler(app.runs, idle_seconds=600)
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
    keep_screenshot(page, "10-clone-light")
    before = list_runs(app.runs)
    page.get_by_role("button", name="Launch 1 run").dblclick(delay=60)
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.wait_for_timeout(1000)  # for a second launch to show itself
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlert").filter(has_text="already").count() == 0
    assert waiting_runs(app.runs)[0] == last
    assert len(list_runs(app.runs)) == len(before) + 1, "a double click launches once"
