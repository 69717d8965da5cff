"""The preset of the Launch page: reads it from the address and fills the form."""

from typing import Any

import streamlit as st

from emocore.data.allowed import allow_sources
from emocore.errors import EmocoreError
from emocore.jobs.presets import PRESETS, preset_study
from emocore.models.methods.catalogue import METHODS
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.listing import runs_root
from emocore.run.parse import parse_setting
from emocore.run.settings import use, with_role
from emocore.run.study import StudyConfig
from pages.launch.clone import form_values
from pages.launch.study_form import NOTHING
from pages.shared.plain import plain

OWN = "own"
# Settings of the open form (data, base, machine) that a preset keeps unless it has its own.
KEPT = tuple(
    name
    for name in with_role("data", "machine", "logging")
    if use(name).form and not use(name).varied and name != "data"
)
KEPT += ("base", "precision")


def choose_preset() -> None:
    """Show the choice of a preset, which fills the form once; later changes stay. Call it before any input."""
    if "launch_preset" not in st.session_state:
        wanted = st.query_params.get("preset", OWN)
        if wanted not in (OWN, *PRESETS):
            st.warning(f"There is no preset {plain(wanted)}.", icon=":material/search_off:")
        st.session_state["launch_preset"] = wanted if wanted in PRESETS else OWN
    chosen = st.selectbox(
        "Preset", [OWN, *PRESETS], key="launch_preset",
        format_func=lambda name: "Own settings" if name == OWN else PRESETS[name].title,
        help="Fills the form with a ready-made study, which you can change.",
    )  # fmt: skip
    if chosen == OWN:
        st.query_params.pop("preset", None)
        if st.session_state.get("launch_filled_by") in PRESETS:
            del st.session_state["launch_filled_by"]  # so that the same preset can fill the form again
        return
    st.query_params["preset"] = chosen
    st.query_params.pop("clone", None)
    st.caption(plain(PRESETS[chosen].description))
    if st.session_state.get("launch_filled_by") != chosen or "launch_seeds" not in st.session_state:
        try:
            study = preset_study(chosen, allow_sources(_form_settings(chosen), runs_root()))
            values = study_values(study)
        except EmocoreError as error:
            st.warning(plain(error), title="The preset could not fill the form", icon=":material/warning:")
            return
        st.session_state.update(values, launch_filled_by=chosen)


def study_values(study: StudyConfig) -> dict[str, Any]:
    """Key of each input -> its value, for a study; other inputs go back to their defaults."""
    rates = {method: own.get("learning_rate") for method, own in study.method_settings.items()}
    own = [
        f"{method}.{name}={value}"
        for method, given in study.method_settings.items()
        for name, value in given.items()
        if name != "learning_rate"
    ]
    [(setting, values)] = study.vary.items() or [(NOTHING, [])]
    return (
        form_values(build(RunConfig, study.settings))
        | {f"launch_rate_{method}": rates.get(method) for method in METHODS}
        | {
            "launch_methods": study.methods,
            "launch_seeds": ", ".join(str(seed) for seed in study.seeds),
            "launch_replicates": study.replicates,
            "launch_margin_points": study.margin_points,
            "launch_study": study.name,
            "launch_vary": setting,
            "launch_vary_values": ", ".join(
                f"{value:g}" if isinstance(value, float) else str(value) for value in values
            ),
            "launch_own": "\n".join(own),
        }
    )


def _form_settings(chosen: str) -> dict[str, Any]:
    """Settings of the open form that a preset keeps; none if the form was just opened, and none that belong to this
    preset or to the previous one."""
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
