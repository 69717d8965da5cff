"""How many runs may share a device, shown and set under the list of runs."""

import streamlit as st

from emocore.errors import EmocoreError
from emocore.system.devices import own_devices
from emocore.system.limits import MOST_RUNS, Kind, read_limits, set_limit
from pages.shared.plain import plain

PROBLEM_KEY = "limits_problem"
TITLES: dict[Kind, str] = {"cpu": "Most runs at once on the CPU", "gpu": "Most runs at once on a GPU"}
HELP: dict[Kind, str] = {
    "cpu": "Each run gets an equal part of the cores, also while it is the only one, and the memory has to be enough "
    "for all of them. With many short runs, two at once finish sooner.",
    "gpu": "A run has company only if the memory that it takes is known from a finished run with the same settings, "
    "and all of them fit. The first run of a kind has the GPU to itself.",
}


def show_limits() -> None:
    """The limits of the kinds of devices of this machine. A change counts at once, for runs that have not started."""
    try:
        limits = read_limits()
    except EmocoreError as error:
        st.warning(plain(error), icon=":material/warning:")
        return
    has_gpu = any(device.name != "cpu" for device in own_devices())
    kinds: list[Kind] = ["gpu", "cpu"] if has_gpu else ["cpu"]
    with st.expander("Runs at once"):
        for kind in kinds:
            key = f"limits_{kind}"
            st.session_state[key] = getattr(limits, kind)  # the command line may have changed it
            st.number_input(
                TITLES[kind], 1, MOST_RUNS, key=key, help=HELP[kind], width=260, on_change=_store, args=(kind, key)
            )
        st.caption(
            "A change counts at once, for runs that have not started. While runs share a device, each takes longer "
            "than alone, so Compare marks their times."
        )
        if problem := st.session_state.pop(PROBLEM_KEY, None):
            st.error(plain(problem))


def _store(kind: Kind, key: str) -> None:
    """A callback, which runs before the page is drawn."""
    try:
        set_limit(kind, st.session_state[key])
    except EmocoreError as error:
        st.session_state[PROBLEM_KEY] = str(error)
