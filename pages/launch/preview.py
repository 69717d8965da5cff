"""A preview of the memory and of the data, before anything is launched."""

import streamlit as st

from emocore.charts.data import label_share_bars
from emocore.emotions import describe_label_set
from emocore.jobs.launch import Plan
from pages.shared.plain import plain

MOST_BARS, HEIGHT = 30, 640  # more bars scroll, within so many pixels


def show_memory(plan: Plan) -> None:
    """Say how much memory the largest run takes; if that is more than is free, what to change."""
    if plan.memory is None:
        return
    if plan.memory.is_too_large:
        st.warning(plain(plan.memory.warn()), icon=":material/memory:")
    else:
        st.caption(plain(plan.memory.describe()))


def show_data_preview(plan: Plan) -> None:
    """Show rows by split, the share of each label, and warnings about the data."""
    splits = plan.splits
    st.markdown("**Rows:** " + ", ".join(f"{len(frame):,} {name}" for name, frame in splits.frames.items()))
    for note in plan.notes:
        st.caption(f":material/info: {plain(note)}")
    shares = splits.frames["train"][list(splits.labels)].mean().sort_values(ascending=False)
    st.markdown("**Share of training texts by emotion**")
    if known := describe_label_set(splits.labels):
        st.caption(known)
    with st.container(height=HEIGHT if len(shares) > MOST_BARS else "content", border=len(shares) > MOST_BARS):
        st.plotly_chart(
            label_share_bars(shares), key="launch_shares", alt="Share of the training texts that have each emotion"
        )
