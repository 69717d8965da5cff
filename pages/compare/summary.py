"""The scores of a comparison as a table."""

import pandas as pd
import streamlit as st

from emocore.evaluation.comparison import Comparison
from emocore.metrics import METRIC_DESCRIPTIONS, METRIC_TITLES
from emocore.text import format_score


def show_scores(comparison: Comparison) -> None:
    """Show one row per series, each score with its interval, followed by the no-skill rows."""
    scores = comparison.scores
    about = ["series", "source", "seeds"] if "W&B" in set(scores["source"]) else ["series", "seeds"]
    told = scores.assign(told=[format_score(*cells) for cells in scores[["value", "low", "high"]].to_numpy(float)])
    wide = told.pivot(index=about, columns="metric", values="told").reset_index()
    order = {name: place for place, name in enumerate(comparison.ranking()["series"])}
    wide = wide.sort_values("series", key=lambda names: names.map(order))
    floor = comparison.no_skill.copy()
    for metric in METRIC_TITLES:
        floor[metric] = floor[metric].map("{:.3f}".format, na_action="ignore")
    table = pd.concat([wide, floor.assign(series="no skill: " + floor["series"])])
    st.dataframe(
        table[[*about, *METRIC_TITLES]].rename(columns=METRIC_TITLES),
        hide_index=True,
        placeholder="–",
        column_config={
            "series": st.column_config.TextColumn(width=150),
            "source": st.column_config.TextColumn(help="Where it was trained: here, or elsewhere and read from W&B."),
            "seeds": st.column_config.NumberColumn(help="How many runs the row is the mean of.", width=60),
            **{
                title: st.column_config.TextColumn(help=METRIC_DESCRIPTIONS[name])
                for name, title in METRIC_TITLES.items()
            },
        },
    )
