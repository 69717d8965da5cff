"""The study that this tool grew from: its table next to ours, in both conventions."""

import pandas as pd
import streamlit as st

from emocore.evaluation.original_study import STUDY_NOTE, study_no_skill_table, study_table
from emocore.metrics import METRIC_DESCRIPTIONS, METRIC_TITLES
from pages.compare.view import View

FLATTENED = ("flattened_f1_macro", "flattened_f1_micro")
MULTILABEL = ("f1_macro", "f1_micro", "exact_match")


def show(view: View) -> None:
    st.subheader("Compared with the original study")
    st.markdown(STUDY_NOTE)
    ours = view.comparison.scores.pivot_table(
        index=["series", "base"], columns="metric", values="value", sort=False
    ).reset_index()
    study = study_table().rename(columns={"reconstructed_f1_micro": "f1_micro"})
    table = pd.concat(
        [
            ours.assign(source="ours"),
            view.comparison.no_skill.assign(source="no skill here", base="–"),
            study.assign(source="the study"),
            study_no_skill_table().assign(source="no skill there", base="–"),
        ]
    )
    st.dataframe(
        table[["source", "series", "base", *FLATTENED, *MULTILABEL]].rename(columns=METRIC_TITLES),
        hide_index=True,
        placeholder="–",
        column_config={
            METRIC_TITLES[name]: st.column_config.NumberColumn(format="%.3f", help=METRIC_DESCRIPTIONS[name])
            for name in (*FLATTENED, *MULTILABEL)
        },
    )
    st.caption(
        "*flattened* is the study's convention; the others are the field's. The study's micro-F1 is reconstructed from "
        "its flattened scores."
    )
    for note in study["note"][study["note"] != ""]:
        st.caption(f"QLoRA of the study: {note}.")
    with st.container(horizontal=True):
        st.page_link(
            "pages/launch/page.py", label="Launch the original study", query_params={"preset": "as-it-was"},
            icon=":material/history:",
        )  # fmt: skip
        st.page_link(
            "pages/launch/page.py", label="Launch it as a fair comparison", query_params={"preset": "fair"},
            icon=":material/balance:",
        )  # fmt: skip
