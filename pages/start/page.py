"""The first page: what Emocore is, and one button that runs the starter study."""

import streamlit as st

from emocore.errors import EmocoreError
from emocore.jobs.estimate import estimate_seconds
from emocore.jobs.launch import Plan, plan_study
from emocore.jobs.overview import describe_runs
from emocore.jobs.presets import starter_study
from emocore.run.listing import look_at_runs, runs_root
from emocore.run.state import RunStatus
from emocore.system.devices import default_device
from emocore.text import format_minutes
from pages.shared.guard import warn_of_damaged_runs
from pages.shared.launching import launch_and_show, return_from_double_click
from pages.shared.plain import plain
from pages.shared.tables import show_run_rows

MOST_LATEST = 6  # runs

return_from_double_click()
st.title("Emocore")
st.markdown(
    "Which parameter-efficient method should you use for emotion detection, and how sure can you be? "
    "Train LoRA, IA3 and QLoRA side by side, compare them emotion by emotion, and try them on your own words."
)


@st.cache_data(ttl=60, show_spinner="Measuring this machine")
def plan_starter(root: str) -> tuple[Plan, float | None]:
    """The study, and how many seconds it will take."""
    plan = plan_study(starter_study())
    return plan, estimate_seconds(plan.configs, len(plan.splits.frames["train"]), runs_root())


root = runs_root()
found = look_at_runs(root)
try:
    plan, seconds = plan_starter(str(root))
except EmocoreError as error:
    st.error(plain(error), title="The starter study cannot run yet")
    st.stop()
duration = format_minutes(seconds)

with st.container(border=True):
    st.subheader("Run the starter study")
    st.markdown(
        "LoRA, IA3, QLoRA and, as the floor, a head on the frozen base: all on the bundled MiniLM, with 1,400 built-in "
        f"messages and 11 emotions. It takes **{duration}** on this machine ({default_device().title}), needs no "
        "account and no download, and continues if you close the browser."
    )
    label = f"Run the starter study: four methods on this machine, {duration}"
    if st.button(
        label, type="primary" if not found.runs else "secondary", icon=":material/play_arrow:", key="start_study"
    ):
        launch_and_show(plan, root)
    st.caption("The messages are made up: a verdict on them says little about real ones. Use your own data for that.")

warn_of_damaged_runs(found)
if found.runs:
    st.subheader("Latest runs")
    latest = describe_runs(found.latest_first[:MOST_LATEST])
    show_run_rows(latest)
    finished = any(overview.status == RunStatus.FINISHED for overview in latest)
    with st.container(horizontal=True):
        st.page_link("pages/runs/page.py", label="All runs", icon=":material/list:")
        if finished:
            st.page_link("pages/compare/page.py", label="Compare", icon=":material/bar_chart:")
            st.page_link("pages/playground/page.py", label="Try a sentence", icon=":material/chat:")
else:
    st.markdown("#### What you will see")
    steps = st.columns(4)
    for column, (title, text) in zip(
        steps,
        [
            ("1 · Watch", "Four runs train one after another; their curves grow while you look."),
            ("2 · Compare", "A verdict in words, F1 by emotion with its uncertainty, and what each method costs."),
            ("3 · Try", "Type a sentence and see what each adapter answers."),
            ("4 · Launch", "Then use your own CSV, another base or more seeds."),
        ],
        strict=True,
    ):
        column.markdown(f"**{title}**  \n{text}")
