"""Comparisons, computed once and kept as long as their runs' files stay as they are."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.facts import count_learning_rate_trials
from emocore.evaluation.outcomes import ThresholdPolicy
from emocore.evaluation.results import Result, RunResult, finished_configs
from emocore.files import file_version
from emocore.folder import runs_root

Version = tuple[object, ...]


def load_comparison(results: Sequence[Result], split: str, policy: ThresholdPolicy) -> Comparison:
    """Raises DataError or RunError; see `compare`."""
    return _compare(_version(results), split, policy, results)


def load_audit(results: Sequence[Result], split: str) -> pd.DataFrame:
    """Learning-rate trials are counted over all finished runs of this machine."""
    return audit(results, split, count_learning_rate_trials(finished_configs(runs_root())))


@st.cache_resource(max_entries=9, show_spinner="Comparing the runs")
def _compare(version: Version, split: str, policy: ThresholdPolicy, _results: Sequence[Result]) -> Comparison:
    return compare(_results, split, policy)


def _version(results: Sequence[Result]) -> Version:
    """Changes when a file does that a comparison is computed from."""
    return tuple(
        (result.id, *(file_version(result.run.path / name) for name in ("predictions.parquet", "result.json")))
        if isinstance(result, RunResult)
        else (result.id, str(result.result))
        for result in results
    )
