"""A chart of the labels of a data set."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import finish
from emocore.emotions import emotion_color


def label_share_bars(shares: pd.Series) -> go.Figure:
    """Share of texts by emotion; `shares` is indexed by emotion, the commonest first."""
    figure = go.Figure(
        go.Bar(
            x=shares.to_numpy(),
            y=shares.index,
            orientation="h",
            marker={"color": [emotion_color(str(name), position) for position, name in enumerate(shares.index)]},
            text=[f"{share:.0%}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="<b>%{y}</b>: %{x:.1%} of the texts<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(visible=False, range=[0, 1.4 * float(shares.max())])
    return finish(figure, height=30 + 22 * len(shares))
