"""Choices that stand in the page's address, so that a link leads to the same view.

Streamlit's own binding refuses to leave a page for another with the same parameter, hence this.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def choose_one(place: Any, label: str, options: Sequence[str], name: str, key: str, **kwargs: Any) -> str:
    """A select box that starts with the address's parameter `name` and keeps it up to date."""
    _start(options, name, key)
    chosen = place.selectbox(label, options, key=key, **kwargs)
    st.query_params[name] = chosen
    return str(chosen)


def choose_segment(place: Any, label: str, titles: Mapping[str, str], name: str, key: str, **kwargs: Any) -> str:
    """The same as buttons beside each other, for a few options; `titles` are what stands on them."""
    _start(list(titles), name, key)
    chosen = place.segmented_control(
        label, list(titles), format_func=lambda option: titles[option], key=key, required=True, **kwargs
    )
    st.query_params[name] = chosen
    return str(chosen)


def choose_several(label: str, options: list[str], name: str, key: str, default: list[str], **kwargs: Any) -> list[str]:
    """The same for several, with the parameter repeated in the address; `default` where it has none."""
    if key not in st.session_state:
        wanted = st.query_params.get_all(name) or default
        st.session_state[key] = [option for option in wanted if option in options]
    st.session_state[key] = [option for option in st.session_state[key] if option in options]
    chosen = st.multiselect(label, options, key=key, **kwargs)
    st.query_params[name] = chosen
    return chosen


def _start(options: Sequence[str], name: str, key: str) -> None:
    """The first look at a page takes over what its address says; the first option where it says nothing."""
    if st.session_state.get(key) not in options:
        wanted = st.query_params.get(name)
        st.session_state[key] = wanted if wanted in options else options[0]
