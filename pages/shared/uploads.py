"""The disk space of uploaded files, and the button that removes those that no run uses."""

from pathlib import Path

import streamlit as st

from emocore.data.uploads import list_uploads, remove_unused_uploads
from emocore.errors import DataError
from emocore.text import counted, format_bytes
from pages.shared.plain import plain


def show_uploads(root: Path) -> None:
    """Show nothing if there are no uploads."""
    try:
        uploads = list_uploads(root)
    except DataError as error:
        st.warning(plain(error), icon=":material/folder_off:")
        return
    if uploads:
        unused = [upload for upload in uploads if not upload.runs]
        taken = format_bytes(sum(upload.bytes for upload in uploads))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{counted(len(uploads), 'uploaded file')}, {taken}; {len(unused):,} of them used by no run.")
            if unused:
                st.button(
                    "Remove unused uploads", key="uploads_remove", icon=":material/delete:",
                    help="Files that no run uses and that are more than an hour old.", on_click=_remove, args=(root,),
                )  # fmt: skip
    if problem := st.session_state.pop("uploads_problem", None):
        st.error(plain(problem))


def _remove(root: Path) -> None:
    """A callback, which runs before the page is drawn, so the next click cannot interrupt it."""
    try:
        remove_unused_uploads(root)
    except DataError as error:
        st.session_state["uploads_problem"] = str(error)
