"""Every page is entered through app.py, from a page of this app, also when its address is the first that a new server
sees."""

from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def require_app() -> None:
    """First line of every page. Until `st.navigation` has run once in a server, Streamlit takes the files of
    `pages/` for its old kind of app and runs this one without app.py, under a menu of file names; tell it
    otherwise and begin again."""
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def require_own_page() -> None:
    """First line of app.py. Streamlit lets in pages of any other port of this machine, such as a notebook's; they get
    nothing to see and nothing to press. A program that is no browser names no origin, and any program of this machine
    could name a false one."""
    origin = st.context.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != st.context.headers.get("Host"):
        st.error("This app answers to its own pages alone. Open its address in the browser.")
        st.stop()
