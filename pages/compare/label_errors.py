"""Stored labels that all runs contradict: how many, which, and lists of them to correct in a spreadsheet."""

import streamlit as st

from emocore.evaluation.label_errors import find_label_errors
from emocore.export.label_errors import blind_list
from pages.compare.view import View
from pages.shared.label_errors import HELP, explain_suspects, offer_lists, show_suspects


def show_label_errors(view: View) -> None:
    """The part of the view Texts on label errors; the emotion of the page filters the table, not the files."""
    st.subheader("Labels that all runs contradict", help=HELP)
    with st.spinner("Looking for label errors"):
        errors = view.keep("label_errors", lambda: find_label_errors(view.comparison))
    explain_suspects(errors)
    show_suspects(errors, view.emotion, "compare", is_open=False)
    if len(errors.suspects):
        offer_lists(errors, view.keep("blind_list", lambda: blind_list(errors)), "compare")
        st.caption("On the Data page, the view Suspected labels of the dataset reads a list that you filled in.")
