"""All datasets: the starter set and those that were registered, with what each is and which runs need it."""

from itertools import groupby

import streamlit as st

from emocore.data.registry.sources import describe_changes, find_all_users
from emocore.data.registry.store import Dataset, datasets_root, list_damaged_datasets, list_datasets
from emocore.errors import EmocoreError
from emocore.run.listing import runs_root
from emocore.text import counted
from pages.data.actions import link_to, show_actions, show_removed
from pages.data.load import STARTER_SUBJECT, as_subject
from pages.data.words import count_remarks, describe_labels, describe_origin, describe_rows, format_day, list_warnings
from pages.shared.plain import plain


def show() -> None:
    show_removed()
    try:
        root = datasets_root()
        datasets, damaged = list_datasets(root), list_damaged_datasets(root)
        users = find_all_users(runs_root())
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        return
    for problem in damaged:
        st.warning(plain(problem), icon=":material/folder_off:")
    if not datasets:
        st.info(
            "You have added no data yet. Take a file of texts with their labels (CSV, TSV, Excel, JSON, JSON Lines or "
            "parquet), or a dataset of the Hugging Face Hub: you see how it is read and correct that before anything "
            "is stored.",
            icon=":material/info:",
        )
    st.page_link(
        "pages/data/page.py", label="Add your own data", icon=":material/add_circle:", query_params={"add": "upload"}
    )
    with st.container(key="data_list"):
        for _, versions in groupby(datasets, key=lambda dataset: dataset.manifest.name):
            latest, *older = reversed(list(versions))
            _show_dataset(latest, older, users.get(latest.manifest.reference, []))
        _show_starter()


def _show_dataset(dataset: Dataset, older: list[Dataset], users: list[str]) -> None:
    manifest, subject = dataset.manifest, as_subject(dataset)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{plain(manifest.name)}** :gray[version {manifest.version}]")
        used = f"used by {counted(len(users), 'run')}" if users else "used by no run"
        remarks = count_remarks(list_warnings(manifest), manifest.notes)
        told = [
            describe_origin(manifest),
            f"added {format_day(manifest.created_at)}",
            used,
            *([remarks] if remarks else []),
        ]
        st.caption(
            f"{plain(describe_rows(manifest.rows))}  \n{plain(describe_labels(manifest.labels))}  \n"
            f"{plain(' · '.join(filter(None, told)))}  \n"
            f"{plain(f'licence: {manifest.licence}' if manifest.licence else 'licence not noted')}"
        )
        for change in describe_changes(dataset):
            st.warning(plain(change), icon=":material/published_with_changes:")
        with st.container(horizontal=True, vertical_alignment="center"):
            show_actions(subject, users, is_open=False)
            if older:
                with st.popover(f"{counted(len(older), 'older version')}", icon=":material/history:"):
                    for version in older:
                        link_to(as_subject(version), f"version {version.manifest.version}")


def _show_starter() -> None:
    counts = STARTER_SUBJECT.counts()
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{STARTER_SUBJECT.title}** :gray[built in]")
        st.caption(
            f"{plain(describe_rows(counts.texts))}  \n{plain(describe_labels(list(counts.labels.index)))}  \n"
            "Made-up messages: a verdict on them says little about real ones."
        )
        show_actions(STARTER_SUBJECT, [], is_open=False)
