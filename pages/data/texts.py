"""The texts themselves: search, and filter by label and split. Texts are shown as they are, never as markup."""

import pandas as pd
import streamlit as st

from emocore.data.overview import ALL, find_texts, join_labels
from emocore.data.table import SPLIT_NAME
from emocore.text import counted
from pages.data.load import Subject
from pages.shared.address import choose_one, write

ANY = "<any>"  # no label has a < or >
PAGE_ROWS = 50
TEXT_WIDTH = 400  # pixels
PAGE_KEY = "data_page"


def show(subject: Subject) -> None:
    table = subject.table()
    splits = [split for split in subject.counts().texts if split != ALL]
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    st.session_state.setdefault("data_words", st.query_params.get("words", ""))
    words = controls.text_input(
        "Search", key="data_words", placeholder="words in the text", max_chars=200, on_change=_to_first_page
    ).strip()  # fmt: skip
    write({"words": words or None})
    label = choose_one(
        controls, "Label", [ANY, *table.labels], name="label", key="data_label", width=200, on_change=_to_first_page,
        format_func=lambda name: "any label" if name == ANY else name,
    )  # fmt: skip
    split = ANY
    if splits:
        split = choose_one(
            controls, "Split", [ANY, *splits], name="split", key="data_split", width=160, on_change=_to_first_page,
            format_func=lambda name: "any split" if name == ANY else name,
        )  # fmt: skip
    wanted = (words, None if label == ANY else label, None if split == ANY else split)
    found = subject.keep("texts", lambda: find_texts(table, *wanted), *wanted)
    pages = max(1, -(-len(found) // PAGE_ROWS))
    st.session_state[PAGE_KEY] = min(st.session_state.get(PAGE_KEY, 1), pages)
    page = controls.number_input(f"Page (of {pages:,})", 1, pages, key=PAGE_KEY, width=150) if pages > 1 else 1
    st.caption(f"{counted(len(found), 'text')} of {len(table.frame):,}.")
    shown = found.iloc[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    if len(shown):
        _show_rows(shown, table.labels)


def _to_first_page() -> None:
    st.session_state[PAGE_KEY] = 1


def _show_rows(rows: pd.DataFrame, labels: tuple[str, ...]) -> None:
    table = pd.DataFrame({"text": rows["text"], "labels": join_labels(rows, labels)})
    for column, title in ((SPLIT_NAME, "split"), ("group_name", "group"), ("row_id", "ID")):
        if column in rows:
            table[title] = rows[column]
    st.dataframe(
        table,
        hide_index=True,
        key="data_texts",
        height="content",
        column_config={
            "text": st.column_config.TextColumn(width=TEXT_WIDTH, help="Click a cell to read a long text."),
            "labels": st.column_config.TextColumn(width="medium"),
        },
    )
