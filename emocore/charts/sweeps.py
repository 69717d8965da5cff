"""F1 against the varied setting, training rows or learning rate. Input: the table `sweep`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style

LOG_FACTOR = 4
# With more values than this, a narrow page has no room to label them all.
MOST_TICKS = 12
# Distance of methods as a share of the axis, so that their intervals do not overlap.
SHIFT = 0.008


def sweep_curves(sweep: pd.DataFrame, title: str) -> go.Figure:
    """Macro-F1 of each method over the values of one setting; `title` names the setting.

    The x axis is logarithmic if the largest value is at least LOG_FACTOR times the smallest; every value is a tick.
    """
    values = np.sort(sweep["value"].unique())
    is_log = len(values) > 1 and values[0] > 0 and values[-1] >= LOG_FACTOR * values[0]
    ends = np.log(values[[0, -1]]) if is_log else values[[0, -1]]
    span = float(ends[1] - ends[0]) or 1.0
    figure = go.Figure()
    methods = list(dict.fromkeys(sweep["method"]))
    for number, method in enumerate(methods):
        rows = sweep[sweep["method"] == method].sort_values("value")
        name, color = str(rows["method_title"].iloc[0]), style.method_color(method)
        shift = (number - (len(methods) - 1) / 2) * SHIFT * span
        figure.add_scatter(
            name=name,
            x=rows["value"] * np.exp(shift) if is_log else rows["value"] + shift,
            y=rows["f1_macro"],
            error_y=style.error_bars(rows, "f1_macro", color),
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"symbol": style.POINTS[0], "size": 9},
            hovertext=[
                f"<b>{name}</b>, {title} {_format(row.value)}<br>macro-F1 {row.f1_macro:.3f}, "
                f"{style.describe_interval(row.low, row.high)}<br>{style.describe_seed_count(row.seeds)}"
                for row in rows.itertuples()
            ],
        )
    edges = [ends[0] - 0.05 * span, ends[1] + 0.05 * span]
    levels = sweep.dropna(subset="no_skill").groupby("value")["no_skill"].mean()
    if len(levels):
        hover = "macro-F1 of always predicting every emotion %{y:.3f}<extra></extra>"
        x, y = np.exp(edges) if is_log else edges, [levels.iloc[0], levels.iloc[-1]]
        style.add_dashed_line(figure, "no skill (always predicted)", x, y, hovertemplate=hover)
    figure.update_xaxes(
        type="log" if is_log else "linear",
        range=[edge / np.log(10) for edge in edges] if is_log else edges,
        zeroline=False,
    )
    if len(values) <= MOST_TICKS:
        figure.update_xaxes(tickvals=values, ticktext=[_format(value) for value in values])
    figure.update_yaxes(style.SCORE_AXIS)
    return style.finish(figure, height=400, x_title=title, y_title="macro-F1")


def _format(value: float) -> str:
    """2,000; 0.0005."""
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"
