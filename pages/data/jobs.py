"""Reads drafts of datasets, each once: small ones while the page waits, large ones in a thread."""

from collections.abc import Callable, Hashable, Iterable
from io import BytesIO

import streamlit as st

from emocore.data.registry.drafts import STEPS, Draft
from emocore.data.source import DataFile
from emocore.text import format_seconds
from pages.shared.background import Background, Report, Task
from pages.shared.effort import count_effort
from pages.shared.plain import plain

LARGE_BYTES = 3_000_000  # of a CSV file, which take about a second
MOST_DRAFTS = 4  # kept; each holds all texts


def ask_draft(key: Hashable, files: Iterable[DataFile], read: Callable[[Report], Draft]) -> Task[Draft]:
    """The task that reads this draft; `key` tells the files and how they are to be read."""
    effort = sum(count_effort(BytesIO(file.content)) for file in files)
    return _drafts().ask(key, read, is_slow=effort >= LARGE_BYTES)


@st.fragment(run_every=0.5)
def show_progress(task: Task[Draft]) -> None:
    """Show how far a large draft is, and draw the page again when it is read."""
    if task.is_done() or task.is_left_out:
        st.rerun(scope="app")
    told = f"Step {task.step} of {STEPS}, {task.words}: {format_seconds(task.seconds)} so far"
    st.progress((task.step - 0.5) / STEPS, text=plain(told))


@st.cache_resource
def _drafts() -> Background[Draft]:
    """One for the app."""
    return Background("draft", MOST_DRAFTS)
