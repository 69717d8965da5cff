"""What can be done with a dataset: train on it, look at it, remove it."""

import streamlit as st

from emocore.data.registry.store import Dataset, remove_dataset
from emocore.errors import DataError
from emocore.text import counted
from pages.data.load import Subject
from pages.shared.plain import plain

REMOVED_KEY = "data_removed"  # titles of datasets that were removed, until a page is drawn that says so
MOST_RUNS_NAMED = 8


def show_actions(subject: Subject, users: list[str], *, is_open: bool) -> None:
    """Links and the button that removes; `users` are the ids of the runs that need the dataset."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if not is_open:
            link_to(subject, "Look at it", ":material/search:")
        link_to_launch(subject)
        if subject.dataset and st.button("Remove", icon=":material/delete:", key=f"data_remove_{subject.reference}"):
            _confirm_removal(subject.dataset, users)


def link_to(subject: Subject, label: str, icon: str | None = None) -> None:
    """A link to the page of a dataset."""
    st.page_link("pages/data/page.py", label=label, icon=icon, query_params={"dataset": subject.reference})


def link_to_launch(subject: Subject) -> None:
    st.page_link(
        "pages/launch/page.py", label="Train on it", icon=":material/rocket_launch:",
        query_params={"data": subject.reference},
    )  # fmt: skip


def link_to_all() -> None:
    st.page_link("pages/data/page.py", label="All datasets", icon=":material/arrow_back:")


@st.dialog("Remove this dataset?")
def _confirm_removal(dataset: Dataset, users: list[str]) -> None:
    st.write(f"This removes **{plain(dataset.title)}** with all its texts from this machine. This cannot be undone.")
    if users:
        named = "".join(f"\n- {plain(run)}" for run in users[:MOST_RUNS_NAMED])
        more = f"\n- {len(users) - MOST_RUNS_NAMED:,} more" if len(users) > MOST_RUNS_NAMED else ""
        st.warning(
            f"{counted(len(users), 'run')} cannot be resumed or cloned without it; results and adapters stay:"
            f"{named}{more}",
            icon=":material/warning:",
        )
    with st.container(horizontal=True):
        st.button("Remove for good", type="primary", key="data_remove_sure", on_click=_remove, args=(dataset,))
        is_cancelled = st.button("Cancel", key="data_remove_cancel")
    if problem := st.session_state.pop("data_problem", None):
        st.error(plain(problem), icon=":material/error:")
    if is_cancelled or st.session_state.get(REMOVED_KEY):
        st.rerun()


def show_removed() -> bool:
    """Say what was removed by the last click, if anything was."""
    removed = st.session_state.get(REMOVED_KEY, [])
    for title in removed:
        st.success(f"{plain(title)} is removed.", icon=":material/delete:")
    return bool(removed)


def _remove(dataset: Dataset) -> None:
    """A callback. A second click interrupts it where it uses `st.session_state`, so nothing may come between the
    removal and the note of it."""
    removed = st.session_state.setdefault(REMOVED_KEY, [])
    if dataset.title in removed:
        return
    try:
        remove_dataset(dataset)
    except DataError as error:
        st.session_state["data_problem"] = str(error)
    else:
        removed.append(dataset.title)
