"""One dataset: what it is, and one view at a time of what it holds."""

from collections.abc import Callable

import streamlit as st

from emocore.data.registry.sources import describe_changes, find_users
from emocore.errors import EmocoreError
from emocore.run.listing import runs_root
from pages.data import labels, lengths, source, suspects, texts
from pages.data.actions import link_to_all, show_actions, show_removed
from pages.data.added import session_added
from pages.data.corrections import show_origin
from pages.data.load import Subject, find_subject
from pages.data.words import describe_rows, list_warnings, note_removal, show_remarks
from pages.shared.address import choose_segment
from pages.shared.plain import plain

VIEWS: dict[str, Callable[[Subject], None]] = {
    "labels": labels.show,
    "together": labels.show_pairs,
    "lengths": lengths.show,
    "texts": texts.show,
    "suspects": suspects.show,
    "source": source.show,
}
TITLES = {
    "labels": "Labels", "together": "Labels together", "lengths": "Lengths", "texts": "Texts",
    "suspects": "Suspected labels", "source": "Source",
}  # fmt: skip


def show(wanted: str) -> None:
    link_to_all()
    if show_removed():
        return
    try:
        subject = find_subject(wanted)
        users = find_users(subject.dataset, runs_root()) if subject.dataset else []
        counts = subject.counts()
    except EmocoreError as error:
        st.warning(plain(error), icon=":material/search_off:")
        return
    if subject.reference == (added := session_added()).reference:
        st.success(plain(added.said), icon=":material/check_circle:")
    st.subheader(plain(subject.title))
    st.caption(plain(describe_rows(counts.texts)) + f"  \n`{subject.reference}`")
    show_actions(subject, users, is_open=True)
    if subject.dataset:
        for change in describe_changes(subject.dataset):
            st.warning(plain(change), icon=":material/published_with_changes:")
        manifest = subject.dataset.manifest
        notes = [*note_removal(manifest.removed_rows), *manifest.notes]
        show_remarks(list_warnings(manifest), notes, key="data_remarks")
        if manifest.parent:
            show_origin(subject, manifest)
    shown = choose_segment(
        st, "View", TITLES, name="view", key="data_view", label_visibility="collapsed"
    )  # fmt: skip
    with st.container(key="data_end"):
        VIEWS[shown](subject)
