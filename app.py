"""The app: navigation and the sidebar.

`python app.py` starts the server and accepts the options of `streamlit run`. Streamlit then runs this file again every
time it draws a page.
"""

import importlib
import os
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli as streamlit_cli

from emocore.errors import EmocoreError
from emocore.run.listing import runs_root
from emocore.system.devices import default_device
from emocore.system.libraries import prepare_libraries
from emocore.system.secrets import load_secrets
from pages.shared.plain import plain
from pages.shared.queue import tend_or_warn

if __name__ == "__main__" and not runtime.exists():
    # Until the first page is drawn, Streamlit would treat `pages/` as its old kind of app and show "Page not found"
    # over the first address that a browser requests.
    PagesManager.uses_pages_directory = False
    sys.exit(streamlit_cli.main(["run", __file__, *sys.argv[1:]]))

ICON = Path(__file__).parent / "pages" / "shared" / "icon.png"  # the browser would fetch a named icon from the web

st.set_page_config(page_title="Emocore", page_icon=ICON, layout="wide", initial_sidebar_state=220)
# Streamlit accepts connections from pages on any other port of this machine, such as a notebook; show them nothing.
# A program that is not a browser sends no origin, and a local program could send any.
origin = st.context.headers.get("Origin")
if origin is not None and urlsplit(origin).netloc != st.context.headers.get("Host"):
    st.error("This app answers only to its own pages. Open its address in the browser.")
    st.stop()


LOADING_AFTER_SECONDS = 2.0  # so that the first page is drawn before


@st.cache_resource
def start_once() -> None:
    """Set the environment when the app starts, and load what Compare needs, so that its first view appears sooner."""
    load_secrets()
    prepare_libraries()
    loading = threading.Timer(LOADING_AFTER_SECONDS, importlib.import_module, ("emocore.export.gather",))
    loading.daemon = True
    loading.start()


try:
    start_once()
    root = runs_root()
except EmocoreError as error:
    st.error(plain(error), title="Emocore cannot start")
    st.stop()

page = st.navigation(
    [
        st.Page("pages/start/page.py", title="Start", icon=":material/home:", default=True),
        st.Page("pages/data/page.py", url_path="data", title="Data", icon=":material/dataset:"),
        st.Page("pages/launch/page.py", url_path="launch", title="Launch", icon=":material/rocket_launch:"),
        st.Page("pages/runs/page.py", url_path="runs", title="Runs", icon=":material/list:"),
        st.Page("pages/compare/page.py", url_path="compare", title="Compare", icon=":material/bar_chart:"),
        st.Page("pages/playground/page.py", url_path="playground", title="Playground", icon=":material/chat:"),
        st.Page("pages/run/page.py", url_path="run", title="Run", icon=":material/monitoring:", visibility="hidden"),
    ]
)
with st.sidebar:
    st.caption(f"Device: **{default_device().title}**")
    if os.environ.get("WANDB_API_KEY"):
        st.caption("W&B: **online**, a key is set")
    else:
        st.caption("W&B: **offline**", help="Set WANDB_API_KEY in the environment before `make app` to log online.")
    tend_or_warn(root)  # a dead scheduler is replaced, so that waiting runs start
page.run()
