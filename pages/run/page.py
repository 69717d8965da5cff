"""One run: live curves, log, results and settings."""

import pandas as pd
import streamlit as st

from emocore.data.registry.manifest import shorten_source
from emocore.errors import EmocoreError
from emocore.jobs.queue import queue_place
from emocore.jobs.scheduler import pause_file
from emocore.metrics import METRIC_DESCRIPTIONS
from emocore.run.listing import runs_root
from emocore.run.settings import DATA_FILES, describe, describe_repetition
from emocore.run.state import RunStatus
from emocore.text import format_bytes, format_seconds
from pages.run.actions import show_actions
from pages.run.result import show_results
from pages.run.sending import forget_sending, is_sending, show_sending
from pages.shared.address import recall
from pages.shared.curves import draw_curves
from pages.shared.plain import plain
from pages.shared.queue import tend_or_warn
from pages.shared.run_view import DELETED_KEY, NO_TOOLBAR, SHOWN_KEY, RunView, find_chosen, look_at
from pages.shared.tables import STATUS_SIGNS
from pages.shared.titles import run_name

LOG_HEIGHT = 320  # pixels; a growing log would move everything below it

wanted = recall("run", SHOWN_KEY)
try:
    drawn = look_at(find_chosen(wanted))
    place = queue_place(drawn.run)
except EmocoreError as error:
    st.title("Run")
    if wanted and wanted == st.session_state.get(DELETED_KEY):
        st.success(f"Run {plain(wanted)} is deleted.", icon=":material/delete:")
    else:
        st.warning(plain(error), icon=":material/search_off:")
    st.page_link("pages/runs/page.py", label="All runs", icon=":material/list:")
    st.stop()

run, config, state, sending = drawn.run, drawn.config, drawn.state, is_sending(drawn.run)
status, is_paused = state.status, pause_file(runs_root()).exists()
fresh = [drawn]  # the fragment's first look, taken a moment ago
was = (status, state.reason, sending, place, is_paused)  # the values that everything above the curves shows
if not status.is_final:
    forget_sending(run)
st.title(plain(run_name(run) if config else "Run"))
study = f" · study {config.study}" if config and config.study else ""
repetition = f" · {describe_repetition(config.seed, config.replicate, config.learns_half)}" if config else ""
st.caption(plain(f"{run.id}{study}{repetition}"))
st.badge(str(status), color=STATUS_SIGNS[status][0])
if status == RunStatus.QUEUED and is_paused:
    st.warning("The queue is paused; continue it on the Runs page.", icon=":material/pause:")
if status == RunStatus.QUEUED and place:
    st.caption("Next to start." if place.is_next else f"Number {place.number:,} of {place.waiting:,} waiting.")
if state.reason:
    (st.error if status == RunStatus.FAILED else st.warning)(plain(state.reason))
show_sending(run)
show_actions(drawn, place)


@st.fragment(run_every=1 if sending or not status.is_final else 10)
def show_live() -> None:
    """The only part with a timer. Everything above it, including the buttons, is redrawn only when its content changes,
    so that nothing moves under the pointer."""
    try:
        view, now_at = fresh.pop() if fresh else look_at(run), queue_place(run)
    except EmocoreError:  # deleted elsewhere while this page was open
        st.rerun(scope="app")
    if not status.is_final:
        tend_or_warn(runs_root())
    for problem in view.problems:
        st.warning(plain(problem), icon=":material/broken_image:")
    show_progress(view)
    show_curves(view)
    log = st.expander("Log", expanded=view.state.status != RunStatus.FINISHED)
    with log.container(height=LOG_HEIGHT if view.log else "content", border=False, autoscroll=True):
        st.code(view.log or "Nothing logged yet.", language=None)
    if (view.state.status, view.state.reason, is_sending(run), now_at, pause_file(runs_root()).exists()) != was:
        st.rerun(scope="app")


def show_progress(view: RunView) -> None:
    overview = view.overview
    if overview is None or view.state.status.is_final:
        return
    left = f", {format_seconds(overview.remaining_seconds)} left" if overview.remaining_seconds is not None else ""
    so_far = f"{format_seconds(overview.elapsed_seconds)} so far" if overview.elapsed_seconds else "Not started yet"
    st.progress(overview.progress, text=so_far + left)


def show_curves(view: RunView) -> None:
    history = view.history
    if history is None or view.config is None or not history.rows:
        return
    scores, losses = draw_curves([(run, view.config, history)], is_live=not view.state.status.is_final)
    columns = st.columns(2)
    with columns[0]:
        st.markdown("**Validation F1**", help=METRIC_DESCRIPTIONS["f1_macro"])
        st.plotly_chart(scores, key="run_f1", alt="Validation macro-F1 over the epochs", config=NO_TOOLBAR)
    with columns[1]:
        st.markdown("**Training loss**")
        st.plotly_chart(losses, key="run_loss", alt="Training loss over the epochs", config=NO_TOOLBAR)
    link = f" [Open it on W&B]({history.url})." if history.url else ""
    st.caption(f"Curves {plain(history.source)}.{link}")


show_live()

if drawn.results and config:
    show_results(drawn.results, config.threshold)
disk = f"{format_bytes(drawn.disk_bytes)} on disk"
attempts = drawn.state.attempts
st.caption(f"{disk}, {attempts} attempts." if attempts > 1 else f"{disk}.")
if drawn.data_warnings:
    with st.expander(f"Warnings about the data ({len(drawn.data_warnings):,})"):
        for warning in drawn.data_warnings:
            st.markdown(f"- {plain(warning)}")
if config:
    with st.expander("Settings, as it ran"):
        settings = [
            {
                "setting": name,
                "value": shorten_source(str(value)) if name in DATA_FILES else str(value),
                "meaning": describe(name),
            }
            for name, value in config.model_dump(exclude_none=True).items()
        ]
        st.dataframe(pd.DataFrame(settings), hide_index=True)
