"""Choices that stand in the page's address, so that a link leads to the same view.

Streamlit's own binding refuses to leave a page for another with the same parameter, hence this. Whatever is written
into the address becomes a step of the browser's history, which Back has to undo: so only what changes is written, what
belongs together at once, and a first option that is the same for everyone only when it was asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

Option = TypeVar("Option", bound=str)


def choose_one(
    place: Any, label: str, options: Sequence[Option], name: str, key: str, always: bool = False, **kwargs: Any
) -> Option:
    """A select box that starts with the address's parameter `name` and keeps it up to date. `always` is for options
    whose first may be another one tomorrow: then it is in the address, too."""
    _start(options, name, key)
    chosen: Option = place.selectbox(label, options, key=key, **kwargs)
    if always or chosen != options[0] or name in st.query_params:
        write({name: chosen})
    return chosen


def choose_segment(place: Any, label: str, titles: Mapping[Option, str], name: str, key: str, **kwargs: Any) -> Option:
    """The same as buttons beside each other, for a few options; `titles` are what stands on them."""
    _start(list(titles), name, key)
    chosen: Option = place.segmented_control(
        label, list(titles), format_func=lambda option: titles[option], key=key, required=True, **kwargs
    )
    if chosen != next(iter(titles)) or name in st.query_params:
        write({name: chosen})
    return chosen


def choose_several(label: str, options: list[str], name: str, key: str, default: list[str], **kwargs: Any) -> list[str]:
    """The same for several, with the parameter repeated in the address; `default` where it has none."""
    if key not in st.session_state:
        wanted = st.query_params.get_all(name) or default
        st.session_state[key] = [option for option in wanted if option in options]
    st.session_state[key] = [option for option in st.session_state[key] if option in options]
    chosen = st.multiselect(label, options, key=key, **kwargs)
    write({name: chosen})
    return chosen


def write(values: Mapping[str, str | list[str] | None]) -> None:
    """Into the address, in one step of the history, or none where it says all that already. None takes one out."""
    new = {name: st.query_params.get_all(name) for name in st.query_params}
    old = dict(new)
    for name, value in values.items():
        new[name] = [value] if isinstance(value, str) else value or []
    new = {name: value for name, value in new.items() if value}
    if new != old:
        st.query_params.from_dict(new)


def recall(name: str, key: str) -> str | None:
    """A parameter that the page is about; without it, the one of this session's last look, put back into the address.

    `st.switch_page` puts the parameters of the page it leads to behind the path of the page it leaves, as a step of the
    history, before it goes on: Back leads to this page with parameters of another, which are taken away."""
    wanted = st.query_params.get(name)
    if wanted is None and key in st.session_state:
        wanted = str(st.session_state[key])
        st.query_params.from_dict({name: wanted})
    if wanted is not None:
        st.session_state[key] = wanted
    return wanted


def _start(options: Sequence[str], name: str, key: str) -> None:
    """The first look at a page takes over what its address says; the first option where it says nothing."""
    if st.session_state.get(key) not in options:
        wanted = st.query_params.get(name)
        st.session_state[key] = wanted if wanted in options else options[0]
