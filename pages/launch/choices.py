"""The Launch form's first questions: which data, which base."""

from pathlib import Path

import streamlit as st

from emocore.data.source import DATA_SUFFIXES
from emocore.data.uploads import store_upload
from emocore.errors import DataError
from emocore.models.bases import BASES
from emocore.run.config import STARTER
from emocore.run.parse import parse_list
from emocore.run.settings import describe
from emocore.text import format_count
from pages.launch.settings import add_error_slot
from pages.shared.plain import plain

SOURCES = ["Starter set", "File on disk", "Upload"]


def choose_data(root: Path) -> str | None:
    source = st.segmented_control(
        "Data", SOURCES, default=SOURCES[0], required=True, help=describe("data"), key="launch_source"
    )
    data: str | None = STARTER
    if source == SOURCES[1]:
        data = st.text_input(
            "Path of a CSV or TSV", key="launch_path", placeholder="/home/me/tweets.csv",
            help="It must be below your home or the working directory; EMOCORE_DATA_FOLDERS names further folders.",
        ).strip()  # fmt: skip
        if not data:
            st.caption("The file has a text column and one 0/1 column per emotion, such as ID, Tweet, anger, …, trust.")
    elif source == SOURCES[2]:
        data = _take_upload(root)
    add_error_slot("data")
    return data or None


def _take_upload(root: Path) -> str | None:
    """The upload is read with the columns under More settings, and kept once it can be read."""
    upload = st.file_uploader(
        "A CSV or TSV with a text column and 0/1 label columns", type=[suffix[1:] for suffix in DATA_SUFFIXES]
    )
    if not upload:
        return None
    text_column, group_column = (
        st.session_state.get(f"launch_{name}", "").strip() or None for name in ("text_column", "group_column")
    )
    label_columns = parse_list(st.session_state.get("launch_label_columns", "")) or None
    try:
        return str(store_upload(root, upload.name, upload.getvalue(), text_column, label_columns, group_column))
    except DataError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def choose_base() -> str:
    base = st.selectbox(
        "Base", list(BASES), key="launch_base", accept_new_options=True,
        help=describe("base") + " You can type any Hub id or folder.",
    )  # fmt: skip
    add_error_slot("base")
    known = BASES.get(base)
    if known:
        st.caption(
            f"{format_count(known.parameters)} parameters, {known.context_length:,} tokens, "
            f"{known.pooling} pooling, {known.licence}. {known.note}"
        )
    return base
