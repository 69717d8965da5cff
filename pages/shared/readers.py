"""Readers that live as long as the app, shared by all sessions."""

import streamlit as st

from emocore.tracking.history import HistoryReader


@st.cache_resource
def history_reader() -> HistoryReader:
    """Keeps what it has pulled from W&B, so that each look fetches only what is new."""
    return HistoryReader()
