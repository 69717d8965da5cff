"""Readers that live as long as the app, shared by all sessions."""

import streamlit as st

from emocore.tracking.history import HistoryReader
from emocore.tracking.team import ProjectAddress, TeamProject


@st.cache_resource
def history_reader() -> HistoryReader:
    """Keeps what it has pulled from W&B, so that each look fetches only what is new."""
    return HistoryReader()


@st.cache_resource
def team_project(entity: str, project: str, base_url: str) -> TeamProject:
    """Keeps the runs of a W&B project that somebody has looked at."""
    return TeamProject(ProjectAddress(entity, project, base_url))
