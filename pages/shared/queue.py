"""The queue and the disk, as the Runs page shows them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from emocore.errors import EmocoreError
from emocore.jobs.queue import continue_queue, imported_runs, pause_queue, resume_run, tend_queue
from emocore.jobs.scheduler import pause_file
from emocore.run.listing import RunsFound
from emocore.text import counted, format_bytes
from pages.shared.plain import plain
from pages.shared.uploads import show_uploads

LITTLE_BYTES = 1e9  # an adapter and its checkpoints may need as much


def tend_or_warn(root: Path) -> None:
    """Start the scheduler if runs wait and it is not running. If it cannot start, warn; the page still works."""
    try:
        tend_queue(root)
    except EmocoreError as error:
        st.warning(plain(error), icon=":material/warning:")


def show_queue(root: Path, found: RunsFound) -> None:
    """Show how many runs wait, and the button that pauses or continues the queue."""
    waiting, paused = len(found.queued), pause_file(root).exists()
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
            label, icon=icon, key="queue_pause", help="Pausing does not stop runs that have started.",
            on_click=_change_queue, args=(action, root),
        )  # fmt: skip
    if problem := st.session_state.pop("queue_problem", None):
        st.error(plain(problem))


def show_imported(root: Path, found: RunsFound) -> None:
    """Runs launched elsewhere wait until this user resumes them, singly on their page or all of them here."""
    imported = found.imported
    if not imported:
        return
    runs = "1 queued run was" if len(imported) == 1 else f"{len(imported):,} queued runs were"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"{runs} not launched by this installation. None starts by itself: resume those that you trust.",
            icon=":material/input:",
        )
        st.button(
            "Resume all imported", icon=":material/play_arrow:", key="queue_resume_imported",
            help="They join the queue with their settings. The servers of W&B and the Hub stay those of this machine.",
            on_click=_change_queue, args=(_resume_imported, root),
        )  # fmt: skip


def _resume_imported(root: Path) -> None:
    try:
        for run in imported_runs(root):
            resume_run(run)
    finally:  # after a refusal, the runs resumed before it still need a scheduler
        tend_queue(root)


def _change_queue(action: Callable[[Path], object], root: Path) -> None:
    """A callback, which runs before the page is drawn, so the next click cannot interrupt it."""
    try:
        action(root)
    except EmocoreError as error:
        st.session_state["queue_problem"] = str(error)


def show_disk(root: Path, used_bytes: int) -> None:
    """Show the disk space that the listed runs and the uploads take, and the free space."""
    free_bytes = shutil.disk_usage(root).free
    text = f"These runs take {format_bytes(used_bytes)}; {format_bytes(free_bytes)} are free."
    if free_bytes < LITTLE_BYTES:
        st.warning(f"{text} Delete runs before the disk is full.", icon=":material/hard_drive:")
    else:
        st.caption(text)
    show_uploads(root)
