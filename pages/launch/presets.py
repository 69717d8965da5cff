"""The preset of the Launch page: which one stands in the address, and what it fills the form with."""

from typing import Any

import streamlit as st

from emocore.data.allowed import allow_sources
from emocore.errors import EmocoreError
from emocore.jobs.presets import PRESETS, preset_study
from emocore.models.methods import METHODS
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.listing import runs_root
from emocore.run.parse import parse_setting
from emocore.run.settings import use, with_role
from emocore.run.study import StudyConfig
from pages.launch.clone import form_values
from pages.launch.study_form import NOTHING
from pages.shared.plain import plain

OWN = "own"
# What the form has already and a preset goes on with, unless it has its own: the data, the base, the machine.
KEPT = tuple(name for name in with_role("data", "machine", "logging") if not use(name).varied and name != "data")
KEPT += ("base", "precision")


def choose_preset(sources: list[str]) -> None:
    """Before any input of the form: the choice, which fills the form once; what is changed then stays changed."""
    if "launch_preset" not in st.session_state:
        wanted = st.query_params.get("preset", OWN)
        if wanted not in (OWN, *PRESETS):
            st.warning(f"There is no preset {plain(wanted)}.", icon=":material/search_off:")
        st.session_state["launch_preset"] = wanted if wanted in PRESETS else OWN
    chosen = st.selectbox(
        "Preset", [OWN, *PRESETS], key="launch_preset",
        format_func=lambda name: "Own settings" if name == OWN else PRESETS[name].title,
        help="Fills the form with a ready-made study; change what you like.",
    )  # fmt: skip
    if chosen == OWN:
        st.query_params.pop("preset", None)
        if st.session_state.get("launch_filled_by") in PRESETS:
            del st.session_state["launch_filled_by"]  # chosen again, it fills the form again
        return
    st.query_params["preset"] = chosen
    st.query_params.pop("clone", None)
    st.caption(plain(PRESETS[chosen].description))
    if st.session_state.get("launch_filled_by") != chosen or "launch_seeds" not in st.session_state:
        try:
            study = preset_study(chosen, allow_sources(_form_settings(chosen), runs_root()))
            values = study_values(study, sources)
        except EmocoreError as error:
            st.warning(plain(error), title="The preset could not fill the form", icon=":material/warning:")
            return
        st.session_state.update(values, launch_filled_by=chosen)


def study_values(study: StudyConfig, sources: list[str]) -> dict[str, Any]:
    """Key of each input -> its value, for a study; the rest of the form goes back to its defaults."""
    rates = {method: own.get("learning_rate") for method, own in study.method_settings.items()}
    own = [
        f"{method}.{name}={value}"
        for method, given in study.method_settings.items()
        for name, value in given.items()
        if name != "learning_rate"
    ]
    [(setting, values)] = study.vary.items() or [(NOTHING, [])]
    return (
        form_values(build(RunConfig, study.settings), sources)
        | {f"launch_rate_{method}": rates.get(method) for method in METHODS}
        | {
            "launch_methods": study.methods,
            "launch_seeds": ", ".join(str(seed) for seed in study.seeds),
            "launch_study": study.name,
            "launch_vary": setting,
            "launch_vary_values": ", ".join(
                f"{value:g}" if isinstance(value, float) else str(value) for value in values
            ),
            "launch_own": "\n".join(own),
        }
    )


def _form_settings(chosen: str) -> dict[str, Any]:
    """What the open form shares with a preset; nothing where it has just been opened, or where it is only what an
    earlier preset put there."""
    if "launch_seeds" not in st.session_state:
        return {}
    previous = PRESETS.get(st.session_state.get("launch_filled_by", ""))
    skipped = PRESETS[chosen].own | (previous.own if previous else frozenset())
    form = {name: st.session_state.get(f"launch_{name}") for name in KEPT} | {
        "data": st.session_state.get("launch_data") or STARTER
    }
    return {
        name: parse_setting(f"{name}={value}")[1] if isinstance(value, str) else value
        for name, value in form.items()
        if name not in skipped and value not in (None, "")
    }
