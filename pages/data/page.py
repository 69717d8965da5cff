"""Datasets: those that are there, one of them, or the import of another; the address says which."""

import streamlit as st

from pages.data import browse, dataset, importing
from pages.data.actions import REMOVED_KEY
from pages.data.added import open_added, session_added
from pages.shared.address import follow

open_added()
follow(("data_view", "data_label", "data_split", "data_words", "data_base", "data_add"))
st.title("Data")
st.caption("Labelled texts that runs learn from. Look at them, add your own, and train on them by name.")
if wanted := st.query_params.get("dataset"):
    try:
        dataset.show(wanted)
    except Exception:  # which is not what a click raises
        session_added().reference = ""
        raise
    session_added().reference = ""
elif "add" in st.query_params:
    importing.show()
else:
    browse.show()
st.session_state.pop(REMOVED_KEY, None)  # last, as a second click draws the page again
