"""Actions on one run: stop, resume, move to the front, clone, sync, delete.

The buttons are in a fragment and act in callbacks. Of two quick clicks on a page, Streamlit drops the first if its
script has not begun. Clicks in one fragment wait for each other, and a callback runs before anything is drawn, so no
later click can interrupt it.
"""

import os
from collections.abc import Callable

import streamlit as st

from emocore.errors import EmocoreError
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import QueuePlace, move_to_front, resume_run, tend_queue
from emocore.jobs.stop import request_stop
from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from emocore.run.state import RunStatus
from emocore.tracking.place import known_place
from pages.run.sending import begin_sending, is_sending
from pages.shared.plain import plain
from pages.shared.run_view import DELETED_KEY, RunView


@st.fragment
def show_actions(view: RunView, place: QueuePlace | None) -> None:
    """Show the buttons that the run's state allows; `place` is its place in the queue. An error stays on the page."""
    run, status = view.run, view.state.status
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_ways(view)
        if status.is_final:
            _show_final_actions(view)
        else:
            _show_live_actions(run, place)
        if status.is_final and st.button("Delete", icon=":material/delete:", key="run_delete"):
            _confirm_delete(run)
    if st.session_state.pop("run_touched", False):
        st.rerun()  # the whole page shows the run's state; only after each button was handled
    if view.resume_step is not None:
        st.caption(_describe_resume(view.resume_step))
    if problem := st.session_state.pop("run_problem", None):
        st.error(plain(problem))


def _show_ways(view: RunView) -> None:
    """Links instead of buttons that switch the page: with a link the browser first ends the timers of this page. A
    timer that fires after a switch would draw the new page empty."""
    run_id, config = view.run.id, view.config
    study = {"study": config.study} if config and config.study else {}
    st.page_link("pages/runs/page.py", label="Runs", icon=":material/arrow_back:", query_params=study)
    if view.state.status == RunStatus.FINISHED:
        st.page_link(
            "pages/playground/page.py", label="Try a sentence", icon=":material/chat:", query_params={"runs": run_id}
        )
        chosen = study or {"runs": run_id}
        st.page_link("pages/compare/page.py", label="Compare", icon=":material/bar_chart:", query_params=chosen)
    if config:
        st.page_link(
            "pages/launch/page.py", label="Clone", icon=":material/content_copy:", query_params={"clone": run_id},
            help="A new run with these settings.",
        )  # fmt: skip


def _show_live_actions(run: RunFolder, place: QueuePlace | None) -> None:
    if place:
        text = "This run is the next to start." if place.is_next else "Make this run the next to start."
        st.button(
            "To the front", icon=":material/vertical_align_top:", key="run_front", help=text, disabled=place.is_next,
            on_click=_attempt, args=(move_to_front, run),
        )  # fmt: skip
    asked = run.stop_request.exists()
    label = "Stopping …" if asked else "Stop"
    st.button(
        label, disabled=asked, icon=":material/stop:", key="run_stop", on_click=_attempt, args=(request_stop, run)
    )


def _show_final_actions(view: RunView) -> None:
    run = view.run
    if view.state.status != RunStatus.FINISHED:
        st.button(
            "Resume", type="primary", icon=":material/play_arrow:", key="run_resume",
            on_click=_attempt, args=(resume_run, run),
        )  # fmt: skip
    if view.can_sync:
        has_key = bool(os.environ.get("WANDB_API_KEY"))
        text = "Send what W&B lacks of this run." if has_key else "Set WANDB_API_KEY and start the app again to sync."
        off = not has_key or is_sending(run)
        st.button(
            "Sync to W&B", icon=":material/cloud_upload:", key="run_sync", disabled=off, help=text,
            on_click=_attempt, args=(begin_sending, run),
        )  # fmt: skip


def _describe_resume(step: int) -> str:
    return f"Resume continues after step {step:,}." if step else "Resume starts over: there is no checkpoint yet."


def _attempt(action: Callable[[RunFolder], object], run: RunFolder) -> None:
    """Carry out the action, then make sure that the queue is worked on."""
    st.session_state["run_touched"] = True
    try:
        action(run)
        tend_queue(runs_root())
    except EmocoreError as error:
        st.session_state["run_problem"] = str(error)


@st.dialog("Delete this run?")
def _confirm_delete(run: RunFolder) -> None:
    elsewhere = " The copy on W&B stays." if (place := known_place(run)) and place.url else ""
    st.write(f"This deletes **{run.id}** with its adapter, predictions and log. This cannot be undone.{elsewhere}")
    with st.container(horizontal=True):
        is_sure = st.button("Delete for good", type="primary", key="run_delete_sure")
        if st.button("Cancel", key="run_delete_cancel"):
            st.rerun()
    if is_sure:
        try:
            delete_run(run)
        except EmocoreError as error:
            st.error(plain(error))
            return
        st.session_state[DELETED_KEY] = run.id
        st.rerun()
