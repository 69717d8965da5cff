"""Choices kept in the page's address, so that a link leads to the same view.

Streamlit's own binding refuses to leave a page for another with the same parameter, hence this module. Each write to
the address becomes a step of the browser's history, which Back has to undo. So only changes are written, related
changes are written together, and a default that is the same for everyone is written only if the address has the
parameter already.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

Option = TypeVar("Option", bound=str)
T = TypeVar("T")
SEEN_KEY = "address_seen"  # the parameters that the page has read or written last


def choose_one(
    place: Any, label: str, options: Sequence[Option], name: str, key: str, always: bool = False, **kwargs: Any
) -> Option:
    """A select box that starts with the address's parameter `name` and keeps it up to date. Use `always` if the first
    option may change over time: then the address has it too."""
    _start(options, name, key)
    chosen: Option = place.selectbox(label, options, key=key, **kwargs)
    if always or chosen != options[0] or name in st.query_params:
        write({name: chosen})
    return chosen


def choose_segment(place: Any, label: str, titles: Mapping[Option, str], name: str, key: str, **kwargs: Any) -> Option:
    """The same as a row of buttons, for a few options; `titles` are their labels."""
    _start(list(titles), name, key)
    chosen: Option = place.segmented_control(
        label, list(titles), format_func=lambda option: titles[option], key=key, required=True, **kwargs
    )
    if chosen != next(iter(titles)) or name in st.query_params:
        write({name: chosen})
    return chosen


def choose_several(
    label: str,
    things: Mapping[str, T],
    name: str,
    key: str,
    describe: Callable[[T], str],
    default: Sequence[str] = (),
    **kwargs: Any,
) -> list[T]:
    """The same for several of the `things`, with one parameter each in the address, their id; `default` if it has none.

    `describe` says what stands in the box for one of them.
    """
    wanted = st.session_state.get(key, st.query_params.get_all(name) or default)
    st.session_state[key] = [option for option in wanted if option in things]
    chosen = st.multiselect(label, list(things), key=key, format_func=lambda option: describe(things[option]), **kwargs)
    write({name: chosen})
    return [things[option] for option in chosen]


def write(values: Mapping[str, str | list[str] | None]) -> None:
    """Write parameters into the address, as one step of the history; None removes one. Unchanged values add no step."""
    new = {name: st.query_params.get_all(name) for name in st.query_params}
    old = dict(new)
    for name, value in values.items():
        new[name] = [value] if isinstance(value, str) else value or []
    new = {name: value for name, value in new.items() if value}
    if new != old:
        st.session_state[SEEN_KEY] = new
        st.query_params.from_dict(new)


def follow(keys: Sequence[str]) -> None:
    """Call this at the top of a page with links to itself. If Back or a link has changed the address, the inputs `keys`
    start again from it. Such a link changes the parameters here, but not in the browser, which is told them; it adds no
    step to its history if it has them already."""
    now = {name: st.query_params.get_all(name) for name in st.query_params}
    if st.session_state.get(SEEN_KEY, now) != now:
        for key in keys:
            st.session_state.pop(key, None)
    st.session_state[SEEN_KEY] = now
    st.query_params.from_dict(now)


def recall(name: str, key: str) -> str | None:
    """The parameter that names the page's subject; if the address lacks it, the one that was shown last is put back.

    Before `st.switch_page` switches, it adds a step to the history: the path of the old page with the parameters of the
    new one. Back then leads to this page with another page's parameters, which are removed."""
    wanted = st.query_params.get(name)
    if wanted is None and key in st.session_state:
        wanted = str(st.session_state[key])
        st.query_params.from_dict({name: wanted})
    if wanted is not None:
        st.session_state[key] = wanted
    return wanted


def _start(options: Sequence[str], name: str, key: str) -> None:
    """Start with the option in the address when the page is first drawn, or with the first option if it has none."""
    if st.session_state.get(key) not in options:
        wanted = st.query_params.get(name)
        st.session_state[key] = wanted if wanted in options else options[0]
