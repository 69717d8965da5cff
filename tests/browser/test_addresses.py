"""Each page's address leads to the page, even as the first request to a new server."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.app_browser import BROWSER_MARKS, App, open_page

pytestmark = BROWSER_MARKS
HEADINGS = {
    "": "Emocore", "data": "Data", "launch": "Launch", "runs": "Runs", "compare": "Compare",
    "playground": "Playground", "run": "Run",
}  # fmt: skip


@pytest.mark.parametrize("address", HEADINGS)
def test_the_first_request_to_a_new_server_shows_its_page(address: str, browser: Browser, tmp_path: Path) -> None:
    app = App(tmp_path / "runs")
    app.start()
    try:
        page = open_page(browser, f"{app.url}/{address}")
        expect(page.get_by_role("heading", name=HEADINGS[address], exact=True).first).to_be_visible()
        page.wait_for_timeout(500)  # for a dialog to show itself
        assert page.get_by_role("dialog").count() == 0
        assert page.get_by_text("Page not found").count() == 0
        page.close()
    finally:
        app.kill()
