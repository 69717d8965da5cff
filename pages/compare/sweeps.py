"""F1 against training rows and learning rate, where the runs vary them."""

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from emocore.charts.sweeps import sweep_curves
from emocore.evaluation.sweeps import find_swept_settings, sweep_table
from emocore.run.settings import audit_name
from pages.compare.view import View


def show(view: View) -> None:
    settings = view.keep("swept", lambda: find_swept_settings(view.comparison.whole))
    for setting in settings:
        st.subheader(f"macro-F1 against {audit_name(setting)}")
        view.draw(
            f"curve_{setting}", partial(_draw_sweep, view, setting),
            alt=f"macro-F1 of each method against {audit_name(setting)}",
        )  # fmt: skip
    if "rows" in settings:
        st.caption("A smaller set of training rows is a subset of the larger ones.")
    if not settings:
        st.info(
            "These runs vary neither training rows nor learning rate. Two presets of the Launch page do.",
            icon=":material/show_chart:",
        )
        with st.container(horizontal=True):
            st.page_link("pages/launch/page.py", label="F1 against training rows", query_params={"preset": "rows"})
            st.page_link(
                "pages/launch/page.py", label="F1 against learning rate", query_params={"preset": "learning-rate"}
            )


def _draw_sweep(view: View, setting: str) -> go.Figure:
    comparison = view.comparison
    table = sweep_table(comparison.scores, comparison.whole, setting, comparison.always_on)
    return sweep_curves(table, audit_name(setting))
