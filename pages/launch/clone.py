"""Fill the Launch form with the settings of a run, so that the user can change them."""

from typing import Any

import streamlit as st

from emocore.data.registry.manifest import shorten_source
from emocore.errors import EmocoreError, RunError
from emocore.models.resolve import take_over
from emocore.run.config import NO_BASE, STARTER, RunConfig
from emocore.run.listing import find_run, runs_root
from emocore.run.settings import DATA_FILES, is_number, use
from emocore.run.study import StudyConfig
from emocore.run.study_record import read_study_record
from pages.launch.choices import DATASET, FILE, list_choices
from pages.launch.study_form import NOTHING
from pages.shared.plain import plain

# Fields whose input has another key or shape than `launch_FIELD`.
OTHERWISE = {"method", "seed", "replicate", "study", "data", "base", "learning_rate"}
WITHOUT_INPUT = [name for name in RunConfig.model_fields if use(name).form is None]


def prefill_clone() -> dict[str, Any]:
    """Take over the settings of the run in the page's address (`?clone=RUN`); returns those that have no input, and
    nothing if there is no such run. Call it before any input. The form is filled once while it stays open, and again
    after the page was left, since inputs are lost then."""
    run_id = st.query_params.get("clone")
    if not run_id:
        return {}
    if st.session_state.get("launch_filled_by") != run_id or "launch_seeds" not in st.session_state:
        try:
            config, notes = take_over(find_run(runs_root(), run_id).config)
        except EmocoreError as error:
            st.warning(plain(error), icon=":material/search_off:")
            return {}
        st.session_state["launch_filled_by"] = run_id
        if config.replicate > 1:
            rows = "learns from all training rows" if config.learns_half else "draws other training rows"
            notes = [*notes, f"that run is replicate {config.replicate}; a launch from here {rows}"]
        st.session_state["launch_clone_notes"] = notes
        st.session_state.update(form_values(config) | _known_margin(config.study))
    st.info(f"These are the settings of run {plain(run_id)}; change what you like.", icon=":material/content_copy:")
    for note in st.session_state.get("launch_clone_notes", []):
        st.warning(plain(note), icon=":material/link_off:")
    return {name: st.session_state[f"launch_{name}"] for name in WITHOUT_INPUT}


def _known_margin(study: str | None) -> dict[str, Any]:
    """The margin of the run's study as a value of the form, if the study has one."""
    try:
        record = read_study_record(runs_root(), study) if study else None
    except RunError:  # the launch says so if it goes into that study
        return {}
    return {"launch_margin_points": record.margin_points} if record else {}


def form_values(config: RunConfig) -> dict[str, Any]:
    """Key of each input -> its value."""
    config = config.model_copy(
        update={name: shorten_source(value) for name in DATA_FILES if (value := getattr(config, name))}
    )
    values = {
        f"launch_{name}": value if is_number(name) or name in WITHOUT_INPUT else as_text(value)
        for name, value in config.model_dump().items()
        if name not in OTHERWISE
    }
    is_dataset = config.data in (STARTER, *(dataset.manifest.reference for dataset in list_choices()))
    return values | {
        "launch_source": DATASET if is_dataset else FILE,
        "launch_dataset": config.data if is_dataset else STARTER,
        "launch_path": "" if is_dataset else config.data,
        "launch_base": "minilm-l6" if config.base == NO_BASE else config.base,
        "launch_methods": [config.method],
        f"launch_rate_{config.method}": config.learning_rate,
        "launch_seeds": str(config.seed),
        "launch_replicates": 1,
        "launch_margin_points": StudyConfig.model_fields["margin_points"].default,
        "launch_study": config.study or "",
        "launch_vary": NOTHING,
        "launch_vary_values": "",
        "launch_own": "",
    }


def as_text(value: Any) -> Any:
    """What a text input shows; a choice or a switch keeps its value."""
    return ", ".join(value) if isinstance(value, list) else "" if value is None else value
