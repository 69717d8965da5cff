"""The summary tables of the Compare page."""

import pandas as pd
import streamlit as st

from emocore.metrics import METRIC_DESCRIPTIONS
from emocore.text import format_bytes, format_count, format_seconds

TITLES = {
    "f1_macro": "macro-F1",
    "f1_micro": "micro-F1",
    "f1_weighted": "weighted F1",
    "jaccard": "Jaccard",
    "exact_match": "exact match",
    "flattened_f1_macro": "flattened macro",
    "flattened_f1_micro": "flattened micro",
}


def show_summary(summary: pd.DataFrame, no_skill: pd.DataFrame) -> None:
    """Scores with the no-skill rows under them, then the costs."""
    metrics = ["f1_macro", "f1_micro", "f1_weighted", "jaccard", "exact_match"]
    about = ["series", "source", "seeds"] if "W&B" in set(summary["source"]) else ["series", "seeds"]
    floor = no_skill[["series", *metrics]].assign(series="no skill: " + no_skill["series"])
    scores = pd.concat([summary[[*about, *metrics]], floor]) if len(floor) else summary[[*about, *metrics]]
    st.dataframe(scores.rename(columns=TITLES), hide_index=True, placeholder="–", column_config=_score_columns())
    costs = pd.DataFrame(
        {
            "series": summary["series"],
            "training": summary["train_seconds"].map(format_seconds, na_action="ignore"),
            "samples / s": summary["samples_per_second"].map("{:.1f}".format, na_action="ignore"),
            "peak memory": summary["peak_memory_bytes"].map(format_bytes, na_action="ignore"),
            "adapter parameters": summary["adapter_parameters"].map(format_count, na_action="ignore"),
            "head parameters": summary["head_parameters"].map(format_count, na_action="ignore"),
            "adapter on disk": summary["adapter_bytes"].map(format_bytes, na_action="ignore"),
        }
    )
    st.dataframe(costs, hide_index=True, placeholder="–")


def show_study_columns(summary: pd.DataFrame, no_skill: pd.DataFrame, study: pd.DataFrame) -> None:
    """Ours and the study's in the study's convention, each row saying whose it is."""
    columns = ["series", "base", "flattened_f1_macro", "flattened_f1_micro", "exact_match", "f1_macro", "f1_micro"]
    table = pd.concat(
        [
            summary,
            no_skill.assign(source="no skill", base="–"),
            study.assign(source="the study"),
        ]
    )[["source", *columns]]
    st.dataframe(table.rename(columns=TITLES), hide_index=True, placeholder="–", column_config=_score_columns())
    st.caption(
        "*flattened* is the study's convention; macro-F1 and micro-F1 are the field's multi-label ones, "
        "which the study did not report."
    )


def _score_columns() -> dict[str, object]:
    return {
        title: st.column_config.NumberColumn(format="%.3f", help=METRIC_DESCRIPTIONS[name])
        for name, title in TITLES.items()
    } | {
        "series": st.column_config.TextColumn(width=150),
        "source": st.column_config.TextColumn(help="Where it was trained: here, or elsewhere and read from W&B."),
        "seeds": st.column_config.NumberColumn(help="How many runs the row is the mean of."),
    }
