"""What was registered by the last click: its page is opened, and says so, also after a double click.

The second click of a double click starts the script again, wherever that touches the page or `st.session_state`, and
may come with the address from before the first. So what was done is kept in a plain object from the moment on when it
is done, and each page of datasets leads to the new one until that is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from emocore.data.registry.store import Dataset

ADDED_KEY = "data_added"


@dataclass
class Added:
    """`reference` is that of a dataset whose page is not drawn yet, or empty; `parameters` are further ones of its
    address. `used` are keys of `st.session_state` with what it was made from, which is let go of."""

    reference: str = ""
    said: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    used: tuple[str, ...] = ()

    def note(self, dataset: Dataset, said: str | None, used: tuple[str, ...] = (), **parameters: str) -> None:
        """`said` is None if the content was there already."""
        self.said = said or f"Nothing new: {dataset.title} has the same content."
        self.used, self.parameters = used, parameters
        self.reference = dataset.manifest.reference


def session_added() -> Added:
    """Ask for it before a dataset is registered, as nothing may come between that and `note`."""
    added: Added = st.session_state.setdefault(ADDED_KEY, Added())
    return added


def open_added() -> None:
    """Call this at the top of the page."""
    added = session_added()
    if added.reference:
        for key in added.used:
            st.session_state.pop(key, None)
        st.query_params.from_dict({"dataset": added.reference, **added.parameters})
