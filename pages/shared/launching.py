"""What a click on a launch button does.

The click is handled in the page's script, with the settings that the form shows, and not in a callback, which may still
hold those of the drawing before. A second click interrupts that script wherever it is and begins it again, so the
launch itself is kept apart from it: of a double click, the second leads to the runs of the first.
"""

import threading
import time
from pathlib import Path

import streamlit as st

from emocore.errors import EmocoreError
from emocore.jobs.launch import Plan, launch
from emocore.run.config import RunConfig
from pages.shared.plain import plain

DOUBLE_CLICK_SECONDS = 5.0


class _Desk:
    """Where a session's launches are taken, one at a time. Nothing here asks Streamlit, which could end it half-way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._configs: list[RunConfig] = []
        self._study: str | None = None
        self._at = 0.0

    def launch(self, plan: Plan, root: Path, allow_repeats: bool) -> str | None:
        """The study that the runs are in."""
        nameless = [config.model_copy(update={"study": None}) for config in plan.configs]  # a default name has the time
        with self._lock:
            if nameless != self._configs or time.monotonic() - self._at > DOUBLE_CLICK_SECONDS:
                launch(plan, root, allow_repeats)
                self._configs, self._study = nameless, plan.configs[0].study
                self._at = time.monotonic()
            return self._study


def launch_and_show(plan: Plan, root: Path, allow_repeats: bool = False) -> None:
    """Launch, then go to the Runs page; what keeps it from being launched is told here."""
    desk: _Desk = st.session_state.setdefault("launch_desk", _Desk())
    try:
        study = desk.launch(plan, root, allow_repeats)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        st.switch_page("pages/runs/page.py", query_params={"study": study} if study else {})
