"""Curves of one or several runs while they train and after. Input: rows of `metrics.jsonl` or W&B."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import dash_of, finish, method_color, rank_series


def metric_curves(rows: pd.DataFrame, metric: str, title: str, y_range: tuple[float, float] | None = None) -> go.Figure:
    """One line per series over the epochs. `rows` has series, method, epoch and the metric's column.

    Points are marked; a long training curve is a thin raw line under its running mean.
    """
    figure = go.Figure()
    for series, rank in rank_series(rows).items():
        points = rows[(rows["series"] == series) & rows.get(metric, pd.Series(dtype=float)).notna()]
        color = method_color(str(rows.loc[rows["series"] == series, "method"].iloc[0]))
        line = {"color": color, "dash": dash_of(rank), "width": 2}
        hover = "<b>" + series + "</b><br>epoch %{x:.2f}<br>" + title + " %{y:.3f}<extra></extra>"
        values = points[metric] if metric in points else pd.Series(dtype=float)
        is_noisy = metric.startswith("train/") and len(values) > 30
        if is_noisy:
            figure.add_scatter(
                x=points["epoch"], y=values, mode="lines", line=line | {"width": 1}, opacity=0.3,
                showlegend=False, hoverinfo="skip",
            )  # fmt: skip
            values = values.ewm(span=len(values) / 12).mean()
        figure.add_scatter(
            name=series,
            x=points["epoch"] if len(values) else [None],
            y=values if len(values) else [None],
            mode="lines" if is_noisy else "lines+markers",
            line=line,
            hovertemplate=hover,
            showlegend=True,
        )
    if y_range:
        figure.update_yaxes(range=list(y_range), tickformat=".1f")
    else:
        figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(rangemode="tozero")
    return finish(figure, height=300, x_title="epoch", y_title=title)
