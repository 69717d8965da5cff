"""Curves of runs that train, drawn once for all sessions that look at them."""

import time
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from emocore.charts.curves import metric_curves
from emocore.evaluation.curves import curve_table
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.system.files import file_version
from emocore.tracking.history import History

Looks = Sequence[tuple[RunFolder, RunConfig, History]]
LIVE_SECONDS = 2.0


def draw_curves(looks: Looks, is_live: bool) -> tuple[go.Figure, go.Figure]:
    """The validation scores and the training losses over the epochs. Callers must not change the figures. Those of live
    runs, which get new points all the time, are drawn every LIVE_SECONDS."""
    clock = int(time.monotonic() / LIVE_SECONDS) if is_live else None
    return _draw(clock, tuple(_describe(history, run, is_live) for run, _, history in looks), looks)


def _describe(history: History, run: RunFolder, is_live: bool) -> str:
    files = [file_version(f"{run.path}/{name}") for name in ("config.json", "metrics.jsonl")]
    of_rows = bool(history.rows) if is_live else (len(history.rows), history.rows[-1:], files)
    return f"{run.path} {history.source} {of_rows}"


@st.cache_resource(max_entries=20, ttl=600, show_spinner=False)
def _draw(clock: int | None, versions: tuple[str, ...], _looks: Looks) -> tuple[go.Figure, go.Figure]:
    table = curve_table([(run.id, config, history) for run, config, history in _looks])
    scores = metric_curves(table, "validation/f1_macro", "macro-F1", y_range=(0, 1))
    return scores, metric_curves(table, "train/loss", "loss")
