"""A chart of the labels of a data set."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import finish, name_axis, name_labels
from emocore.emotions import emotion_color

ROW_HEIGHT = 22


def label_share_bars(shares: pd.Series) -> go.Figure:
    """Share of texts by emotion; `shares` is indexed by emotion, the commonest first."""
    figure = go.Figure(
        go.Bar(
            x=shares.to_numpy(),
            y=list(range(len(shares))),
            orientation="h",
            marker={"color": [emotion_color(str(name)) for name in shares.index]},
            text=[f"{share:.0%}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertext=[f"<b>{name}</b>: {share:.1%} of the texts" for name, share in shares.items()],
            showlegend=False,
        )
    )
    figure.update_yaxes(name_axis(name_labels(list(map(str, shares.index))), is_downward=True))
    figure.update_xaxes(visible=False, range=[0, 1.4 * float(shares.max())])
    return finish(figure, height=30 + ROW_HEIGHT * len(shares))
