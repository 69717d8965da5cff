"""Add a dataset: choose files, see and correct how they are read, look at what was found, and store it."""

import re
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st
from pydantic import ValidationError

from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import Draft
from emocore.data.registry.importing import Import, register
from emocore.data.registry.manifest import LONGEST_NOTE
from emocore.data.registry.store import check_name, datasets_root, list_datasets
from emocore.errors import EmocoreError
from emocore.run.records import describe_problem
from emocore.text import counted
from pages.data.actions import link_to_all
from pages.data.added import session_added
from pages.data.controls import Wishes, show_controls
from pages.data.files import ChosenFiles, choose_files
from pages.data.found import show_found, show_preview
from pages.data.hub import FETCH_KEY, suggest_name
from pages.data.jobs import ask_draft, show_progress
from pages.shared.plain import plain

State = Literal["read", "reading", "contradictory"]
LAST_KEY = "data_last_draft"  # of the files on this page: what is shown while they are read in another way


def show() -> None:
    link_to_all()
    st.subheader("Add data")
    chosen = choose_files()
    if chosen.has_problem or "train" not in chosen.files:
        return
    key = chosen.key
    for typed in (f"{key}_name", f"{key}_licence", f"{key}_removes"):  # kept while a draft cannot be registered
        if typed in st.session_state:
            st.session_state[typed] = st.session_state[typed]
    wishes: Wishes = st.session_state.setdefault(f"{key}_wishes", {})
    st.markdown("#### How it is read")
    st.caption("What is not set by you is guessed from the file. Each change reads the file again.")
    draft, state = _read(chosen, wishes, st.session_state.get(f"{key}_removes", False))
    if draft is None:
        return
    is_busy = state == "reading"
    show_controls(draft, wishes, key, is_busy)
    if draft.error:
        st.error(plain(draft.error), title="This cannot be registered yet", icon=":material/error:")
    show_preview(draft)
    if draft.found and draft.counts:
        show_found(draft.found, draft.counts, f"{key}_removes", is_busy)
        title = suggest_name(chosen.fetched) if chosen.fetched else Path(chosen.files["train"].name).stem
        _show_registration(draft.found, title, key, is_current=state == "read")


def _read(chosen: ChosenFiles, wishes: Wishes, removes: bool) -> tuple[Draft | None, State]:
    """The draft, or an older one unless the state is "read". None if there is none yet."""
    names = {"label_names": chosen.label_names} if chosen.label_names else {}
    try:
        reading = Reading.model_validate(wishes | names)
    except ValidationError as error:
        what = plain(f"{describe_problem(error)}. {_suggest_repair(wishes)}")
        st.error(what, title="Two of these contradict each other", icon=":material/error:")
        return _last_draft(chosen), "contradictory"
    key = (*chosen.contents, reading.model_dump_json(), removes)
    task = ask_draft(key, chosen.files.values(), partial(chosen.read, reading, removes))
    if not task.is_done():
        show_progress(task)
        return _last_draft(chosen), "reading"
    draft = task.result()
    st.session_state[LAST_KEY] = (chosen.contents, draft)
    return draft, "read"


def _suggest_repair(wishes: Wishes) -> str:
    """The file of label names has no control."""
    try:
        Reading.model_validate(wishes)
    except ValidationError:
        return "Set one of them back to the guess."
    return "Remove the file of label names, or set the labels back to the guess before you add it."


def _last_draft(chosen: ChosenFiles) -> Draft | None:
    contents, draft = st.session_state.get(LAST_KEY, (None, None))
    return draft if contents == chosen.contents else None


def _show_registration(found: Import, title: str, key: str, is_current: bool) -> None:
    """`title` becomes the name that is proposed. `is_current` tells whether it was read as the settings say now."""
    st.markdown("#### Name and register")
    left, right = st.columns(2)
    proposed = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-._")[:60]
    st.session_state.setdefault(f"{key}_name", proposed or "data")
    name = left.text_input("Name", key=f"{key}_name", max_chars=60, help="Runs name it so.").strip()
    licence = right.text_input(
        "Licence note", key=f"{key}_licence", max_chars=LONGEST_NOTE,
        placeholder=f"{found.licence} (from the Hub)" if found.licence else "such as CC-BY-4.0, from where",
        help="Where the texts are from and what may be done with them; kept with the dataset.",
    ).strip()  # fmt: skip
    try:
        check_name(name)
        root = datasets_root()
        versions = [dataset.manifest.version for dataset in list_datasets(root) if dataset.manifest.name == name]
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        st.button("Register", type="primary", disabled=True, key="data_register_refused")
        return
    if versions:
        st.caption(f"{plain(name)} has {counted(len(versions), 'version')}; this becomes another, and those stay.")
    if st.button("Register", type="primary", icon=":material/save:", key="data_register", disabled=not is_current):
        with st.spinner("Storing the texts"):
            _register(name, found, licence or None)


def _register(name: str, found: Import, licence: str | None) -> None:
    added = session_added()
    try:
        dataset, is_new = register(datasets_root(), name, found, licence)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        return
    used = (LAST_KEY, FETCH_KEY) if found.hub else (LAST_KEY,)
    added.note(dataset, f"{dataset.title} is registered." if is_new else None, used)
    st.rerun()
