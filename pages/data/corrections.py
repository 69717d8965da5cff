"""Corrected labels -> a new version of a dataset, shown before it is stored; and what such a version changed."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from emocore.data.changes import LabelChange
from emocore.data.corrections import read_corrections
from emocore.data.registry.correcting import apply_corrections, correct_dataset, find_changed_texts, list_changes
from emocore.data.registry.importing import register_starter_copy
from emocore.data.registry.manifest import Manifest
from emocore.data.registry.store import Dataset, datasets_root
from emocore.data.source import DATA_SUFFIXES, DataFile
from emocore.errors import DataError, EmocoreError
from emocore.text import counted, join_names
from pages.data.actions import link_to
from pages.data.added import session_added
from pages.data.load import Subject, find_subject
from pages.shared.label_errors import TEXT_WIDTH, YES_OR_NO
from pages.shared.plain import plain

Corrections = Mapping[str, Sequence[LabelChange]]  # by split
WHAT = (
    "A list that you filled in becomes a new version of this dataset; this version stays as it is. Comparisons say of "
    "runs on the new version that labels were corrected after models had been seen, and never average them with runs "
    "on this one."
)
NO_VERSIONS = (
    "The starter set is built in, so it has no versions. Register a copy of it, which has the same texts and row IDs, "
    "and read the list there."
)


def show_corrections(subject: Subject) -> None:
    """Read a list, show what it would change, and store that as a new version."""
    st.markdown("**Read corrections**")
    st.caption(WHAT)
    dataset = subject.dataset
    if dataset is None:
        st.info(NO_VERSIONS, icon=":material/info:")
        if st.button("Register a copy", icon=":material/content_copy:", key="data_copy_starter"):
            _register_copy()
        return
    left, right = st.columns(2)
    listed = _take(left, "Corrected list", f"data_corrected_{subject.reference}")
    key = _take(right, "Key, if it is a blind list", f"data_corrected_key_{subject.reference}")
    if listed is None:
        return
    try:
        corrections = read_corrections(listed, key)
        table = subject.keep("corrected", lambda: _try(subject, dataset, corrections), *_hash(listed, key))
    except DataError as error:
        st.error(plain(error), title="Nothing can be corrected from this list", icon=":material/error:")
        return
    splits = [f"{len(own):,} in the {split} split" for split, own in corrections.items()]
    st.markdown(f"**{counted(len(table), 'label')} would change:** {plain(join_names(splits))}. Nothing is stored yet.")
    _show_table(table, "data_would_change")
    if st.button("Register as a new version", type="primary", icon=":material/save:", key="data_register_corrected"):
        with st.spinner("Storing the texts"):
            _register(dataset, corrections)


def show_origin(subject: Subject, manifest: Manifest) -> None:
    """Which version a corrected one was made from, and each label that was changed."""
    try:
        before = find_subject(str(manifest.parent))
    except DataError:  # removed since
        before = None
    changed = counted(sum(map(len, manifest.changes.values())), "label")
    parent = before.title if before else f"{manifest.parent}, which is not registered any more"
    with st.expander(f"{changed} corrected in {plain(parent)}", icon=":material/edit_note:", key="data_origin"):
        if before:
            link_to(before, "The version before", ":material/history:")
        _show_table(subject.keep("changes", lambda: _tabulate(subject, manifest.changes)), "data_changes")


def _take(place: Any, title: str, key: str) -> DataFile | None:
    upload = place.file_uploader(title, type=[suffix[1:] for suffix in DATA_SUFFIXES], key=key)
    return DataFile(Path(upload.name).name, upload.getvalue()) if upload else None


def _hash(*files: DataFile | None) -> list[str]:
    return [f"{file.name} {hashlib.sha256(file.content).hexdigest()}" if file else "" for file in files]


def _try(subject: Subject, dataset: Dataset, corrections: Corrections) -> pd.DataFrame:
    """What would change. Raises DataError if a change does not fit the dataset."""
    apply_corrections(dataset, corrections)
    return _tabulate(subject, corrections)


def _tabulate(subject: Subject, changes: Corrections) -> pd.DataFrame:
    listed = list_changes(changes)
    return listed.assign(
        text=find_changed_texts(listed, subject.table().frame),
        stored=listed["stored"].map(YES_OR_NO),
        corrected=listed["corrected"].map(YES_OR_NO),
    )


def _show_table(changes: pd.DataFrame, key: str) -> None:
    st.dataframe(
        changes,
        key=key,
        hide_index=True,
        column_order=["text", "label", "stored", "corrected", "split", "row_id"],
        column_config={
            "text": st.column_config.TextColumn(width=TEXT_WIDTH, help="Click a cell to read a long text."),
            "stored": st.column_config.TextColumn("from", help="Whether the text had the label."),
            "corrected": st.column_config.TextColumn("to", help="Whether it has the label after the correction."),
            "row_id": st.column_config.TextColumn("row ID"),
        },
    )


def _register(dataset: Dataset, corrections: Corrections) -> None:
    count = counted(sum(map(len, corrections.values())), "label")
    added = session_added()
    try:
        corrected, is_new = correct_dataset(datasets_root(), dataset, corrections)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        return
    added.note(corrected, f"{corrected.title} is registered, with {count} corrected." if is_new else None)
    st.rerun()


def _register_copy() -> None:
    added = session_added()
    try:
        copy, is_new = register_starter_copy(datasets_root())
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        return
    added.note(copy, f"{copy.title} is registered; read the list below." if is_new else None, view="suspects")
    st.rerun()
