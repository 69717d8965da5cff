"""A new user's way through the app in real Chromium: study, curves, comparison, a sentence."""

import pytest
from playwright.sync_api import expect

from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from tests.support.app_browser import BROWSER_MARKS, MAKE_APP, keep_screenshot, open_page, wait_for_status

STUDY_TIMEOUT_SECONDS = 420

pytestmark = BROWSER_MARKS


@pytest.mark.parametrize("app", [MAKE_APP], indirect=True, ids=["make app"])
def test_a_newcomer_launches_watches_compares_and_tries(app, browser):
    page = open_page(browser, app.url)
    expect(page.get_by_role("heading", name="Emocore")).to_be_visible()
    keep_screenshot(page, "1-start-light")
    page.get_by_role("button", name="Run the starter study").click()

    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.get_by_text("Validation macro-F1")).to_be_visible()
    wait_for_status(app.runs, {RunStatus.RUNNING, RunStatus.EVALUATING, RunStatus.FINISHED}, 1, 120)
    run_id = min(list_runs(app.runs), key=lambda run: run.state.created_at).id

    # The app dies in the middle of the training; nothing is lost, and a second app finds the run.
    app.kill()
    app.start()
    page.close()
    page = open_page(browser, f"{app.url}/run?run={run_id}", scheme="dark", width=800)
    expect(page.get_by_text(run_id)).to_be_visible()
    expect(page.get_by_text("Validation F1")).to_be_visible(timeout=60_000)
    keep_screenshot(page, "2-run-dark-800")
    page.close()

    wait_for_status(app.runs, {RunStatus.FINISHED}, 3, STUDY_TIMEOUT_SECONDS)
    study = list_runs(app.runs)[0].config.study
    page = open_page(browser, f"{app.url}/runs?study={study.replace(' ', '+')}")
    keep_screenshot(page, "3-runs-light")
    page.get_by_role("link", name="Compare these runs").click()

    expect(page.get_by_text("has the highest macro-F1")).to_be_visible()
    for title in ("LoRA", "IA3", "QLoRA"):
        expect(page.locator(".legendtext", has_text=title).first).to_be_visible()
    expect(page.get_by_text("These runs differ in more than method and seed")).to_have_count(0)
    keep_screenshot(page, "4-compare-light")

    page.get_by_role("link", name="Playground").click()
    expect(page.get_by_role("heading", name="Playground")).to_be_visible()
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("my best friend surprised me with a party, I love her")
    box.press("Enter")
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=120_000)
    expect(page.locator(".js-plotly-plot").first).to_contain_text("joy")
    keep_screenshot(page, "5-playground-light")


def test_bad_data_is_refused_on_the_page_and_leaves_nothing(app, browser):
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
    keep_screenshot(page, "6-launch-refused-light")


def test_every_page_teaches_when_there_is_nothing(app, browser):
    for name in ("", "launch", "runs", "compare", "playground"):
        page = open_page(browser, f"{app.url}/{name}", width=800)
        expect(page.get_by_role("heading").first).to_be_visible()
        if name in ("runs", "compare", "playground"):
            expect(page.get_by_role("link", name="Starter study")).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.get_by_test_id("stException").count() == 0
            keep_screenshot(page, f"7-empty-{name or 'start'}-{scheme}")
        page.close()
