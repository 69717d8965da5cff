"""Inputs made from the settings themselves: label, default, bounds and tooltip come from RunConfig."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emocore.errors import BaseModelError, ConfigError, DataError, EmocoreError
from emocore.run.config import RunConfig
from emocore.run.settings import CHOICES_OF_NONE, bounds, describe, title, use
from emocore.run.use import FormPlace
from pages.shared.plain import plain

SLOTS = "launch_error_slots"
VARIED_KEY = "launch_vary"  # key of the input for the setting that takes several values
# Inputs whose name differs from the field's.
OTHER_NAMES = {"seed": "seeds", "replicate": "replicates", "name": "study"}
# What stands under "More", by heading.
MORE_SETTINGS = {
    place: [name for name in RunConfig.model_fields if use(name).form == place]
    for place in get_args(FormPlace)
    if place != "top"
}


def setting_input(name: str, label: str | None = None, default: Any = None, key: str | None = None) -> Any:
    """Show one setting's input, with a place for its error below. Returns the value, or None if the default applies or
    the study varies it."""
    field = RunConfig.model_fields[name]
    value = field.default if default is None else default
    options: dict[str, Any] = {"label": label or title(name), "help": describe(name), "key": key or f"launch_{name}"}
    if st.session_state.get(VARIED_KEY) == name:
        st.text_input(placeholder="varied", disabled=True, **options | {"key": f"{options['key']}_varied"})
        return None
    kinds = {field.annotation, *get_args(field.annotation)}
    if get_origin(field.annotation) is Literal:
        answer = st.selectbox(options=list(get_args(field.annotation)), **options)
    elif bool in kinds:
        answer = st.toggle(value=bool(value), **options)
    elif int in kinds or float in kinds:
        answer = _number(name, value, whole=int in kinds, optional=field.default is None, options=options)
    else:
        answer = st.text_input(value=value or "", **options).strip() or None
        if answer and list[str] in kinds:
            answer = [part.strip() for part in answer.split(",") if part.strip()]
    add_error_slot(name)
    return answer


def reset_error_slots() -> None:
    """Call this at the top of the page."""
    st.session_state[SLOTS] = {}


def add_error_slot(name: str) -> None:
    """Reserve a place here for the error of the input `name`."""
    st.session_state[SLOTS][name] = st.empty()


def show_error(error: EmocoreError, fallback: DeltaGenerator) -> None:
    """Show the error below the input that it names, otherwise in `fallback`."""
    places: dict[type[EmocoreError], str] = {DataError: "data", BaseModelError: "base"}
    field = (error.field if isinstance(error, ConfigError) else None) or places.get(type(error), "")
    slots = st.session_state[SLOTS]
    names = [OTHER_NAMES.get(part, part) for part in reversed(field.split("."))]
    slot = next((slots[name] for name in names if name in slots), fallback)
    slot.error(plain(error), icon=":material/error:")


def _number(name: str, value: Any, whole: bool, optional: bool, options: dict[str, Any]) -> Any:
    limits = bounds(name)
    cast: Callable[[float], Any] = int if whole else float
    lowest = limits.get("ge", limits.get("gt"))
    highest = limits.get("le", limits.get("lt"))
    return st.number_input(
        min_value=None if lowest is None else cast(lowest),
        max_value=None if highest is None or highest > 2**31 - 1 else cast(highest),
        value=None if optional else cast(value),
        placeholder=f"{value:g}" if optional and value is not None else CHOICES_OF_NONE.get(name, "default"),
        step=1 if whole else None,
        format="%d" if whole else "%g",
        **options,
    )
