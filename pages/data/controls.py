"""How a file is read, part by part: what was guessed, and a control to set it otherwise."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from emocore.data.reading.record import USUAL_CUT, Reading
from emocore.data.registry.drafts import Draft
from pages.data.parts import Control, list_controls

COLUMN_FIELDS = ("text_column", "id_column", "group_column", "split_column", "label_column", "labels")
LABEL_FIELDS = ("label_cells", "cut", "label_column", "separator", "labels")
# What a field decides about others: these are guessed again when it changes.
DEPENDENT = {
    "file_format": ("sheet", "encoding", "delimiter", "quotes", "header", *COLUMN_FIELDS),
    "sheet": ("header", *COLUMN_FIELDS),
    **dict.fromkeys(("encoding", "delimiter", "quotes", "header"), COLUMN_FIELDS),
    "label_form": LABEL_FIELDS,
    "label_column": ("separator", "labels"),
    "separator": ("labels",),
    "label_cells": ("cut",),
}
WIDTH = 210  # pixels; four stand side by side on a laptop
GUESS = "\0guess"  # the option that leaves a part to the guess; no column has a NUL in its name
Wishes = dict[str, Any]


def show_controls(draft: Draft, wishes: Wishes, key: str, is_busy: bool) -> None:
    """Show the parts that apply. A change goes into `wishes`, before the page is drawn again."""
    with st.container(horizontal=True):
        for control in list_controls(draft):
            if control.applies or control.field in wishes:
                _show(control, draft.reading, wishes, key, is_busy)
        _show_cut(draft.reading, wishes, key, is_busy)
    _show_labels(draft, wishes, key, is_busy)
    if wishes:
        st.button(
            "Guess everything again", icon=":material/restart_alt:", key=f"{key}_reset", disabled=is_busy,
            on_click=wishes.clear,
        )  # fmt: skip


def _show(control: Control, reading: Reading, wishes: Wishes, key: str, is_busy: bool) -> None:
    field, options = control.field, control.options
    guess = getattr(reading, field)

    def describe(value: Any) -> str:
        if value != GUESS:
            return options.get(value, str(value))
        if field == "group_column":  # which is never guessed
            return control.without
        if field in wishes:
            return "– as guessed –"
        return f"{control.without if guess is None else options.get(guess, str(guess))} (guessed)"

    wanted = wishes.get(field, GUESS)
    extra = [wanted] if wanted not in (GUESS, *options) else []
    _start(f"{key}_{field}", wanted, describe(GUESS))
    st.selectbox(
        _title(control.title, field, wishes), [GUESS, *options, *extra], key=f"{key}_{field}", format_func=describe,
        disabled=is_busy, width=WIDTH, help=Reading.model_fields[field].description,
        on_change=_keep, args=(field, wishes, key),
    )  # fmt: skip


def _show_cut(reading: Reading, wishes: Wishes, key: str, is_busy: bool) -> None:
    if reading.label_cells == "intensities" or "cut" in wishes:
        _start(f"{key}_cut", wishes.get("cut"))
        st.number_input(
            _title("On from", "cut", wishes), value=None, step=0.5, format="%g", key=f"{key}_cut", width=WIDTH,
            placeholder=f"{USUAL_CUT:g} (guessed)", disabled=is_busy, help=Reading.model_fields["cut"].description,
            on_change=_keep, args=("cut", wishes, key),
        )  # fmt: skip


def _show_labels(draft: Draft, wishes: Wishes, key: str, is_busy: bool) -> None:
    guessed = draft.reading.labels or ()
    left_out = draft.found.tables["train"].ignored_labels if draft.found else ()
    in_columns = draft.columns if draft.reading.label_form == "columns" else ()
    options: Sequence[str] = list(dict.fromkeys((*wishes.get("labels", ()), *guessed, *left_out, *in_columns)))
    if options:
        _start(f"{key}_labels", list(wishes.get("labels", ())))
        st.multiselect(
            _title("Which labels", "labels", wishes), options, key=f"{key}_labels", disabled=is_busy,
            placeholder=f"all {len(guessed):,} that were found (guessed)",
            help="Choose some to leave out the others, in the order of your choice.",
            on_change=_keep, args=("labels", wishes, key),
        )  # fmt: skip


def _start(key: str, value: Any, told: str = "") -> None:
    """Give an input its value where it has another, or where what is told of the guess has changed, which the browser
    would not show. A value that is given each time would undo clicks made meanwhile."""
    if key not in st.session_state or (st.session_state[key], st.session_state.get(f"{key}_told", told)) != (
        value,
        told,
    ):
        st.session_state[key] = value
    st.session_state[f"{key}_told"] = told


def _title(title: str, field: str, wishes: Wishes) -> str:
    return f"{title} :blue[· set by you]" if field in wishes else title


def _keep(field: str, wishes: Wishes, key: str) -> None:
    """A callback, which runs before the page is drawn."""
    value = st.session_state[f"{key}_{field}"]
    for name in (field, *DEPENDENT.get(field, ())):
        wishes.pop(name, None)
    if value not in (None, [], GUESS):
        wishes[field] = tuple(value) if field == "labels" else value
