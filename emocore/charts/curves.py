"""Training curves of one or several runs. Input: rows of `metrics.jsonl` or W&B."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import finish, split_series


def metric_curves(rows: pd.DataFrame, metric: str, title: str, y_range: tuple[float, float] | None = None) -> go.Figure:
    """One line per series over the epochs. `rows` has series, method, epoch and the metric's column.

    Points are marked; a long training curve is a thin line below its running mean.
    """
    figure = go.Figure()
    for series in split_series(rows.assign(**{metric: rows.get(metric)})):
        points = series.rows.dropna(subset=metric)
        values = points[metric].astype(float)
        line = {"color": series.color, "dash": series.dash, "width": 2}
        is_noisy = metric.startswith("train/") and len(values) > 30
        if is_noisy:
            figure.add_scatter(
                x=points["epoch"], y=values, mode="lines", line=line | {"width": 1}, opacity=0.3,
                showlegend=False, hoverinfo="skip",
            )  # fmt: skip
            values = values.ewm(span=len(values) / 12).mean()
        figure.add_scatter(
            name=series.name,
            x=points["epoch"] if len(values) else [None],
            y=values if len(values) else [None],
            mode="lines" if is_noisy else "lines+markers",
            line=line,
            hovertemplate=f"<b>{series.name}</b><br>epoch %{{x:.2f}}<br>{title} %{{y:.3f}}<extra></extra>",
        )
    if y_range:
        figure.update_yaxes(range=list(y_range), tickformat=".1f")
    else:
        figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(rangemode="tozero")
    return finish(figure, height=300, x_title="epoch", y_title=title)
