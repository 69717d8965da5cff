"""Readers that live as long as the app, shared by all sessions."""

import streamlit as st

from emocore.tracking.history import HistoryReader
from emocore.tracking.team import ProjectAddress, TeamProject


@st.cache_resource
def history_reader() -> HistoryReader:
    """Keeps the rows that it has read from W&B, so that each update fetches only new ones."""
    return HistoryReader()


@st.cache_resource
def team_project(entity: str, project: str, base_url: str) -> TeamProject:
    """Keeps the runs of a W&B project between updates."""
    return TeamProject(ProjectAddress(entity, project, base_url))
