"""A metric at each threshold policy, which shows whether a lead remains after tuning. Input: the table `thresholds`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style
from emocore.evaluation.predictions import POLICY_TITLES

# Distance of series as a share of the distance between policies, so that their intervals do not overlap.
WIDTH = 0.3


def threshold_lines(
    thresholds: pd.DataFrame, metric: str, title: str, no_skill: Mapping[str, float] | None = None
) -> go.Figure:
    """One line per series over the threshold policies, with intervals; `title` names the metric."""
    rows = thresholds[thresholds["metric"] == metric]
    policies = [policy for policy in POLICY_TITLES if policy in set(rows["policy"])]
    drawn = style.split_series(rows)
    shifts = np.linspace(-WIDTH / 2, WIDTH / 2, len(drawn)) if len(drawn) > 1 else [0]
    figure = go.Figure()
    for shift, series in zip(shifts, drawn, strict=True):
        own = series.rows.set_index("policy").reindex(policies)
        figure.add_scatter(
            name=series.name,
            x=np.arange(len(policies)) + shift,
            y=own["value"],
            error_y=style.error_bars(own, "value", series.color),
            mode="lines+markers",
            line={"color": series.color, "dash": series.dash, "width": 1.5},
            marker={"symbol": series.symbol, "size": 9},
            hovertext=[
                f"<b>{series.name}</b>, {POLICY_TITLES[policy]}<br>{title} {row.value:.3f}, "
                + style.describe_interval(row.low, row.high)
                for policy, row in zip(policies, own.itertuples(), strict=True)
            ],
        )
    style.add_no_skill_levels(figure, no_skill or {}, (-0.5, len(policies) - 0.5))
    figure.update_xaxes(style.name_axis([POLICY_TITLES[policy] for policy in policies]))
    figure.update_yaxes(style.SCORE_AXIS)
    return style.finish(figure, height=400, y_title=title)
