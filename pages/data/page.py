"""Datasets: those that are there, one of them, or the import of another; the address says which."""

import streamlit as st

from pages.data import browse, dataset, importing
from pages.shared.address import follow

follow(("data_view", "data_label", "data_split", "data_words", "data_base", "data_add"))
st.title("Data")
st.caption("Labelled texts that runs learn from. Look at them, add your own, and train on them by name.")
if wanted := st.query_params.get("dataset"):
    dataset.show(wanted)
elif "add" in st.query_params:
    importing.show()
else:
    browse.show()
