"""Tables that several pages show."""

import pandas as pd
import streamlit as st

from emocore.jobs.overview import RunOverview
from emocore.models.methods import method_title
from emocore.text import format_bytes, format_seconds
from pages.shared.plain import plain

STATUS_COLORS = {
    "queued": "gray",
    "starting": "blue",
    "running": "blue",
    "evaluating": "blue",
    "finished": "green",
    "failed": "red",
    "stopped": "orange",
    "interrupted": "orange",
    "imported": "violet",
}
STATUS_ICONS = {
    "queued": "○",
    "starting": "▶",
    "running": "▶",
    "evaluating": "▶",
    "finished": "✓",
    "failed": "✕",
    "stopped": "■",
    "interrupted": "!",
    "imported": "⇣",
}
MOST_REASONS = 6


def show_overview_table(overviews: list[RunOverview], key: str) -> None:
    """One line a run; choosing a line opens the run's page."""
    frame = pd.DataFrame(
        {
            "state": f"{STATUS_ICONS[o.status]} {o.status}",
            "method": method_title(o.method),
            "base": o.base if o.base != "none" else "–",
            "progress": o.progress,
            "macro-F1": o.f1_macro,
            "micro-F1": o.f1_micro,
            "time": format_seconds(o.elapsed_seconds),
            "left": format_seconds(o.remaining_seconds) if o.remaining_seconds is not None else "–",
            "disk": format_bytes(o.disk_bytes),
            "seed": o.seed,
            "study": o.study or "–",
            "reason": o.reason or "",
        }
        for o in overviews
    )
    if not any(frame["reason"]):
        frame = frame.drop(columns="reason")
    chosen = st.dataframe(
        frame,
        key=key,
        hide_index=True,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "progress": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width="small"),
            "macro-F1": st.column_config.NumberColumn(format="%.3f", help="Validation macro-F1, the latest known."),
            "micro-F1": st.column_config.NumberColumn(format="%.3f", help="Validation micro-F1, the latest known."),
        },
    )
    rows = chosen.selection.rows
    if rows and rows[0] < len(overviews):
        st.switch_page("pages/run.py", query_params={"run": overviews[rows[0]].id})
    st.caption("Tick a line to open the run.")


def show_reasons(overviews: list[RunOverview]) -> None:
    """Why runs ended as they did, in full: beside the table's other columns a narrow window has no place for it."""
    told = [overview for overview in overviews if overview.reason]
    lines = [
        f"- :{STATUS_COLORS[o.status]}[{STATUS_ICONS[o.status]} {o.status}] "
        f"**{plain(method_title(o.method))}**, seed {o.seed}: {plain(o.reason)}"
        for o in told[:MOST_REASONS]
    ]
    if lines:
        st.markdown("\n".join(lines))
    if len(told) > MOST_REASONS:
        st.caption(f"{len(told) - MOST_REASONS:,} more in the table's column reason.")
