"""Launch runs: data, base, methods, seeds and the main settings; the others are under "More settings"."""

import time

import streamlit as st

from emocore.data.allowed import allow_sources
from emocore.errors import EmocoreError
from emocore.evaluation.planner import Repetition, describe_plan, typical_chance
from emocore.jobs.estimate import estimate_seconds
from emocore.jobs.launch import plan_study
from emocore.jobs.studies import keep_split
from emocore.models.bases import find_base
from emocore.models.methods.catalogue import METHODS
from emocore.run.config import MOST_REPLICATES, STARTER, build
from emocore.run.listing import runs_root
from emocore.run.parse import parse_list
from emocore.run.settings import describe
from emocore.run.study import MOST_MARGIN_POINTS, StudyConfig
from emocore.system.devices import own_devices
from emocore.text import counted, format_minutes
from pages.launch.choices import choose_base, choose_data, choose_methods
from pages.launch.clone import prefill_clone
from pages.launch.presets import choose_preset
from pages.launch.preview import show_data_preview, show_memory
from pages.launch.reading import StillReadingError, read_splits, show_reading
from pages.launch.settings import MORE_SETTINGS, add_error_slot, reset_error_slots, setting_input, show_error
from pages.launch.study_form import (
    choose_method_settings,
    choose_rates,
    choose_vary,
    join_method_settings,
    show_planned_runs,
)
from pages.shared.launching import launch_and_show, return_from_double_click


@st.cache_data(max_entries=50, show_spinner=False)
def tell_smallest_gap(texts: int, repetitions: int, kind: Repetition, methods: int) -> str:
    return describe_plan(typical_chance(kind), texts, repetitions, methods)


return_from_double_click()
reset_error_slots()
root = runs_root()
st.title("Launch")
st.caption("Train one method, or several as a study in which nothing else differs. What you see here is what will run.")
halves = st.container(horizontal=True, gap="large")  # on a narrow page one below the other
left, right = halves.container(width=480), halves.container(border=True, width="stretch")
with left:
    choose_preset()
    of_clone = prefill_clone()
    data = st.session_state["launch_data"] = choose_data()
    base = choose_base()
    methods = choose_methods()
    try:
        pooling = find_base(base).pooling
    except EmocoreError:
        pooling = "stock"
    settings = {"base": base, "data": data or STARTER, **of_clone}
    columns = st.columns(3)
    with columns[0]:
        settings["rows"] = setting_input("rows", "Training rows")
    with columns[1]:
        settings["epochs"] = setting_input("epochs", "Epochs", METHODS["lora"].default("epochs", pooling))
    with columns[2]:
        settings["batch_size"] = setting_input("batch_size", "Batch size")
    rates = choose_rates(methods, pooling)
    left_part, middle_part, right_part = st.columns(3)
    seeds = left_part.text_input("Seeds", "42", key="launch_seeds", help="One run per method and seed: 1, 2, 3")
    replicates = middle_part.number_input(
        "Replicates", 1, MOST_REPLICATES, key="launch_replicates",
        help=StudyConfig.model_fields["replicates"].description,
    )  # fmt: skip
    margin = right_part.number_input(
        "Margin in points", 0.0, MOST_MARGIN_POINTS, StudyConfig.model_fields["margin_points"].default, 0.5,
        format="%g", key="launch_margin_points", help=StudyConfig.model_fields["margin_points"].description,
    )  # fmt: skip
    for field in ("seeds", "replicates", "margin_points"):  # below the row, which is too narrow for a sentence
        add_error_slot(field)
    name = st.text_input("Study", key="launch_study", placeholder="a name by date", help=describe("study"))
    add_error_slot("study")
    vary = choose_vary()
    own_lines = choose_method_settings()
    with st.expander("More settings"):
        for title, names in MORE_SETTINGS.items():
            st.markdown(f"**{title}**")
            cells = st.columns(3)
            for position, setting in enumerate(names):
                with cells[position % 3]:
                    settings[setting] = setting_input(setting)

with right:
    st.subheader("What will happen")
    general = st.container()
    st.caption("Device: " + "; ".join(device.title for device in own_devices()))
    if data is None:
        st.info("Choose the data first.", icon=":material/info:")
        st.stop()
    wanted = []
    try:
        values = {
            "name": name.strip() or time.strftime("study %Y-%m-%d %H.%M"),
            "methods": methods,
            "seeds": parse_list(seeds),
            "replicates": replicates,
            "margin_points": margin,
            "settings": {key: value for key, value in settings.items() if value is not None},
            "method_settings": join_method_settings(rates, own_lines, methods),
            "vary": vary,
        }
        study = build(StudyConfig, values)
        wanted = study.run_configs()
        study = study.model_copy(update={"settings": keep_split(root, study.name, allow_sources(study.settings, root))})
        plan = plan_study(study, read_splits)
    except EmocoreError as error:
        show_error(error, general)
        st.button("Launch", type="primary", disabled=True, key="launch_refused")
        if wanted:
            show_planned_runs(wanted, study)
        st.stop()
    except StillReadingError as reading:
        show_reading(reading.task)
        st.button("Launch", type="primary", disabled=True, key="launch_waits")
        show_planned_runs(wanted, study)
        st.stop()
    seconds = estimate_seconds(plan.configs, len(plan.splits.frames["train"]), root)
    runs = counted(len(plan.configs), "run")
    st.markdown(f"**{runs}**, {format_minutes(seconds)} in all, one after the other.")
    show_memory(plan)
    if st.button(f"Launch {runs}", type="primary", icon=":material/rocket_launch:"):
        launch_and_show(plan, root, allow_repeats=bool(of_clone))
    show_planned_runs(plan.configs, study)
    if not study.vary:  # after the button, since the first forecast takes a second
        scored = plan.splits.frames.get("test", plan.splits.frames["validation"])
        has_all_rows = study.settings.get("rows") is None
        kind: Repetition = "seed" if study.replicates == 1 else "half" if has_all_rows else "draw"
        repetitions = len(set(study.seeds)) if kind == "seed" else study.replicates
        st.caption(tell_smallest_gap(len(scored), repetitions, kind, len(set(study.methods))))
        if "group_name" in scored:
            st.caption("This holds for separate texts; texts in groups tell less, so only larger gaps are found.")
    show_data_preview(plan)
