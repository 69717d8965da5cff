"""Comparisons and what is computed from them, cached until a file of their runs changes."""

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import pandas as pd
import streamlit as st

from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.results import Result, RunResult, finished_configs, load_result
from emocore.evaluation.run_descriptions import count_learning_rate_trials
from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from emocore.system.files import file_version

T = TypeVar("T")
Version = tuple[object, ...]
FILES = ("predictions.parquet", "result.json", "provenance.json", "state.json")


def keep(key: Version, make: Callable[[], T]) -> T:
    """Returns the result of `make`, cached under `key` for all sessions. Callers must not change it."""
    return cast(T, _keep(key, make))


def load_run(run: RunFolder) -> RunResult:
    """Raises RunError if a file, including the predictions, is missing or damaged."""
    return _load_run(_version_of_run(run), run)


def version_of(results: Sequence[Result]) -> Version:
    """A cache key that changes when any file of the comparison changes."""
    return tuple(
        _version_of_run(result.run) if isinstance(result, RunResult) else (result.id, str(result.scores))
        for result in results
    )


def load_comparison(
    results: Sequence[Result], split: str, together: tuple[str, ...], policy: ThresholdPolicy
) -> Comparison:
    """`together` names the series whose mean is one more series, none for no such series. Raises DataError or RunError;
    see `compare`."""
    return _compare(version_of(results), split, policy, together, results)


def load_audit(results: Sequence[Result], split: str) -> pd.DataFrame:
    """The audit counts learning-rate trials over all finished runs of this machine."""
    trials = count_learning_rate_trials(finished_configs(runs_root()))
    return keep(("audit", version_of(results), split, *sorted(trials.items())), lambda: audit(results, split, trials))


@st.cache_resource(max_entries=60, show_spinner=False)
def _load_run(version: Version, _run: RunFolder) -> RunResult:
    """The result is cached with its predictions, which are read once for all splits and thresholds."""
    result = load_result(_run)
    _ = result.predictions  # read now, so that a damaged file excludes only this run from the comparison
    return result


@st.cache_resource(max_entries=9, show_spinner="Comparing the runs")
def _compare(
    version: Version, split: str, policy: ThresholdPolicy, together: tuple[str, ...], _results: Sequence[Result]
) -> Comparison:
    return compare(_results, split, policy, [together] if together else [])


@st.cache_resource(max_entries=500, show_spinner=False)
def _keep(key: Version, _make: Callable[[], object]) -> object:
    return _make()


def _version_of_run(run: RunFolder) -> Version:
    return (str(run.path), *(file_version(run.path / name) for name in FILES))
