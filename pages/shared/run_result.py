"""The scores and costs of a finished run."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from emocore.metrics import METRIC_DESCRIPTIONS, METRIC_TITLES
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
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


@dataclass(frozen=True)
class RunResults:
    """By split: the scores of SCORES, and one row per emotion."""

    scores: dict[str, dict[str, float]]
    emotions: dict[str, pd.DataFrame]
    cost: Cost


def read_results(run: RunFolder) -> RunResults | None:
    """None if the run has no result yet. Raises RunError for a damaged file."""
    stored = run.scores
    if stored is None:
        return None
    splits = {split: scores.multilabel.model_dump() for split, scores in stored.splits.items()}
    return RunResults(
        scores={split: {name: found[name] for name in SCORES} for split, found in splits.items()},
        emotions={
            split: pd.DataFrame.from_dict(found["per_emotion"], orient="index")
            .reindex(columns=list(COLUMNS))
            .astype(float)
            .sort_values("support", ascending=False)
            for split, found in splits.items()
        },
        cost=stored.cost,
    )


def show_results(results: RunResults, threshold: float) -> None:
    st.subheader("Results")
    for split, scores in results.scores.items():
        st.markdown(f"**{split.capitalize()} split**, threshold {threshold:g}")
        with st.container(horizontal=True):
            for name in SCORES:
                st.metric(METRIC_TITLES[name], f"{scores[name]:.3f}", help=METRIC_DESCRIPTIONS[name])
        _show_emotions(results.emotions[split])
    cost = results.cost
    with st.container(horizontal=True):
        st.metric("training", format_seconds(cost.train_seconds))
        st.metric("samples / s", f"{cost.samples_per_second or 0:.1f}")
        st.metric("peak memory", format_bytes(cost.peak_memory_bytes))
        st.metric("trainable", format_count(cost.trainable_parameters), help="Parameters of adapter and head.")
        st.metric("adapter", format_bytes(cost.adapter_bytes))


def _show_emotions(emotions: pd.DataFrame) -> None:
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(title, help=text, format="localized" if name in COUNTS else "%.3f")
        for name, (title, text) in COLUMNS.items()
    }
    st.dataframe(emotions, column_config=columns, height="content", placeholder="–")
