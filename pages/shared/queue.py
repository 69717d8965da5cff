"""The queue and the disk, as the Runs page shows them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from emocore.errors import EmocoreError
from emocore.jobs.queue import continue_queue, imported_runs, pause_queue, resume_run, tend_queue, waiting_runs
from emocore.jobs.scheduler import pause_file
from emocore.text import counted, format_bytes
from pages.shared.plain import plain
from pages.shared.uploads import show_uploads

LITTLE_BYTES = 1e9  # an adapter and its checkpoints may need as much


def tend_or_warn(root: Path) -> None:
    """Should the scheduler have died, nothing is left alone. Where it cannot work, looking still can."""
    try:
        tend_queue(root)
    except EmocoreError as error:
        st.warning(plain(error), icon=":material/warning:")


def show_queue(root: Path) -> None:
    """How many runs wait, and the button that pauses the queue or opens it again."""
    waiting, paused = len(waiting_runs(root)), pause_file(root).exists()
    if not waiting and not paused:
        return
    text = f"{counted(waiting, 'run')} waiting"
    with st.container(horizontal=True, vertical_alignment="center"):
        if paused:
            st.warning(f"The queue is paused, {text}.", icon=":material/pause:")
        else:
            st.caption(f"{text}.")
        label, action = ("Continue", continue_queue) if paused else ("Pause the queue", pause_queue)
        icon = ":material/play_arrow:" if paused else ":material/pause:"
        st.button(
            label, icon=icon, key="queue_pause", help="Runs that are alive go on in any case.",
            on_click=_change_queue, args=(action, root),
        )  # fmt: skip
    if problem := st.session_state.pop("queue_problem", None):
        st.error(plain(problem))


def show_imported(root: Path) -> None:
    """Runs that came from elsewhere wait for a word of this user, given for one on its page or here for all."""
    imported = imported_runs(root)
    if not imported:
        return
    runs = "1 queued run was" if len(imported) == 1 else f"{len(imported):,} queued runs were"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"{runs} not launched by this installation. Nothing of them starts by itself: resume what you trust.",
            icon=":material/input:",
        )
        st.button(
            "Resume all imported", icon=":material/play_arrow:", key="queue_resume_imported",
            help="They join the queue with their settings. W&B and the Hub stay those of this machine.",
            on_click=_change_queue, args=(_resume_imported, root),
        )  # fmt: skip


def _resume_imported(root: Path) -> None:
    try:
        for run in imported_runs(root):
            resume_run(run)
    finally:  # a refusal must not leave those before it alone
        tend_queue(root)


def _change_queue(action: Callable[[Path], object], root: Path) -> None:
    """A callback, carried out before the page is drawn, so the next click cannot cut it off."""
    try:
        action(root)
    except EmocoreError as error:
        st.session_state["queue_problem"] = str(error)


def show_disk(root: Path, used_bytes: int) -> None:
    """What the listed runs and the uploads take, and what is free."""
    free_bytes = shutil.disk_usage(root).free
    text = f"These runs take {format_bytes(used_bytes)}; {format_bytes(free_bytes)} are free."
    if free_bytes < LITTLE_BYTES:
        st.warning(f"{text} Delete runs before the disk is full.", icon=":material/hard_drive:")
    else:
        st.caption(text)
    show_uploads(root)
