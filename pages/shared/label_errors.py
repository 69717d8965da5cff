"""Suspected labels on a page: a table of them, and lists to correct in a spreadsheet."""

from functools import partial

import pandas as pd
import streamlit as st

from emocore.data.spreadsheet import defuse_table, name_for_spreadsheets, to_csv
from emocore.evaluation.label_errors import LabelErrors, describe_label_errors
from emocore.export.label_errors import BLIND_NAME, KEY_NAME, OPEN_NAME, open_list
from emocore.text import counted
from pages.shared.plain import plain

MOST_SHOWN = 500
TEXT_WIDTH = 260  # pixels; the row ID is then in sight on a laptop
WHAT = (
    "Each run, none of which has learned from these texts, is at least as sure of the opposite as it is on average "
    "where the opposite is stored: the label may be wrong, or the text is hard, so read it and decide."
)
HELP = (
    "Found by confident learning (Northcutt, Jiang and Chuang 2021) in the validation and the test split. Runs on "
    "halves of the training rows and means of methods have no say."
)
PROBABILITY_HELP = "Calibrated probability of what is not stored."
YES_OR_NO = {1: "yes", 0: "no"}
Blind = tuple[pd.DataFrame, pd.DataFrame]  # the list and its key


def explain_suspects(errors: LabelErrors) -> None:
    """What a suspected label is, how many there are, and how sure that is."""
    st.markdown(WHAT)
    st.caption("  \n".join(map(plain, describe_label_errors(errors))))


def show_suspects(errors: LabelErrors, label: str | None, page: str, is_open: bool) -> None:
    """A table of the suspected labels, or only of those of a `label`. `page` begins the keys; the table can be folded
    away, and is at first unless it `is_open`."""
    suspects = errors.suspects
    if label:
        suspects = suspects[suspects["label"] == label]
    of = f" of {label}" if label else ""
    with st.expander(
        plain(f"{counted(len(suspects), 'suspected label')}{of}"), expanded=is_open, key=f"{page}_suspects"
    ):
        _show_table(suspects, errors.fewest_runs > 1, page)


def offer_lists(errors: LabelErrors, blind: Blind, page: str) -> None:
    """Buttons for the lists, which a person fills in. They hold the suspects of all labels."""
    for_spreadsheets = st.toggle(
        "CSV for spreadsheets", key=f"{page}_errors_for_spreadsheets",
        help="A spreadsheet may take a text that begins with = + - or @ for a formula. In these files, such a text "
        "gets an apostrophe, which Emocore removes when it reads them. Their names say so.",
    )  # fmt: skip
    listed, key = blind
    offers = {
        "List to correct": (
            OPEN_NAME,
            open_list(errors),
            "All suspected labels, with an empty column for what they should be.",
        ),
        "Blind list": (
            BLIND_NAME,
            listed,
            "The suspected labels among as many others, in random order, without what is stored or suggested. Judge as "
            "many as you like.",
        ),
        "Key of the blind list": (KEY_NAME, key, "Says what is stored and suspected; keep it from whoever judges."),
    }
    with st.container(horizontal=True):
        for title, (name, table, what) in offers.items():
            st.download_button(
                title, partial(_to_file, table, for_spreadsheets), mime="text/csv", icon=":material/download:",
                file_name=name_for_spreadsheets(name) if for_spreadsheets else name, on_click="ignore",
                key=f"{page}_{name}", help=what,
            )  # fmt: skip


def _show_table(suspects: pd.DataFrame, has_several_runs: bool, page: str) -> None:
    if len(suspects) > MOST_SHOWN:
        st.caption(f"The {MOST_SHOWN} most suspected; the list has all.")
    shown = suspects.head(MOST_SHOWN)
    more = ["least_probability"] if has_several_runs else []
    titles = {"mean_probability": "p of the opposite", "least_probability": "p of the least sure run"}
    st.dataframe(
        shown.assign(stored=shown["stored"].map(YES_OR_NO), suggested=shown["suggested"].map(YES_OR_NO)),
        key=f"{page}_label_errors",
        hide_index=True,
        column_order=["text", "label", "stored", "suggested", "mean_probability", "split", "row_id", *more],
        column_config={
            "text": st.column_config.TextColumn(width=TEXT_WIDTH, help="Click a cell to read a long text."),
            "stored": st.column_config.TextColumn(help="Whether the data say that the text has the label."),
            "suggested": st.column_config.TextColumn(
                "runs say", help="Whether the text has the label, as all runs find more probable."
            ),
            **{
                name: st.column_config.ProgressColumn(
                    titles[name], format="%.2f", min_value=0, max_value=1, help=PROBABILITY_HELP
                )
                for name in titles
            },
            "split": st.column_config.TextColumn(width=85),
            "row_id": st.column_config.TextColumn("row ID"),
        },
    )


def _to_file(table: pd.DataFrame, for_spreadsheets: bool) -> str:
    return to_csv(defuse_table(table) if for_spreadsheets else table)
