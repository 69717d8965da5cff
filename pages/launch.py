"""Launch runs: data, base, methods, seeds and the settings that matter; the rest under "More"."""

import time

import streamlit as st

from emocore.config import STARTER, StudyConfig, build, describe
from emocore.data.table import resolve_source
from emocore.devices import list_devices
from emocore.errors import EmocoreError
from emocore.folder import runs_root
from emocore.jobs.estimate import estimate_seconds
from emocore.jobs.launch import Plan, launch, plan_study
from emocore.models.bases import find_base
from emocore.models.methods import METHODS
from emocore.text import format_minutes
from pages.shared.choices import SOURCES, choose_base, choose_data
from pages.shared.clone import prefill_clone
from pages.shared.entry import require_app
from pages.shared.plain import plain
from pages.shared.preview import show_data_preview
from pages.shared.settings import MORE_SETTINGS, add_error_slot, reset_error_slots, setting_input, show_error

require_app()

METHOD_HELP = "  \n".join(f"**{method.title}**: {method.summary}" for method in METHODS.values())


@st.cache_data(max_entries=6, show_spinner="Reading the data")
def check(study: StudyConfig, changed: tuple[float, ...]) -> Plan:
    """`changed` are the files' times, so that an edited file is read again."""
    return plan_study(study)


def choose_rates(methods: list[str], pooling: str) -> dict[str, dict[str, float]]:
    """A learning rate a method, since each has its own good one."""
    chosen = [METHODS[name] for name in methods if "learning_rate" in METHODS[name].settings]
    rates = {}
    for column, method in zip(st.columns(max(3, len(chosen))), chosen, strict=False):
        with column:
            default = method.default("learning_rate", pooling)
            key = f"launch_rate_{method.name}"
            rate = setting_input("learning_rate", f"{method.title} learning rate", default, key)
            if rate is not None:
                rates[method.name] = {"learning_rate": rate}
    return rates


reset_error_slots()
root = runs_root()
st.title("Launch")
st.caption("Train one method, or several as a study that differs in nothing else. What you see here is what will run.")
prefill_clone(SOURCES)
left, right = st.columns([3, 2], gap="large")
with left:
    data = choose_data(root)
    base = choose_base()
    methods = st.multiselect(
        "Methods", list(METHODS), default=["lora", "ia3", "qlora"], key="launch_methods",
        format_func=lambda name: METHODS[name].title, help=METHOD_HELP,
    )  # fmt: skip
    add_error_slot("methods")
    try:
        pooling = find_base(base).pooling
    except EmocoreError:
        pooling = "stock"
    settings = {"base": base, "data": data or STARTER}
    columns = st.columns(3)
    with columns[0]:
        settings["rows"] = setting_input("rows", "Training rows")
    with columns[1]:
        settings["epochs"] = setting_input("epochs", "Epochs", METHODS["lora"].default("epochs", pooling))
    with columns[2]:
        settings["batch_size"] = setting_input("batch_size", "Batch size")
    rates = choose_rates(methods, pooling)
    columns = st.columns([1, 2])
    seeds = columns[0].text_input("Seeds", "42", key="launch_seeds", help="One run a method and seed: 1, 2, 3")
    with columns[0]:
        add_error_slot("seeds")
    name = columns[1].text_input("Study", key="launch_study", placeholder="a name by date", help=describe("study"))
    with columns[1]:
        add_error_slot("study")
    with st.expander("More settings"):
        for title, names in MORE_SETTINGS.items():
            st.markdown(f"**{title}**")
            cells = st.columns(3)
            for position, setting in enumerate(names):
                with cells[position % 3]:
                    settings[setting] = setting_input(setting)

with right, st.container(border=True):
    st.subheader("What will happen")
    general = st.container()
    st.caption("Device: " + "; ".join(device.title for device in list_devices()))
    if data is None:
        st.info("Choose the data first.", icon=":material/info:")
        st.stop()
    try:
        values = {
            "name": name.strip() or time.strftime("study %Y-%m-%d %H.%M"),
            "methods": methods,
            "seeds": [part.strip() for part in seeds.split(",") if part.strip()],
            "settings": {key: value for key, value in settings.items() if value is not None},
            "method_settings": rates,
        }
        study = build(StudyConfig, values)
        sources = [settings.get(key) for key in ("data", "validation_data", "test_data")]
        files = [resolve_source(source) for source in sources if source]
        plan = check(study, tuple(file.stat().st_mtime for file in files))
    except EmocoreError as error:
        show_error(error, general)
        st.button("Launch", type="primary", disabled=True, key="launch_refused")
        st.stop()
    seconds = estimate_seconds(plan.configs, len(plan.splits.frames["train"]), root)
    runs = len(plan.configs)
    st.markdown(
        f"**{runs} run{'s' if runs > 1 else ''}**, one at a time on each device, {format_minutes(seconds)} in all."
    )
    if st.button(f"Launch {runs} run{'s' if runs > 1 else ''}", type="primary", icon=":material/rocket_launch:"):
        try:
            launch(plan, root)
        except EmocoreError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            st.switch_page("pages/runs.py", query_params={"study": study.name})
    show_data_preview(plan)
