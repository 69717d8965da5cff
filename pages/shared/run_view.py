"""Everything that the Run page reads from a run's folder; a damaged file does not stop the rest."""

import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emocore.errors import RunError
from emocore.jobs.overview import RunOverview, describe_run
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import find_run, runs_root
from emocore.run.result import RunScores
from emocore.run.state import RunState
from emocore.system.files import FileVersion, file_version
from emocore.tracking.history import History
from emocore.tracking.sync import can_sync
from emocore.training.checkpoints import last_step
from pages.shared.guard import Guard
from pages.shared.readers import history_reader

LOG_LINES = 40
FILES = ("config.json", "metrics.jsonl", "result.json", "run.log", "wandb.json", "provenance.json")
SHOWN_KEY = "run_shown"  # the run that was looked at last
DELETED_KEY = "run_deleted"  # the run that was deleted from its page last
NO_TOOLBAR = {"displayModeBar": False}  # of a chart; on a touch screen it would always cover the legend


@dataclass(frozen=True)
class RunView:
    """A part that cannot be read is None, with a sentence in `problems`; `resume_step` is None if the run cannot
    resume."""

    run: RunFolder
    state: RunState
    config: RunConfig | None
    overview: RunOverview | None
    history: History | None
    results: RunScores | None
    log: str | None
    disk_bytes: int | None
    can_sync: bool
    resume_step: int | None
    data_warnings: list[str]
    problems: list[str]


def find_chosen(run_id: str | None) -> RunFolder:
    """The run that the page's address names. Raises RunError with advice for users of the pages."""
    if not run_id:
        raise RunError("No run is chosen; choose one on the Runs page.")
    try:
        return find_run(runs_root(), run_id)
    except RunError as error:
        raise RunError(error.message) from None  # the hint is for the command line; a page has a link instead


def look_at(run: RunFolder) -> RunView:
    """The run as it is now. Raises RunError for a run without a readable state, since nothing of it can be shown.

    A live run, whose pages ask every second, is read once a second for all sessions, or when one of its files changes.
    """
    state = run.state
    if state.status.is_final:
        return _read_view(run, state)
    versions = tuple(file_version(f"{run.path}/{name}") for name in FILES)
    return _share_view(str(run.path), state.model_dump_json(), versions, int(time.time()), state)


@st.cache_resource(max_entries=20, ttl=2, show_spinner=False)
def _share_view(path: str, told: str, versions: tuple[FileVersion, ...], second: int, _state: RunState) -> RunView:
    return _read_view(RunFolder(Path(path)), _state)


def _read_view(run: RunFolder, state: RunState) -> RunView:
    guard = Guard()
    config = guard.read("config.json", lambda: run.config)
    overview = guard.read("the run", lambda: describe_run(run)) if config else None
    return RunView(
        run=run,
        state=state,
        config=config,
        overview=overview,
        history=guard.read("wandb.json", lambda: history_reader().read(run)) if config else None,
        results=guard.read("result.json", lambda: run.scores),
        log=guard.read("run.log", lambda: run.tail_log(LOG_LINES)),
        disk_bytes=overview.disk_bytes if overview else guard.read("the folder", run.disk_bytes),
        can_sync=bool(config and guard.read("wandb.json", lambda: can_sync(run))),
        resume_step=guard.read("checkpoints", lambda: _resume_step(run)) if state.status.is_resumable else None,
        data_warnings=guard.read("provenance.json", lambda: _data_warnings(run)) or [],
        problems=guard.problems,
    )


def _data_warnings(run: RunFolder) -> list[str]:
    provenance = run.provenance
    return provenance.data_warnings if provenance else []


def _resume_step(run: RunFolder) -> int:
    files = sorted(run.checkpoints.glob("*/*"))
    return _last_step(run, tuple((str(file), file_version(file)) for file in files))


@st.cache_data(max_entries=200, show_spinner=False)
def _last_step(_run: RunFolder, versions: tuple[tuple[str, FileVersion], ...]) -> int:
    """This reads checkpoints of gigabytes to the end, so it is cached until one of their files changes."""
    return last_step(_run.checkpoints)
