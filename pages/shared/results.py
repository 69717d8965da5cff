"""Results of finished runs and what is computed from them, cached until a file of the runs changes."""

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import streamlit as st

from emocore.evaluation.results import Result, RunResult, load_result
from emocore.run.folder import RunFolder
from emocore.system.files import file_version

T = TypeVar("T")
Version = tuple[object, ...]
FILES = ("predictions.parquet", "result.json", "provenance.json", "state.json")


def keep(key: Version, make: Callable[[], T]) -> T:
    """Returns the result of `make`, cached under `key` for all sessions. Callers must not change it."""
    return cast(T, _keep(key, make))


def load_run(run: RunFolder) -> RunResult:
    """Raises RunError if a file, including the predictions, is missing or damaged."""
    return _load_run(version_of_run(run), run)


def version_of(results: Sequence[Result]) -> Version:
    """A cache key that changes when any file of the runs changes."""
    return tuple(
        version_of_run(result.run) if isinstance(result, RunResult) else (result.id, str(result.scores))
        for result in results
    )


def version_of_run(run: RunFolder) -> Version:
    """The same for one run, whose files need not be readable."""
    return (str(run.path), *(file_version(run.path / name) for name in FILES))


@st.cache_resource(max_entries=60, show_spinner=False)
def _load_run(version: Version, _run: RunFolder) -> RunResult:
    """The result is cached with its predictions, which are read once for all splits and thresholds."""
    result = load_result(_run)
    _ = result.predictions  # read now, so that a damaged file excludes only this run from the comparison
    return result


@st.cache_resource(max_entries=500, show_spinner=False)
def _keep(key: Version, _make: Callable[[], object]) -> object:
    return _make()
