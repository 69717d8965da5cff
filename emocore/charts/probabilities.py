"""The answer of one adapter to one text. Input: rows of `classify` for one run and text."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import finish
from emocore.emotions import emotion_color


def probability_bars(answer: pd.DataFrame) -> go.Figure:
    """The probability of every emotion in a fixed order; bars below their threshold, a small line, are pale."""
    emotions = answer["emotion"].tolist()
    colors = [emotion_color(emotion, position) for position, emotion in enumerate(emotions)]
    figure = go.Figure(
        go.Bar(
            x=answer["probability"],
            y=emotions,
            orientation="h",
            marker={"color": colors, "opacity": [1.0 if p else 0.35 for p in answer["predicted"]]},
            customdata=answer["threshold"],
            hovertemplate="<b>%{y}</b><br>probability %{x:.3f}<br>threshold %{customdata:.2f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=answer["threshold"],
        y=emotions,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 14, "color": "#8a8f98", "line": {"width": 2}},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", tickangle=0)
    labels = [f"{emotion}  {p:.0%}" for emotion, p in zip(emotions, answer["probability"], strict=True)]
    figure.update_yaxes(autorange="reversed", tickmode="array", tickvals=emotions, ticktext=labels)
    return finish(figure, height=60 + 27 * len(emotions))
