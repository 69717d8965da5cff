"""Fixtures for pages that are drawn without the app, one at a time."""

from pathlib import Path

import pytest
import streamlit as st

from tests.support.pages import write_link


@pytest.fixture(autouse=True)
def pages_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no other pages to lead to, so links are words. Without a scheduler the runs stay as the test left them.
    Fewer resamples say as much about a page."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", lambda root: None)
    monkeypatch.setattr(st, "page_link", write_link)
    monkeypatch.setattr(st, "switch_page", lambda *_, **__: None)
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 300)


@pytest.fixture
def launch_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home is next to the folder of the data."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOCORE_DATA_FOLDERS", str(tmp_path))
