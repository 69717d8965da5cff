"""Where a dataset comes from, how it was read, and which runs need it."""

import pandas as pd
import streamlit as st

from emocore.data.reading.record import describe_reading
from emocore.data.registry.manifest import SourceFile
from emocore.data.registry.sources import find_change, find_users
from emocore.data.registry.store import Dataset, datasets_root, list_datasets
from emocore.run.listing import find_run, runs_root
from emocore.text import format_bytes
from pages.data.actions import link_to
from pages.data.load import Subject, as_subject
from pages.data.words import describe_origin, format_day
from pages.shared.plain import plain
from pages.shared.titles import run_choice

MOST_LINKS = 20
FIELDS = {  # title of a part of a reading -> the fields that a user may have set for it
    "file": ("file_format",), "encoding": ("encoding",), "delimiter": ("delimiter",), "quotation marks": ("quotes",),
    "header": ("header",), "texts": ("text_column",), "IDs": ("id_column",), "groups": ("group_column",),
    "sheet": ("sheet",), "splits": ("split_column",),
    "labels": ("label_form", "label_cells", "cut", "label_column", "separator", "label_names", "labels"),
}  # fmt: skip
CHANGES = {"unchanged": "unchanged since", "changed": "changed since", "gone": "not there any more"}


def show(subject: Subject) -> None:
    dataset = subject.dataset
    if dataset is None:
        st.markdown("Built in: 0/1 columns of 11 emotions, with a training and a test split. Licence: Apache-2.0.")
        return
    manifest = dataset.manifest
    st.markdown(f"**Licence:** {plain(manifest.licence or 'not noted')}")
    st.markdown(f"**Added:** {format_day(manifest.created_at)}")
    st.markdown(f"**Origin:** {plain(describe_origin(manifest))}")
    if hub := manifest.hub:
        st.caption(plain(f"config {hub.config}, commit {hub.revision}"))
    for source in manifest.sources:
        _show_source(source, dataset)
    _show_runs(dataset)
    _show_versions(dataset)


def _show_source(source: SourceFile, dataset: Dataset) -> None:
    change = find_change(source)
    state = CHANGES[change] if change else "read from the Hub" if dataset.manifest.hub else "uploaded in the browser"
    st.markdown(f"**{source.part.capitalize()} file:** {plain(source.path or source.name)}")
    st.caption(f"{format_bytes(source.bytes)}, {state}. SHA-256 `{source.sha256}`")
    if source != dataset.manifest.sources[0] and source.reading == dataset.manifest.sources[0].reading:
        st.caption("Read in the same way.")
        return
    wishes = dataset.manifest.wishes.model_dump(exclude_none=True)
    rows = [
        {"part": title, "read as": words, "told by": "you" if wishes.keys() & set(FIELDS[title]) else "guessed"}
        for title, words in describe_reading(source.reading)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"data_reading_{source.part}")


def _show_runs(dataset: Dataset) -> None:
    users = find_users(dataset, runs_root())
    st.markdown("**Runs that use it**")
    if not users:
        st.caption("None yet.")
    for run in reversed(users[-MOST_LINKS:]):
        label = plain(run_choice(find_run(runs_root(), run)))
        st.page_link("pages/run/page.py", label=label, query_params={"run": run})
    if len(users) > MOST_LINKS:
        st.caption(f"{len(users) - MOST_LINKS:,} more are on the Runs page.")


def _show_versions(dataset: Dataset) -> None:
    own = dataset.manifest
    others = [d for d in list_datasets(datasets_root()) if d.manifest.name == own.name and d.manifest != own]
    if others:
        st.markdown("**Other versions**")
        for other in reversed(others):
            link_to(
                as_subject(other), f"version {other.manifest.version}, added {format_day(other.manifest.created_at)}"
            )
