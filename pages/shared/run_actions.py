"""What can be done with one run: stop, resume, move to the front, clone, sync, delete.

They are a fragment, and what changes a run is a callback in it. Of two quick clicks on a page, Streamlit drops the
first if its script has not begun when the second comes; clicks on one fragment wait for each other, and a callback
is carried out before anything is drawn, so no later click can cut it off.
"""

import os
from collections.abc import Callable

import streamlit as st

from emocore.errors import EmocoreError
from emocore.folder import RunFolder
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import QueuePlace, move_to_front, resume_run, tend_queue
from emocore.jobs.stop import request_stop
from emocore.listing import runs_root
from emocore.states import RunStatus
from emocore.tracking.place import known_place
from pages.shared.plain import plain
from pages.shared.run_view import SHOWN_KEY, RunView
from pages.shared.sending import begin_sending, is_sending


@st.fragment
def show_actions(view: RunView, place: QueuePlace | None) -> None:
    """Buttons for what the run's state allows; `place` is its one in the queue. An error stays on the page."""
    if destination := st.session_state.pop("run_leads_to", None):
        st.switch_page(destination[0], query_params=destination[1])
    run, status = view.run, view.state.status
    with st.container(horizontal=True):
        if status.is_final:
            _show_final_actions(view)
        else:
            _show_live_actions(run, place)
        if view.config:
            st.button(
                "Clone", icon=":material/content_copy:", key="run_clone", help="A new run with these settings.",
                on_click=_leave_for, args=("pages/launch.py", {"clone": run.id}),
            )  # fmt: skip
        if status.is_final and st.button("Delete", icon=":material/delete:", key="run_delete"):
            _confirm_delete(run)
    if st.session_state.pop("run_touched", False):
        st.rerun()  # all of the page tells of the run; not before each button has had its say
    if view.resume_step is not None:
        st.caption(_describe_resume(view.resume_step))
    if problem := st.session_state.pop("run_problem", None):
        st.error(plain(problem))


def _show_live_actions(run: RunFolder, place: QueuePlace | None) -> None:
    if place:
        text = "It is the next to start." if place.is_next else "Let it be the next to start."
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
    if view.state.status == RunStatus.FINISHED:
        study = view.config.study if view.config else None
        st.button(
            "Try a sentence", type="primary", icon=":material/chat:", key="run_try",
            on_click=_leave_for, args=("pages/playground.py", {"runs": run.id}),
        )  # fmt: skip
        st.button(
            "Compare", icon=":material/bar_chart:", key="run_compare",
            on_click=_leave_for, args=("pages/compare.py", {"study": study} if study else {"runs": run.id}),
        )  # fmt: skip
    else:
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
    return f"Resume goes on after step {step:,}." if step else "Resume begins again: there is no checkpoint yet."


def _leave_for(page: str, parameters: dict[str, str]) -> None:
    """A callback as well: another fragment may have the page drawn again before this one sees its click."""
    st.session_state["run_leads_to"] = page, parameters


def _attempt(action: Callable[[RunFolder], object], run: RunFolder) -> None:
    """Do it and see to the queue."""
    st.session_state["run_touched"] = True
    try:
        action(run)
        tend_queue(runs_root())
    except EmocoreError as error:
        st.session_state["run_problem"] = str(error)


@st.dialog("Delete this run?")
def _confirm_delete(run: RunFolder) -> None:
    elsewhere = " The copy on W&B stays." if known_place(run).get("url") else ""
    st.write(f"**{run.id}** goes with its adapter, predictions and log. This cannot be undone.{elsewhere}")
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
        st.session_state.pop(SHOWN_KEY, None)  # nothing for Back to show again
        st.switch_page("pages/runs.py")
