"""Comparisons and their audits, cached until a file of their runs changes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.results import Result
from emocore.evaluation.tries import count_tries
from emocore.run.listing import runs_root
from pages.shared.results import Version, keep, version_of


def load_comparison(
    results: Sequence[Result], split: str, together: tuple[str, ...], policy: ThresholdPolicy
) -> Comparison:
    """`together` names the series whose mean is one more series, none for no such series. Raises DataError or RunError;
    see `compare`."""
    return _compare(version_of(results), split, policy, together, results)


def load_audit(results: Sequence[Result], split: str) -> pd.DataFrame:
    """The audit counts the settings that were tried in all runs of this machine."""
    trials = count_tries(runs_root())
    return keep(("audit", version_of(results), split, *sorted(trials.items())), lambda: audit(results, split, trials))


@st.cache_resource(max_entries=9, show_spinner="Comparing the runs")
def _compare(
    version: Version, split: str, policy: ThresholdPolicy, together: tuple[str, ...], _results: Sequence[Result]
) -> Comparison:
    return compare(_results, split, policy, [together] if together else [])
