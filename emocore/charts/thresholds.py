"""Whether a lead survives tuning: a metric at each threshold policy. Input: the table `thresholds`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import (
    SCORE_AXIS,
    add_no_skill_levels,
    dash_of,
    describe_interval,
    error_bars,
    finish,
    method_color,
    name_axis,
    rank_series,
    symbol_of,
)
from emocore.evaluation.predictions import POLICY_TITLES

# Series stand next to each other, so that their intervals do; of the distance between policies.
WIDTH = 0.3


def threshold_lines(
    thresholds: pd.DataFrame, metric: str, title: str, no_skill: Mapping[str, float] | None = None
) -> go.Figure:
    """One line per series over the threshold policies, with intervals; `title` names the metric."""
    rows = thresholds[thresholds["metric"] == metric]
    policies = [policy for policy in POLICY_TITLES if policy in set(rows["policy"])]
    ranks = rank_series(rows)
    shifts = np.linspace(-WIDTH / 2, WIDTH / 2, len(ranks)) if len(ranks) > 1 else [0]
    figure = go.Figure()
    for shift, (series, rank) in zip(shifts, ranks.items(), strict=True):
        own = rows[rows["series"] == series].set_index("policy").reindex(policies)
        color = method_color(str(own["method"].dropna().iloc[0]))
        figure.add_scatter(
            name=series,
            x=np.arange(len(policies)) + shift,
            y=own["value"],
            error_y=error_bars(own, "value", color),
            mode="lines+markers",
            line={"color": color, "dash": dash_of(rank), "width": 1.5},
            marker={"symbol": symbol_of(rank), "size": 9},
            hovertext=[
                f"<b>{series}</b>, {POLICY_TITLES[policy]}<br>{title} {row.value:.3f}, "
                + describe_interval(row.low, row.high)
                for policy, row in zip(policies, own.itertuples(), strict=True)
            ],
            showlegend=True,
        )
    add_no_skill_levels(figure, no_skill or {}, (-0.5, len(policies) - 0.5))
    figure.update_xaxes(name_axis([POLICY_TITLES[policy] for policy in policies]))
    figure.update_yaxes(SCORE_AXIS)
    return finish(figure, height=400, y_title=title)
