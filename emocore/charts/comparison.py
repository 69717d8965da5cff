"""Per-emotion F1 across methods: grouped bars and a heatmap. Input: `emotion_table`."""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import NO_SKILL_COLOR, PATTERNS, POINTS, finish, method_color, series_ranks


def emotion_bars(table: pd.DataFrame) -> go.Figure:
    """F1 by emotion, one bar a series, the commonest emotion first; the no-skill line dashed grey.

    A series of W&B is drawn as points, in its own place beside the bars.
    """
    figure = go.Figure()
    emotions = list(dict.fromkeys(table["emotion"]))
    ranks: dict[str, int] = {}
    for _, part in table.groupby("source", sort=False):
        ranks |= series_ranks(part[["series", "method"]].itertuples(index=False, name=None))
    for series, rank in ranks.items():
        rows = table[table["series"] == series].set_index("emotion").reindex(emotions).reset_index()
        color = method_color(str(rows["method"].dropna().iloc[0]))
        shared = {
            "name": series,
            "x": rows["emotion"],
            "y": rows["f1"],
            "customdata": rows[["precision", "recall", "average_precision", "support"]],
            "hovertemplate": "<b>%{x}</b>, " + series + "<br>F1 %{y:.3f}<br>precision %{customdata[0]:.3f}, "
            "recall %{customdata[1]:.3f}<br>average precision %{customdata[2]:.3f}<br>"
            "support %{customdata[3]:,} texts<extra></extra>",
            "offsetgroup": series,
            "alignmentgroup": "series",
        }
        if rows["source"].dropna().iloc[0] == "W&B":
            marker = {"color": color, "symbol": POINTS[rank % len(POINTS)], "size": 10}
            figure.add_scatter(mode="markers", marker=marker, **shared)
        else:
            pattern = {"shape": PATTERNS[rank % len(PATTERNS)]}
            figure.add_bar(marker={"color": color, "pattern": pattern, "line": {"width": 0}}, **shared)
    floor = table.groupby("emotion", sort=False)["no_skill_f1"].mean().reindex(emotions)
    figure.add_scatter(
        name="no skill (always predicted)",
        x=emotions,
        y=floor,
        mode="lines",
        xaxis="x2",  # the same axis once more, on which points are not set beside each other
        line={"color": NO_SKILL_COLOR, "dash": "dash", "shape": "hvh", "width": 1.5},
        hovertemplate="<b>%{x}</b><br>F1 of always predicting it %{y:.3f}<extra></extra>",
    )
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.05, scattermode="group", scattergap=0.25)
    figure.update_yaxes(range=[0, 1], tickformat=".1f")
    figure.update_xaxes(tickangle=-35 if len(emotions) > 6 else 0)
    figure.update_layout(xaxis2={"overlaying": "x", "matches": "x", "visible": False})
    return finish(figure, height=430, y_title="F1")


def emotion_heatmap(table: pd.DataFrame) -> go.Figure:
    """Emotion x series, the commonest emotion on top, its support beside its name."""
    emotions = list(dict.fromkeys(table["emotion"]))
    series = list(dict.fromkeys(table["series"]))
    cells = table.pivot_table(index="emotion", columns="series", values="f1", sort=False).reindex(
        index=emotions, columns=series
    )
    support = table.groupby("emotion", sort=False)["support"].mean().reindex(emotions)
    gap = cells.sub(cells.max(axis=1), axis=0)
    hover = [
        [
            f"<b>{emotion}</b>, {name}<br>F1 {cells.loc[emotion, name]:.3f}<br>"
            + ("best" if gap.loc[emotion, name] == 0 else f"{100 * gap.loc[emotion, name]:+.1f} points to the best")
            + f"<br>support {support[emotion]:,.0f} texts"
            for name in series
        ]
        for emotion in emotions
    ]
    figure = go.Figure(
        go.Heatmap(
            z=cells.to_numpy(),
            x=series,
            y=[f"{emotion}  ({support[emotion]:,.0f})" for emotion in emotions],
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.2f}",
            text=cells.round(2).to_numpy(),
            hovertext=hover,
            hovertemplate="%{hovertext}<extra></extra>",
            xgap=2,
            ygap=2,
            colorbar={"title": "F1", "thickness": 12, "tickformat": ".1f"},
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(side="top")
    return finish(figure, height=90 + 30 * len(emotions))
