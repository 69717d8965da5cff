"""One metric of all series as dots with intervals. Input: the table `scores`, one row per series and metric."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style

ROW_HEIGHT = 34


def score_dots(scores: pd.DataFrame, metric: str, title: str, no_skill: Mapping[str, float] | None = None) -> go.Figure:
    """One row per series with the value in its name, the best at the top; `title` names the metric.

    `no_skill` has scores of predictors without skill, such as {"always-on": 0.354}: one dashed line each, named above.
    """
    looks = {series.name: series for series in style.split_series(scores)}
    rows = scores[scores["metric"] == metric].sort_values("value", ascending=False, kind="stable")
    figure = go.Figure()
    for place, (_, row) in enumerate(rows.iterrows()):
        name, color = row["series"], looks[row["series"]].color
        note = "trained elsewhere, only its scores are known" if row["source"] == "W&B" else ""
        interval = style.describe_interval(row["low"], row["high"], note)
        figure.add_scatter(
            name=name,
            x=[row["value"]],
            y=[place],
            error_x=style.error_bars(row.to_frame().T, "value", color) | {"thickness": 2, "width": 5},
            mode="markers",
            marker={"color": color, "symbol": looks[name].symbol, "size": 11},
            hovertext=[
                f"<b>{name}</b><br>{title} {row['value']:.3f}, {interval}<br>{style.describe_seed_count(row['seeds'])}"
            ],
            showlegend=False,
        )
    levels = sorted((level, name) for name, level in (no_skill or {}).items() if np.isfinite(level))
    for number, (level, name) in enumerate(levels):
        hover = f"no skill ({name}): {title} {level:.3f}<extra></extra>"
        ends = [-0.6, len(rows) - 0.4]
        style.add_dashed_line(figure, f"no skill ({name})", [level, level], ends, hovertemplate=hover, showlegend=False)
        figure.add_annotation(
            text=f"no skill ({name}) {level:.3f}",
            x=level,
            xanchor="left" if level < 0.5 else "right",
            yref="paper",
            y=1,
            yanchor="bottom",
            yshift=18 * number,  # each label on its own line, even if their levels are close
            showarrow=False,
        )
    figure.update_xaxes(style.SCORE_AXIS, showgrid=True)
    names = [f"{row.series}  {row.value:.3f}" for row in rows.itertuples()]
    figure.update_yaxes(style.name_axis(names, is_downward=True, padding=0.6))
    style.finish(figure, height=70 + ROW_HEIGHT * len(rows) + 18 * len(levels), x_title=title)
    return figure.update_layout(margin_t=8 + 18 * len(levels))
