"""What a click on a launch button does.

The click is handled in the page's script, with the settings that the form shows. A callback might still hold the
settings of the previous drawing. A second click interrupts and restarts that script, so the launch is kept separate:
after a double click the page shows the runs that the first click launched.
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


class SessionLaunches:
    """Launches runs of one session, one plan at a time. It never calls Streamlit, which could interrupt a launch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._configs: list[RunConfig] = []
        self._at = float("-inf")
        self.study: str | None = None  # of the last launch
        self.has_returned = False  # from the form to its runs: once, so that Back leads to the form

    @property
    def is_recent(self) -> bool:
        return time.monotonic() - self._at < DOUBLE_CLICK_SECONDS

    def launch(self, plan: Plan, root: Path, allow_repeats: bool) -> None:
        nameless = [config.model_copy(update={"study": None}) for config in plan.configs]  # a default name has the time
        with self._lock:
            if nameless != self._configs or not self.is_recent:
                launch(plan, root, allow_repeats)
                self._configs, self.study, self._at = nameless, plan.configs[0].study, time.monotonic()
                self.has_returned = False


def session_launches() -> SessionLaunches:
    launches: SessionLaunches = st.session_state.setdefault("launches", SessionLaunches())
    return launches


def show_launched_runs() -> None:
    study = session_launches().study
    st.switch_page("pages/runs/page.py", query_params={"study": study} if study else {})


def return_from_double_click() -> None:
    """Call this at the top of a page with a launch button. The second click of a double click may arrive after the
    address has changed to the Runs page; this page would then be drawn without its own parameters, such as the run to
    clone."""
    launches = session_launches()
    if launches.is_recent and not launches.has_returned and launches.study == st.query_params.get("study", ""):
        launches.has_returned = True
        show_launched_runs()


def launch_and_show(plan: Plan, root: Path, allow_repeats: bool = False) -> None:
    """Launch, then go to the Runs page. An error is shown on the page instead."""
    try:
        session_launches().launch(plan, root, allow_repeats)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        show_launched_runs()
