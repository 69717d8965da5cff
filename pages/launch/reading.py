"""The splits of the data that the form names, each read once: large data in a thread, while the form stays usable."""

from pathlib import Path

import streamlit as st

from emocore.data.registry.manifest import CONTENT, MANIFEST
from emocore.data.split import Splits, load_splits
from emocore.run.config import STARTER, RunConfig
from emocore.run.settings import DATA_FILES, DRAWS, with_role
from emocore.system.files import file_version
from emocore.text import format_seconds
from pages.shared.background import Background, Task
from pages.shared.effort import count_effort
from pages.shared.plain import plain

LARGE_BYTES = 2_000_000  # of a CSV file, which take about a second
MOST_SPLITS = 4  # kept; each holds all texts
READ_BY_SPLITS = {*with_role("data"), *DRAWS, "replicate"}


class StillReadingError(Exception):
    """The splits are not there yet; `task` reads them."""

    def __init__(self, task: Task[Splits]) -> None:
        super().__init__("the data are still being read")
        self.task = task


def read_splits(config: RunConfig) -> Splits:
    """The splits of a config with absolute paths. Raises DataError, or StillReadingError for large data."""
    sources = [Path(source) for name in DATA_FILES if (source := getattr(config, name)) and source != STARTER]
    folders = [source for source in sources if source.is_dir()]
    files = [source for source in sources if source not in folders]
    files += [folder / name for folder in folders for name in (CONTENT, MANIFEST)]
    versions = [file_version(file) for file in files]
    key = (config.model_dump_json(include=READ_BY_SPLITS), *versions)
    is_large = sum(map(_count_effort, files)) >= LARGE_BYTES
    task = _readers().ask(key, lambda report: load_splits(config), is_large)
    if not task.is_done():
        raise StillReadingError(task)
    return task.result()


@st.fragment(run_every=0.5)
def show_reading(task: Task[Splits]) -> None:
    """Say how long large data have been read, and draw the page again when they are there."""
    if task.is_done() or task.is_left_out:
        st.rerun(scope="app")
    st.info(
        plain(
            f"Reading the data and dividing them into splits: {format_seconds(task.seconds)} so far. A million texts "
            "take about 20 s, once; the form can be changed meanwhile."
        ),
        icon=":material/hourglass_top:",
    )


def _count_effort(path: Path) -> int:
    """0 for a file that is gone, which the reading then says."""
    try:
        with path.open("rb") as file:
            return count_effort(file)
    except OSError:
        return 0


@st.cache_resource
def _readers() -> Background[Splits]:
    """One for the app."""
    return Background("splits", MOST_SPLITS)
