"""The Compare page in real Chromium: a click on an emotion filters it, and its address can be sent to a colleague."""

import contextlib
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, TimeoutError, expect

from tests.support.app_browser import BROWSER_MARKS, App, keep_screenshot, open_page
from tests.support.studies import fail_run, finish_study

pytestmark = BROWSER_MARKS
BARS = "[class*=st-key-compare_bars] .js-plotly-plot"


def switch(page: Page, option: str) -> None:
    """Choose one of the segments."""
    page.get_by_test_id("stMain").get_by_role("radio", name=option, exact=True).click()


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def click_bar(page: Page, emotion: str) -> None:
    """Click the middle of the first method's bar, when the chart is not about to be drawn again."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(500)  # the browser draws what the script has sent
    place = page.evaluate(
        """([bars, emotion]) => {
            const chart = document.querySelector(bars)
            const number = chart._fullData[0].customdata.findIndex((row) => row[0] === emotion)
            const box = chart.querySelectorAll('.trace.bars')[0].querySelectorAll('.point path')[number]
                .getBoundingClientRect()
            return [box.x + box.width / 2, box.y + box.height / 2]
        }""",
        [BARS, emotion],
    )
    page.mouse.move(0, 0)
    page.mouse.move(*place, steps=5)
    expect(page.locator(f"{BARS} .hovertext").first).to_be_visible()  # Plotly takes a click for what it hovers over
    page.mouse.click(*place)


def test_an_emotion_is_clicked_thresholds_change_and_the_address_is_sent(app: App, browser: Browser) -> None:
    finish_study(app.runs, texts=300, study="mine")
    fail_run(app.runs, "head", "out of memory: CUDA had 8 GB; lower the batch size", "mine")
    page = open_page(browser, f"{app.url}/compare?study=mine")
    page.set_viewport_size({"width": 1280, "height": 2600})  # nothing scrolls, which would close lists and move bars
    expect(page.get_by_role("heading", name="Whether LoRA or QLoRA is better is open")).to_be_visible()
    expect(page.locator(f"{BARS} .bars .point")).to_have_count(33)
    keep_screenshot(page, "12-compare-light")

    click_bar(page, "disgust")
    expect(page.get_by_role("heading", name="Precision and recall: disgust")).to_be_visible()
    expect(page.get_by_text("Verdicts on disgust")).to_be_visible()
    box = page.get_by_role("combobox", name="Emotion")
    expect(box).to_have_value("disgust")
    assert address(page)["emotion"] == ["disgust"]
    click_bar(page, "disgust")
    expect(page.get_by_text("Verdicts on disgust")).to_have_count(0)
    click_bar(page, "disgust")
    expect(box).to_have_value("disgust")
    for _ in range(5):  # a page that is drawn anew closes an open list
        box.fill("all")
        with contextlib.suppress(TimeoutError):
            page.get_by_role("option", name="all", exact=True).click(timeout=4000)
            break
    # New charts, with nothing selected: otherwise a click on the same bar would only deselect it.
    expect(page.locator(".st-key-compare_bars_1 .bars .point")).to_have_count(33)
    click_bar(page, "disgust")
    expect(page.get_by_text("Verdicts on disgust")).to_be_visible()

    switch(page, "tuned by emotion")
    expect(page.get_by_text("Thresholds tuned by emotion.")).to_be_visible()
    switch(page, "Texts")
    expect(page.get_by_text("texts differ in disgust")).to_be_visible()
    sentence = page.get_by_text("texts differ in disgust").inner_text()
    assert address(page) | {"view": ["texts"], "thresholds": ["tuned"]} == address(page)
    assert page.get_by_test_id("stException").count() == 0

    other = open_page(browser, page.url, scheme="dark", width=800)
    expect(other.get_by_text(sentence)).to_be_visible()
    expect(other.get_by_role("combobox", name="Emotion")).to_have_value("disgust")
    assert address(other) == address(page)
    expect(other.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    keep_screenshot(other, "13-compare-texts-dark-800")
    switch(other, "Costs")
    expect(other.get_by_role("heading", name="Runs without a result")).to_be_visible()
    assert other.get_by_test_id("stException").count() == 0
    keep_screenshot(other, "14-compare-costs-dark-800")
