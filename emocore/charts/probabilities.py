"""The answers of adapters to one text. Input: rows of `classify` for one run and text."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import NO_SKILL_COLOR, finish, name_axis, name_labels
from emocore.emotions import display_order, emotion_color

# With more emotions than this, a page first shows the most probable ones.
MOST_BARS = 30
ROW_HEIGHT = 24


def most_probable(answer: pd.DataFrame, answers: Sequence[pd.DataFrame]) -> list[str]:
    """At most MOST_BARS emotions of an answer: those found, and those with the highest probability. They are the same
    for all `answers` that know the same emotions, so that these can be read side by side."""
    labels = set(answer["emotion"])
    alike = pd.concat([other for other in answers if set(other["emotion"]) == labels])
    highest = alike.groupby("emotion")[["predicted", "probability"]].max()
    return list(highest.sort_values(["predicted", "probability"], ascending=False, kind="stable").index[:MOST_BARS])


def probability_bars(answer: pd.DataFrame, shown: Sequence[str]) -> go.Figure:
    """The probabilities of the emotions in `shown`, in the order of the label set; bars below their threshold, a small
    line, are pale."""
    wanted = set(shown)
    emotions = [emotion for emotion in display_order(answer["emotion"]) if emotion in wanted]
    rows = answer.set_index("emotion").loc[emotions]
    places = list(range(len(emotions)))
    figure = go.Figure(
        go.Bar(
            x=rows["probability"],
            y=places,
            orientation="h",
            marker={
                "color": [emotion_color(emotion) for emotion in emotions],
                "opacity": [1.0 if is_found else 0.35 for is_found in rows["predicted"]],
            },
            hovertext=[
                f"<b>{row.Index}</b><br>probability {row.probability:.3f}<br>threshold {row.threshold:.2f}"
                for row in rows.itertuples()
            ],
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=rows["threshold"],
        y=places,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 14, "color": NO_SKILL_COLOR, "line": {"width": 2}},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", tickangle=0)
    names = zip(name_labels(emotions), rows["probability"], strict=True)
    figure.update_yaxes(name_axis([f"{name}  {probability:.0%}" for name, probability in names], is_downward=True))
    return finish(figure, height=50 + ROW_HEIGHT * len(emotions))
