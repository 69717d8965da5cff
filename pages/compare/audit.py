"""The fairness audit: what differs between the runs other than method and seed, and what that does to the verdict."""

import pandas as pd
import streamlit as st

from emocore.evaluation.audit import describe_audit, name_differences
from emocore.evaluation.departures import find_departures
from emocore.evaluation.original_study import study_audit
from pages.compare.view import View
from pages.shared.plain import plain

ICONS = {"confounds": "✕ confounds", "may matter": "! may matter", "cosmetic": "○ cosmetic"}


def show(view: View) -> None:
    st.subheader("Is this comparison fair?")
    if view.is_one_series:
        st.markdown("One series: nothing to compare.")
    else:
        st.markdown(plain(describe_audit(view.audit)))
        show_audit(view.audit)
    departures = find_departures(view.comparison)
    if len(departures):
        st.subheader("Is it the comparison that was planned?")
        show_differences(departures)
    st.subheader("The study's own table under the same audit")
    show_audit(study_audit())


def show_audit(table: pd.DataFrame) -> None:
    """Show every difference of an audit."""
    show_differences(name_differences(table))
    if table.empty:
        st.success("No difference other than method and seed was found.", icon=":material/balance:")


def show_differences(table: pd.DataFrame) -> None:
    """One paragraph per row, because a table would cut long texts."""
    for row in table.to_dict("records"):
        head = f"**{plain(row['what'])}** · {ICONS[row['severity']]}"
        with st.container(border=True):
            st.markdown(f"{head}  \n{plain(row['values'])}  \n{plain(row['effect'])}")
