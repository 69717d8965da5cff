"""The scores and costs of a finished run."""

from typing import Any, Literal

import pandas as pd
import streamlit as st

from emocore.emotions import display_order
from emocore.metrics import METRIC_DESCRIPTIONS, METRIC_TITLES
from emocore.run.result import CHOSEN_NOTE, SHARED_NOTE, EmotionScores, RunScores
from emocore.text import format_bytes, format_count, format_seconds

SCORES = ("f1_macro", "f1_micro", "jaccard")
COLUMNS = {  # of the table of emotions: title and explanation
    "f1": ("F1", "2 x precision x recall / (precision + recall) of this emotion."),
    "precision": ("precision", "The share of texts predicted to have the emotion that have it."),
    "recall": ("recall", "The share of texts with the emotion for which it is predicted."),
    "average_precision": ("average precision", "The area under the precision-recall curve."),
    "support": ("support", "How many texts have the emotion."),
    "predicted": ("predicted", "How many texts are predicted to have the emotion."),
}
COUNTS = ("support", "predicted")
MOST_ROWS, HEIGHT = 30, 620  # a table with more rows scrolls, within so many pixels
TUNED = {
    "validation": "thresholds tuned by emotion, for each fifth of the texts on the other four fifths",
    "test": "thresholds tuned by emotion on the validation split",
}


def show_results(results: RunScores, threshold: float | None) -> None:
    st.subheader("Results")
    if results.kept:
        st.markdown(f"{results.kept}")
    for split, scores in results.splits.items():
        st.markdown(f"**{split.capitalize()} split**, " + (f"threshold {threshold:g}" if threshold else TUNED[split]))
        if split == "validation" and results.kept:
            st.caption(f":material/info: {CHOSEN_NOTE.capitalize()}.")
        with st.container(horizontal=True):
            for name in SCORES:
                st.metric(
                    METRIC_TITLES[name], f"{getattr(scores.multilabel, name):.3f}", help=METRIC_DESCRIPTIONS[name]
                )
        _show_emotions(scores.multilabel.per_emotion)
    cost = results.cost
    with st.container(horizontal=True):
        st.metric("training", format_seconds(cost.train_seconds))
        st.metric("texts/s", f"{cost.samples_per_second or 0:.1f}")
        st.metric("peak memory", format_bytes(cost.peak_memory_bytes))
        st.metric("trainable", format_count(cost.trainable_parameters), help="Parameters of adapter and head.")
        st.metric("adapter", format_bytes(cost.adapter_bytes))
    if results.shared_device:
        st.caption(f"{SHARED_NOTE.capitalize()}.")


def _show_emotions(emotions: dict[str, EmotionScores]) -> None:
    table = pd.DataFrame({name: scores.model_dump() for name, scores in emotions.items()}, dtype=float).T
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(title, help=text, format="localized" if name in COUNTS else "%.3f")
        for name, (title, text) in COLUMNS.items()
    }
    table = table.loc[display_order(emotions), list(COLUMNS)].sort_values("support", ascending=False, kind="stable")
    height: int | Literal["content"] = "content" if len(table) <= MOST_ROWS else HEIGHT
    st.dataframe(table, column_config=columns, height=height, placeholder="–")
