"""Sending runs to W&B: a thread sends them, so that no page waits, and each session sees the progress."""

import threading

import streamlit as st

from emocore.errors import EmocoreError
from emocore.run.folder import RunFolder
from emocore.text import first_line
from emocore.tracking.sync import can_sync, sync_run
from pages.shared.guard import Guard
from pages.shared.plain import plain


class Sending:
    """One attempt. `news` or `problem` is set when it has ended."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self.news: str | None = None
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._send, daemon=True)

    @classmethod
    def start(cls, run: RunFolder) -> "Sending":
        """Send the run in a thread of its own."""
        sending = cls(run)
        sending._thread.start()
        return sending

    @property
    def is_on_its_way(self) -> bool:
        return self._thread.is_alive()

    def _send(self) -> None:
        try:
            self.news = str(sync_run(self._run))
        except EmocoreError as error:
            self.problem = str(error)
        except Exception as error:  # of any kind: an error that ends the thread would not be shown
            self.problem = f"run {self._run.id} was not sent to W&B ({first_line(error)}); sync it again"


@st.cache_resource
def _sendings() -> dict[str, Sending]:
    """The attempts by run id, shared by all sessions."""
    return {}


def begin_sending(run: RunFolder) -> None:
    """Send the run unless it is being sent already."""
    if not is_sending(run):
        _sendings()[run.id] = Sending.start(run)


def is_sending(run: RunFolder) -> bool:
    sending = _sendings().get(run.id)
    return sending is not None and sending.is_on_its_way


def forget_sending(run: RunFolder) -> None:
    """Forget the attempt of a run that is resumed, since its result is out of date."""
    _sendings().pop(run.id, None)


def show_sending(run: RunFolder) -> None:
    """Show the progress or the result of the attempt; nothing if there was none, or if a later sync or a change of
    `wandb.json` has superseded it."""
    sending = _sendings().get(run.id)
    if sending is None:
        return
    if sending.is_on_its_way:
        st.info("Sending to W&B …", icon=":material/cloud_upload:")
    elif Guard().read("wandb.json", lambda: can_sync(run)) != bool(sending.problem):
        forget_sending(run)
    elif sending.problem:
        st.error(plain(sending.problem), icon=":material/cloud_off:")
    elif sending.news:
        st.success(plain(f"The run is {sending.news}"), icon=":material/cloud_done:")
