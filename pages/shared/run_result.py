"""The scores and costs of a finished run."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from emocore.evaluation.results import COSTS, SPLITS, read_result
from emocore.folder import RunFolder
from emocore.metrics import METRIC_DESCRIPTIONS
from emocore.text import format_bytes, format_count, format_seconds

SCORES = {"f1_macro": "macro-F1", "f1_micro": "micro-F1", "jaccard": "Jaccard"}


@dataclass(frozen=True)
class RunResults:
    """By split: the scores of SCORES, and one line an emotion. `cost` is None where it was not measured."""

    scores: dict[str, dict[str, float]]
    emotions: dict[str, pd.DataFrame]
    cost: dict[str, float | None]


def read_results(run: RunFolder) -> RunResults | None:
    """None before there are any. Raises RunError for a damaged file."""
    result = read_result(run)
    if result is None:
        return None
    splits = {split: result[split]["multilabel"] for split in SPLITS if result[split]}
    return RunResults(
        scores={split: {name: found[name] for name in SCORES} for split, found in splits.items()},
        emotions={
            split: pd.DataFrame(found["per_emotion"]).T.astype(float).sort_values("support", ascending=False)
            for split, found in splits.items()
        },
        cost={name: result["cost"][name] for name in COSTS},
    )


def show_results(results: RunResults, threshold: float) -> None:
    st.subheader("Results")
    for split, scores in results.scores.items():
        st.markdown(f"**{split.capitalize()} split**, threshold {threshold:g}")
        with st.container(horizontal=True):
            for name, title in SCORES.items():
                st.metric(title, f"{scores[name]:.3f}", help=METRIC_DESCRIPTIONS[name])
        emotions = results.emotions[split]
        st.dataframe(
            emotions.style.format("{:.3f}", subset=emotions.columns[:4]).format("{:,.0f}", subset=emotions.columns[4:])
        )
    cost = results.cost
    with st.container(horizontal=True):
        st.metric("training", format_seconds(cost["train_seconds"]))
        st.metric("samples / s", f"{cost['samples_per_second'] or 0:.1f}")
        st.metric("peak memory", format_bytes(cost["peak_memory_bytes"]))
        st.metric("trainable", format_count(cost["trainable_parameters"]), help="Parameters of adapter and head.")
        st.metric("adapter", format_bytes(cost["adapter_bytes"]))
