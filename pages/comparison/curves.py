"""F1 against training rows and learning rate, where the runs vary them."""

import streamlit as st

from emocore.charts.sweeps import sweep_curves
from emocore.evaluation.sweeps import find_swept_settings, sweep_table
from emocore.export.gather import SWEEP_TITLES
from pages.comparison.view import View


def show(view: View) -> None:
    settings = find_swept_settings(view.comparison.results)
    for setting in settings:
        st.subheader(f"macro-F1 against {SWEEP_TITLES[setting]}")
        table = sweep_table(view.comparison.scores, view.comparison.results, setting, view.comparison.always_on)
        st.plotly_chart(
            sweep_curves(table, SWEEP_TITLES[setting]), key=f"compare_curve_{setting}",
            alt=f"macro-F1 of each method against {SWEEP_TITLES[setting]}",
        )  # fmt: skip
    if "rows" in settings:
        st.caption("A smaller set of training rows is a subset of the larger ones.")
    if not settings:
        st.info(
            "These runs vary neither training rows nor learning rate. Two presets of the Launch page do.",
            icon=":material/show_chart:",
        )
        with st.container(horizontal=True):
            st.page_link("pages/launch.py", label="F1 against training rows", query_params={"preset": "rows"})
            st.page_link("pages/launch.py", label="F1 against learning rate", query_params={"preset": "learning-rate"})
