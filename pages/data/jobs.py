"""Reads drafts of datasets, each once: small ones while the page waits, large ones in a thread."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from operator import mul

import streamlit as st

from emocore.data.reading.formats import ZIP
from emocore.data.registry.drafts import STEPS, Draft
from emocore.data.source import DataFile
from emocore.text import format_bytes, format_seconds
from pages.shared.plain import plain

LARGE_BYTES = 3_000_000  # takes about a second
EXCEL_EFFORT = 7  # so many times as long takes a byte of an Excel file, which is packed and read cell by cell
MOST_DRAFTS = 4  # kept; each holds all texts
Key = tuple[object, ...]
Report = Callable[[int, str], None]
Read = Callable[[Report], Draft]  # which tells the number of each step and what it does


class Job:
    """One draft. It never calls Streamlit, so a redrawn page does not interrupt it."""

    def __init__(self, files: Iterable[DataFile], read: Read) -> None:
        contents = [file.content for file in files]
        efforts = [EXCEL_EFFORT if content.startswith(ZIP) else 1 for content in contents]
        self.bytes = sum(map(len, contents))
        self.is_large = sum(map(mul, map(len, contents), efforts)) >= LARGE_BYTES
        self._read = read
        self.step, self.words = 1, "waiting for another file"
        self._started_at = time.monotonic()
        self.future: Future[Draft] = Future()

    def run(self) -> Draft:
        self._started_at = time.monotonic()
        return self._read(self._note)

    def describe(self) -> str:
        """Step 1 of 2, reading tweets.csv: 102 MB, 14 s so far."""
        so_far = format_seconds(time.monotonic() - self._started_at)
        return f"Step {self.step} of {STEPS}, {self.words}: {format_bytes(self.bytes)}, {so_far} so far"

    def _note(self, step: int, words: str) -> None:
        self.step, self.words = step, words


class Reader:
    """Keeps the latest drafts by a key, which tells their files and how these are to be read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Key, Job] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="draft")

    def ask(self, key: Key, files: Iterable[DataFile], read: Read) -> Job:
        """The job of this draft. A small one has ended; a large one runs, in place of those that still wait."""
        with self._lock:
            if job := self._jobs.pop(key, None):
                self._jobs[key] = job  # the last one is the latest
                return job
            job = Job(files, read)
            if job.is_large:
                self._jobs = {old: other for old, other in self._jobs.items() if not other.future.cancel()}
                job.future = self._pool.submit(job.run)
            else:
                job.future.set_result(job.run())
            self._jobs[key] = job
            for old in list(self._jobs)[:-MOST_DRAFTS]:
                del self._jobs[old]
        return job


@st.cache_resource
def draft_reader() -> Reader:
    """One for the app."""
    return Reader()


@st.fragment(run_every=0.5)
def show_progress(job: Job) -> None:
    """Show how far a large draft is, and draw the page again when it is read."""
    if job.future.done():
        st.rerun(scope="app")
    st.progress((job.step - 0.5) / STEPS, text=plain(job.describe()))
