"""How often each label is there, how many a text has, and which come together."""

import streamlit as st

from emocore.charts.data import MOST_IN_GRID, label_pairs_heatmap, labels_per_text_bars, split_share_bars
from emocore.data.overview import LabelCounts, count_pairs
from emocore.emotions import describe_label_set
from emocore.text import join_names
from pages.data.load import Subject


def show(subject: Subject) -> None:
    counts = subject.counts()
    first, *others = counts.texts
    st.markdown("**Share of the texts that have each label**")
    if others:
        st.caption(f"Of each label, the top bar is the {first} split; the paler ones below are {join_names(others)}.")
    if known := describe_label_set(list(counts.labels.index)):
        st.caption(known)
    figure = subject.keep("shares", lambda: split_share_bars(counts.shares))
    st.plotly_chart(figure, key="data_shares", alt="Share of the texts that have each label, by split")
    st.markdown("**Labels of a text**")
    per_text = counts.labels_per_text.sum(axis=1)
    st.caption(
        f"{(per_text.index * per_text).sum() / per_text.sum():.2f} labels on average; {per_text[0]:,} have none."
    )
    figure = subject.keep("per text", lambda: labels_per_text_bars(per_text))
    st.plotly_chart(figure, key="data_per_text", alt="How many texts have how many labels")
    with st.expander("All numbers"):
        show_numbers(counts)


def show_numbers(counts: LabelCounts) -> None:
    """A table of the labels with counts and shares by split, which can be sorted, copied and downloaded."""
    table = counts.labels.add_suffix(" texts").join(counts.shares.add_suffix(" share"))
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        key="data_numbers",
        column_config={
            **{f"{split} texts": st.column_config.NumberColumn(format="localized") for split in counts.texts},
            **{f"{split} share": st.column_config.NumberColumn(format="percent") for split in counts.texts},
        },
    )


def show_pairs(subject: Subject) -> None:
    pairs = subject.keep("pairs", lambda: count_pairs(subject.table()))
    st.markdown("**Labels that come together**")
    more = f" The {MOST_IN_GRID} commonest of {len(pairs)} labels are drawn." if len(pairs) > MOST_IN_GRID else ""
    st.caption(f"Of the texts with the label of a row, the share that also has the label of the column.{more}")
    figure = subject.keep("pairs figure", lambda: label_pairs_heatmap(pairs))
    st.plotly_chart(figure, key="data_pairs", alt="Share of the texts with one label that also have another")
    with st.expander("All numbers"):
        st.caption("How many texts have both labels; the diagonal has the texts with one.")
        st.dataframe(pairs.rename_axis("label").reset_index(), hide_index=True, key="data_pair_numbers")
