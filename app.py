"""The app: navigation and the sidebar. Start it with `make app`."""

import importlib
import os
import threading
from pathlib import Path

import streamlit as st

from emocore.errors import EmocoreError
from emocore.run.listing import runs_root
from emocore.system.devices import default_device
from emocore.system.secrets import load_secrets
from pages.shared.entry import require_own_page
from pages.shared.plain import plain
from pages.shared.queue import tend_or_warn

ICON = Path(__file__).parent / "pages" / "shared" / "icon.png"  # the browser would fetch a named one from the web

st.set_page_config(page_title="Emocore", page_icon=ICON, layout="wide", initial_sidebar_state=220)
require_own_page()


@st.cache_resource
def start_once() -> None:
    """When the app starts: secrets into the environment, and what Compare needs, so that its first look waits less."""
    load_secrets()
    threading.Thread(target=importlib.import_module, args=("emocore.export.gather",), daemon=True).start()


try:
    start_once()
    root = runs_root()
except EmocoreError as error:
    st.error(plain(error), title="Emocore cannot start")
    st.stop()

page = st.navigation(
    [
        st.Page("pages/start/page.py", title="Start", icon=":material/home:", default=True),
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
    tend_or_warn(root)  # waiting or orphaned runs are taken up again
page.run()
