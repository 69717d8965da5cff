"""Lists of runs that several pages show."""

from contextlib import AbstractContextManager
from typing import Literal

import pandas as pd
import streamlit as st

from emocore.jobs.overview import RunOverview
from emocore.models.methods.catalogue import method_title
from emocore.run.config import NO_BASE
from emocore.run.settings import describe_repetition
from emocore.run.state import RunStatus
from emocore.text import format_bytes, format_seconds
from pages.shared.plain import plain
from pages.shared.titles import config_title

Color = Literal["gray", "blue", "green", "red", "orange", "violet"]
STATUS_SIGNS: dict[str, tuple[Color, str]] = {
    "queued": ("gray", "○"),
    "starting": ("blue", "▶"),
    "running": ("blue", "▶"),
    "evaluating": ("blue", "▶"),
    "finished": ("green", "✓"),
    "failed": ("red", "✕"),
    "stopped": ("orange", "■"),
    "interrupted": ("orange", "!"),
    "imported": ("violet", "⇣"),
}
MOST_REASONS = 6
MOST_ROWS = 50  # at once; more would take longer to draw than the time between two updates
STATE_WIDTH, SCORE_WIDTH, TIME_WIDTH = 108, 66, 104  # pixels; the run's name gets the rest


def latest_first(overviews: list[RunOverview]) -> list[RunOverview]:
    """Active runs first, then the others; each group with the latest first."""
    return sorted(overviews, key=lambda o: (not RunStatus(o.status).is_active, -o.created_at))


def show_run_rows(overviews: list[RunOverview], has_studies: bool = True) -> None:
    """Show one row per run, with a link to its page. With a link, unlike a selection that switches the page, the
    browser first ends the timers of this page, and the keyboard reaches it."""
    with st.container(gap="xxsmall"):
        with _begin_row():
            st.markdown(":small[**State**]", width=STATE_WIDTH)
            st.markdown(f":small[**{'Run · study' if has_studies else 'Run'}**]", width="stretch")
            st.markdown(":small[**macro-F1**]", width=SCORE_WIDTH)
            st.markdown(":small[**Time**]", width=TIME_WIDTH)
        for overview in overviews:
            with _begin_row():
                _show_run(overview, has_studies)


def _begin_row() -> AbstractContextManager[object]:
    """Cells have the same widths in every row, so that columns line up."""
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall")


def _show_run(o: RunOverview, has_study: bool) -> None:
    progress = f" {o.progress:.0%}" if RunStatus(o.status).is_active else ""
    st.markdown(f":small[{_show_status(o)}{progress}]", width=STATE_WIDTH)
    study = f" :gray[· {plain(o.study)}]" if has_study and o.study else ""
    title = f":blue[{plain(config_title(o))}]{study}"
    st.page_link("pages/run/page.py", label=title, query_params={"run": o.id}, width="stretch")
    st.markdown(f":small[{o.f1_macro:.3f}]" if o.f1_macro is not None else "–", width=SCORE_WIDTH)
    st.markdown(f":small[{_describe_time(o)}]", width=TIME_WIDTH)


def _show_status(o: RunOverview) -> str:
    color, icon = STATUS_SIGNS[o.status]
    return f":{color}[{icon} {o.status}]"


def _describe_time(o: RunOverview) -> str:
    if o.remaining_seconds is not None:
        return f"{format_seconds(o.remaining_seconds)} left"
    return format_seconds(o.elapsed_seconds) if o.elapsed_seconds is not None else "–"


def show_overview_table(overviews: list[RunOverview], key: str) -> None:
    """Show all numbers of these runs in a table that can be sorted and copied."""
    frame = pd.DataFrame(
        {
            "state": f"{STATUS_SIGNS[o.status][1]} {o.status}",
            "method": method_title(o.method),
            "base": o.base if o.base != NO_BASE else "–",
            "progress": o.progress,
            "macro-F1": o.f1_macro,
            "micro-F1": o.f1_micro,
            "time": format_seconds(o.elapsed_seconds),
            "left": format_seconds(o.remaining_seconds) if o.remaining_seconds is not None else "–",
            "disk": format_bytes(o.disk_bytes),
            "seed": o.seed,
            "replicate": o.replicate,
            "study": o.study or "–",
            "reason": o.reason or "",
        }
        for o in overviews
    )
    if not any(frame["reason"]):
        frame = frame.drop(columns="reason")
    if (frame["replicate"] == 1).all():
        frame = frame.drop(columns="replicate")
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={
            "progress": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width="small"),
            "macro-F1": st.column_config.NumberColumn(format="%.3f", help="Validation macro-F1, the latest known."),
            "micro-F1": st.column_config.NumberColumn(format="%.3f", help="Validation micro-F1, the latest known."),
        },
    )


def show_reasons(overviews: list[RunOverview]) -> None:
    """Show the full reasons why runs ended, because the table has no room for them in a narrow window."""
    told = [o for o in overviews if o.reason and o.status != RunStatus.IMPORTED]  # `show_imported` explains those
    lines = [
        f"- {_show_status(o)} **{plain(method_title(o.method))}**, "
        f"{describe_repetition(o.seed, o.replicate, o.learns_half)}: {plain(o.reason)}"
        for o in told[:MOST_REASONS]
    ]
    if lines:
        st.markdown("\n".join(lines))
    if len(told) > MOST_REASONS:
        st.caption(f"{len(told) - MOST_REASONS:,} more are in the column reason of the table.")
