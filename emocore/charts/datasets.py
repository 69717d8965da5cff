"""macro-F1 of each series on each dataset. Input: the table `scores` of a `Ranking`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style

# In pixels: of a dataset without its series, of a series on a dataset, of the axis with the legend.
GAP_HEIGHT, SERIES_HEIGHT, AROUND_HEIGHT = 22, 20, 110


def dataset_dots(scores: pd.DataFrame) -> go.Figure:
    """One row per dataset, in which each series has a dot with its interval, the best mean rank at the top.

    So the order of the series on one dataset is that of their dots from right to left.
    """
    datasets = list(dict.fromkeys(scores["dataset"]))
    drawn = style.split_series(scores)
    height = GAP_HEIGHT + SERIES_HEIGHT * len(drawn)
    shifts = (np.arange(len(drawn)) - (len(drawn) - 1) / 2) * SERIES_HEIGHT / height
    figure = go.Figure()
    for shift, series in zip(shifts, drawn, strict=True):
        own = series.rows.set_index("dataset").reindex(datasets)
        figure.add_scatter(
            name=series.name,
            x=own["value"],
            y=np.arange(len(datasets)) + shift,
            error_x=style.error_bars(own, "value", series.color),
            mode="markers",
            marker={"color": series.color, "symbol": series.symbol, "size": 9},
            hovertext=[
                f"<b>{series.name}</b> on {dataset}<br>macro-F1 {row['value']:.3f}, "
                f"{style.describe_interval(row['low'], row['high'])}<br>"
                f"rank {row['rank']:g} of {len(drawn)}<br>{style.describe_seed_count(row['seeds'])}"
                for dataset, row in own.iterrows()
            ],
        )
    for place in range(1, len(datasets)):
        figure.add_hline(y=place - 0.5, line={"color": style.GRID_COLOR, "width": 1})
    figure.update_xaxes(style.SCORE_AXIS, showgrid=True)
    figure.update_yaxes(style.name_axis(datasets, is_downward=True))
    return style.finish(figure, height=AROUND_HEIGHT + height * len(datasets), x_title="macro-F1")
