"""Reads drafts of datasets, each once: small ones while the page waits, large ones in a thread."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import streamlit as st

from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import STEPS, Draft, read_draft
from emocore.data.registry.manifest import Part
from emocore.data.source import DataFile
from emocore.text import format_bytes, format_seconds
from pages.shared.plain import plain

LARGE_BYTES = 3_000_000  # takes about a second
MOST_DRAFTS = 4  # kept; each holds all texts
Key = tuple[object, ...]


class Job:
    """One draft. It never calls Streamlit, so a redrawn page does not interrupt it."""

    def __init__(
        self, files: Mapping[Part, DataFile], wishes: Reading, paths: Mapping[Part, Path], removes_doubtful: bool
    ) -> None:
        self._files, self._wishes, self._paths, self._removes = files, wishes, paths, removes_doubtful
        self.bytes = sum(len(file.content) for file in files.values())
        self.step, self.words = 1, "waiting for another file"
        self._started_at = time.monotonic()
        self.future: Future[Draft] = Future()

    def run(self) -> Draft:
        self._started_at = time.monotonic()
        return read_draft(self._files, self._wishes, self._paths, self._removes, self._note)

    def describe(self) -> str:
        """Step 1 of 2, reading tweets.csv: 102 MB, 14 s so far."""
        so_far = format_seconds(time.monotonic() - self._started_at)
        return f"Step {self.step} of {STEPS}, {self.words}: {format_bytes(self.bytes)}, {so_far} so far"

    def _note(self, step: int, words: str) -> None:
        self.step, self.words = step, words


class Reader:
    """Keeps the latest drafts, by the content of their files and by how they are to be read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Key, Job] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="draft")

    def ask(
        self,
        contents: Key,
        files: Mapping[Part, DataFile],
        wishes: Reading,
        paths: Mapping[Part, Path],
        removes_doubtful: bool = False,
    ) -> Job:
        """The job of this draft. A small one has ended; a large one runs, in place of those that still wait.
        `contents` tells versions of the files apart."""
        key = (*contents, wishes.model_dump_json(), removes_doubtful)
        with self._lock:
            if job := self._jobs.pop(key, None):
                self._jobs[key] = job  # the last one is the latest
                return job
            job = Job(files, wishes, paths, removes_doubtful)
            if job.bytes < LARGE_BYTES:
                job.future.set_result(job.run())
            else:
                self._jobs = {old: other for old, other in self._jobs.items() if not other.future.cancel()}
                job.future = self._pool.submit(job.run)
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
