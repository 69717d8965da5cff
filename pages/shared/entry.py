"""Every page is entered through app.py, also when its address is the first that a new server sees."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def require_app() -> None:
    """First line of every page. Until `st.navigation` has run once in a server, Streamlit takes the files of
    `pages/` for its old kind of app and runs this one without app.py, under a menu of file names; tell it
    otherwise and begin again."""
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
