"""Runs on their way to W&B: sent by a thread, so that no page waits, and told wherever the run is looked at."""

import threading

import streamlit as st

from emocore.errors import EmocoreError
from emocore.run.folder import RunFolder
from emocore.text import first_line
from emocore.tracking.sync import can_sync, sync_run
from pages.shared.guard import Guard
from pages.shared.plain import plain


class Sending:
    """One attempt. `news` or `problem` is there when it has ended."""

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
        except Exception as error:  # of whatever kind: a thread that dies of it could tell nobody
            self.problem = f"run {self._run.id} was not sent to W&B ({first_line(error)}); sync it again"


@st.cache_resource
def _sendings() -> dict[str, Sending]:
    """By run id, for all sessions: who opens the page later sees the same."""
    return {}


def begin_sending(run: RunFolder) -> None:
    """Unless it is on its way already."""
    if not is_sending(run):
        _sendings()[run.id] = Sending.start(run)


def is_sending(run: RunFolder) -> bool:
    sending = _sendings().get(run.id)
    return sending is not None and sending.is_on_its_way


def forget_sending(run: RunFolder) -> None:
    """Of a run that works again: what was sent before is not all any more."""
    _sendings().pop(run.id, None)


def show_sending(run: RunFolder) -> None:
    """How far it is, or how it ended; nothing for a run that nobody sent, or whose attempt is not the last word: it may
    have been sent by the command line since, or have lost what says that it was sent."""
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
