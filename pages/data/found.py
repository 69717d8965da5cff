"""What was read from the files of a new dataset: first rows, counts and notes."""

import pandas as pd
import streamlit as st

from emocore.charts.data import split_share_bars
from emocore.data.checks.removal import REMOVABLE
from emocore.data.overview import ALL, LabelCounts, join_labels
from emocore.data.registry.drafts import FIRST_ROWS, Draft
from emocore.data.registry.importing import Import
from emocore.data.table import SPLIT_NAME
from pages.data.words import describe_labels, describe_rows, note_removal, show_remarks
from pages.shared.plain import plain

TITLES = {"row_id": "ID", "text": "text", "group_name": "group", SPLIT_NAME: "split"}


def show_preview(draft: Draft) -> None:
    """The first rows, as texts and labels if they could be read, and as the cells of the file."""
    if draft.found:
        table = draft.found.tables["train"]
        rows = table.frame.head(FIRST_ROWS)
        st.markdown(":small[**The first rows, as they are read**]")
        shown = pd.DataFrame({"text": rows["text"], "labels": join_labels(rows, table.labels)})
        others = {title: rows[name] for name, title in TITLES.items() if name in rows and name != "text"}
        st.dataframe(
            shown.assign(**others), hide_index=True, key="data_first_rows",
            column_config={"text": st.column_config.TextColumn(width="large")},
        )  # fmt: skip
    if len(draft.first_cells):
        with st.expander(
            "The first rows, as they are in the file",
            expanded=draft.found is None,
            key=f"data_cells_{draft.found is None}",
        ):
            st.dataframe(draft.first_cells, key="data_first_cells")


def show_found(found: Import, counts: LabelCounts, removal_key: str, is_busy: bool) -> None:
    """Counts by split and label, what the checks found, and whether doubtful rows are left out."""
    st.markdown("#### What was found")
    st.markdown(f"{plain(describe_rows(counts.texts))}  \n{plain(describe_labels(list(counts.labels.index)))}")
    if ALL in counts.texts:
        st.caption("Each run splits them by its seed, with the share of every label kept.")
    notes = [*note_removal(found.removed_rows), *found.notes]
    show_remarks(found.describe_findings(), notes, key="data_found_remarks")
    if found.removed_rows or any(f.kind in REMOVABLE and f.splits[0] == "train" for f in found.findings):
        st.checkbox(
            "Leave out doubtful training rows", key=removal_key, disabled=is_busy,
            help="Whose text or group is also in validation or test, or which repeat a text with its labels.",
        )  # fmt: skip
    st.plotly_chart(
        split_share_bars(counts.shares), key="data_found_shares", alt="Share of the texts that have each label"
    )
