"""Stored labels that all runs contradict: how many, which, and lists of them to correct in a spreadsheet."""

from functools import partial

import pandas as pd
import streamlit as st

from emocore.data.spreadsheet import defuse_table, name_for_spreadsheets, to_csv
from emocore.evaluation.label_errors import describe_label_errors, find_label_errors
from emocore.export.label_errors import BLIND_NAME, KEY_NAME, OPEN_NAME, blind_list, open_list
from emocore.text import counted
from pages.compare.view import View
from pages.shared.plain import plain

MOST_SHOWN = 500
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


def show_label_errors(view: View) -> None:
    """The part of the view Texts on label errors; the emotion of the page filters the table, not the files."""
    st.subheader("Labels that all runs contradict", help=HELP)
    with st.spinner("Looking for label errors"):
        errors = view.keep("label_errors", lambda: find_label_errors(view.comparison))
    st.markdown(WHAT)
    st.caption("  \n".join(map(plain, describe_label_errors(errors))))
    suspects = errors.suspects
    if view.emotion:
        suspects = suspects[suspects["label"] == view.emotion]
    of = f" of {view.emotion}" if view.emotion else ""
    with st.expander(plain(f"{counted(len(suspects), 'suspected label')}{of}")):
        _show_table(suspects, errors.fewest_runs > 1)
    if len(errors.suspects):
        blind, key = view.keep("blind_list", lambda: blind_list(errors))
        _offer(open_list(errors), blind, key)


def _show_table(suspects: pd.DataFrame, has_several_runs: bool) -> None:
    if len(suspects) > MOST_SHOWN:
        st.caption(f"The {MOST_SHOWN} most suspected; the list has all.")
    shown = suspects.head(MOST_SHOWN)
    numbers = ["mean_probability", *(["least_probability"] if has_several_runs else [])]
    titles = {"mean_probability": "p of the opposite", "least_probability": "p of the least sure run"}
    st.dataframe(
        shown.assign(stored=shown["stored"].map(YES_OR_NO)),
        key="compare_label_errors",
        hide_index=True,
        column_order=["text", "label", "stored", *numbers, "split"],
        column_config={
            "text": st.column_config.TextColumn(width=300),
            "stored": st.column_config.TextColumn(help="Whether the data say that the text has the label."),
            **{
                name: st.column_config.ProgressColumn(
                    titles[name], format="%.2f", min_value=0, max_value=1, help=PROBABILITY_HELP
                )
                for name in numbers
            },
        },
    )


def _offer(listed: pd.DataFrame, blind: pd.DataFrame, key: pd.DataFrame) -> None:
    """Buttons for the lists, which a person fills in."""
    for_spreadsheets = st.toggle(
        "CSV for spreadsheets", key="compare_errors_for_spreadsheets",
        help="A spreadsheet may take a text that begins with = + - or @ for a formula. In these files, such a text "
        "gets an apostrophe, which Emocore removes when it reads them. Their names say so.",
    )  # fmt: skip
    offers = {
        "List to correct": (OPEN_NAME, listed, "All suspected labels, with an empty column for what they should be."),
        "Blind list": (
            BLIND_NAME,
            blind,
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
                key=f"compare_{name}", help=what,
            )  # fmt: skip


def _to_file(table: pd.DataFrame, for_spreadsheets: bool) -> str:
    return to_csv(defuse_table(table) if for_spreadsheets else table)
