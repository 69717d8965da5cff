"""Fetches from the Hugging Face Hub on the Data page in a test."""

import time
from typing import Any

from pages.data.hub import ADDRESS_KEY, FETCH_KEY, REVISION_KEY
from tests.support.pages import draw, open_page

GO = "google-research-datasets/go_emotions"
SECONDS = 30  # for a fetch that has to end


def ask(page: Any, address: str, revision: str = "") -> Any:
    """The page after a click on Fetch."""
    page.text_input(key=ADDRESS_KEY).set_value(address)
    page.text_input(key=REVISION_KEY).set_value(revision)
    page.button(key="data_hub_start").click()
    return draw(page)


def fetch(address: str, revision: str = "", page: Any = None) -> Any:
    """The page after the fetch has ended."""
    return settle(ask(page or open_page("data", add="hub"), address, revision))


def settle(page: Any) -> Any:
    end = time.monotonic() + SECONDS
    while not page.session_state[FETCH_KEY].future.done() and time.monotonic() < end:
        time.sleep(0.05)
    return draw(page)
