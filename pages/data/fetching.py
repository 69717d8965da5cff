"""Fetches a dataset of the Hub in a thread of its own, which the page watches and can stop."""

import re
import threading
import time
import weakref
from concurrent.futures import CancelledError, Future, wait

import streamlit as st

from emocore.data.hub.address import PREFIX, read_address
from emocore.data.hub.fetch import Transfer
from emocore.data.hub.importing import HubFiles, fetch_from_hub
from emocore.text import format_bytes, format_seconds
from pages.shared.plain import plain

SITE = re.compile(r"(https?://)?(www\.)?(huggingface\.co|hf\.co)/")
PATIENCE_SECONDS = 0.3  # so long the page waits, as a refusal or files that are here already need no progress


def shorten_address(typed: str) -> str:
    """OWNER/DATASET or OWNER/DATASET/CONFIG of what a user copied, which may be the address of the dataset's page."""
    name = typed.strip().removeprefix(PREFIX)
    if site := SITE.match(name):
        name = re.split("[?#]", name[site.end() :])[0]
    return name.removeprefix("datasets/").rstrip("/")


class Fetch:
    """One fetch, which begins at once. It never calls Streamlit, so a redrawn page does not interrupt it.

    `address` is OWNER/DATASET or OWNER/DATASET/CONFIG without `hub:`, `revision` a branch, tag or commit, or empty for
    the newest commit. `future` has the files, or the error of `fetch_from_hub`. The thread does not hold this object,
    so the fetch stops when nobody else holds it any more, as after its browser tab was closed.
    """

    def __init__(self, address: str, revision: str) -> None:
        self.address, self.revision = address, revision
        self.future: Future[HubFiles] = Future()
        self._progress = _Progress()
        self._started_at = time.monotonic()
        weakref.finalize(self, self._progress.is_stopped.set)
        told = (address, revision, self._progress, self.future)
        threading.Thread(target=_fetch, args=told, name="hub", daemon=True).start()
        wait([self.future], PATIENCE_SECONDS)

    @property
    def transfer(self) -> Transfer | None:
        return self._progress.transfer

    def stop(self) -> None:
        """Let the thread end with the next part that arrives. Nobody waits for it."""
        self._progress.is_stopped.set()

    def describe(self) -> str:
        """File 2 of 3: 12 MB of 40 MB, 14 s so far."""
        so_far = f"{format_seconds(time.monotonic() - self._started_at)} so far"
        if (now := self.transfer) is None:
            return f"Asking the Hugging Face Hub for the files of {self.address}, {so_far}"
        return (
            f"Fetching file {now.file} of {now.files}: {format_bytes(now.bytes)} of {format_bytes(now.total_bytes)}, "
            f"{so_far}"
        )


class _Progress:
    """What the page and the thread of a fetch tell each other."""

    def __init__(self) -> None:
        self.transfer: Transfer | None = None
        self.is_stopped = threading.Event()

    def note(self, transfer: Transfer) -> None:
        if self.is_stopped.is_set():
            raise CancelledError
        self.transfer = transfer


def _fetch(address: str, revision: str, progress: _Progress, future: Future[HubFiles]) -> None:
    try:
        wanted = read_address(PREFIX + address)
        found = fetch_from_hub(wanted.id, wanted.config, revision or None, progress.note)
    except Exception as error:  # whichever it is, the page tells it
        future.set_exception(error)
    else:
        future.set_result(found)


@st.fragment(run_every=0.5)
def show_fetching(fetch: Fetch) -> None:
    """Show how far a fetch is, and draw the page again when it has ended."""
    if fetch.future.done():
        st.rerun(scope="app")
    now = fetch.transfer
    share = min(1.0, now.bytes / now.total_bytes) if now and now.total_bytes else 0.0
    st.progress(share, text=plain(fetch.describe()))
