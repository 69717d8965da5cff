"""Whether probabilities mean what they say, and what any threshold would give.

Input: the tables `reliability`, `calibration` and `precision_recall`.
"""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts.style import (
    NO_SKILL_LINE,
    SCORE_AXIS,
    dash_of,
    describe_interval,
    error_bars,
    finish,
    method_color,
    rank_series,
    symbol_of,
)


def reliability_curves(reliability: pd.DataFrame, calibration: pd.DataFrame) -> go.Figure:
    """Share that is true against the mean probability, a point per bin with its interval; ECE beside the name.

    On the dashed diagonal a probability is exactly right; below it the series is too sure.
    """
    ece = calibration.set_index("series")["ece"]
    figure = go.Figure()
    for series, rank in rank_series(reliability).items():
        rows = reliability[(reliability["series"] == series) & (reliability["count"] > 0)]
        color = method_color(str(reliability.loc[reliability["series"] == series, "method"].iloc[0]))
        figure.add_scatter(
            name=f"{series} (ECE {ece[series]:.3f})",
            x=rows["confidence"],
            y=rows["observed"],
            error_y=error_bars(rows, "observed", color),
            mode="lines+markers",
            line={"color": color, "dash": dash_of(rank), "width": 1.5},
            marker={"symbol": symbol_of(rank), "size": 8},
            hovertext=[
                f"<b>{series}</b><br>probabilities {row.bin_low:.2f} to {row.bin_high:.2f}, mean {row.confidence:.3f}"
                f"<br>true {row.observed:.3f}, {describe_interval(row.low, row.high)}<br>{row.cells:,.0f} label cells"
                for row in rows.rename(columns={"count": "cells"}).itertuples()
            ],
            showlegend=True,
        )
    figure.add_scatter(
        name="perfectly calibrated",
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line=NO_SKILL_LINE,
        hoverinfo="skip",
    )
    figure.update_xaxes(SCORE_AXIS)
    figure.update_yaxes(SCORE_AXIS)
    return finish(figure, height=430, x_title="probability", y_title="share that is true")


def precision_recall_curves(precision_recall: pd.DataFrame, used: pd.DataFrame | None = None) -> go.Figure:
    """Precision over recall for one emotion, a line per series; the dashed line is the share of the texts that have it,
    the precision of saying it at random.

    `used` (the table `emotions`) marks on each line the precision and recall at the threshold in use.
    """
    emotion, share = str(precision_recall["emotion"].iloc[0]), float(precision_recall["no_skill"].iloc[0])
    figure = go.Figure()
    ranks = rank_series(precision_recall)
    for series, rank in ranks.items():
        curve = precision_recall[precision_recall["series"] == series]
        first = curve.iloc[0]
        line = {"color": method_color(first["method"]), "dash": dash_of(rank), "width": 2}
        figure.add_scatter(
            name=f"{series} (average precision {first['average_precision']:.3f})",
            legendgroup=series,
            x=curve["recall"],
            y=curve["precision"],
            mode="lines",
            # At a recall stands the precision of the highest threshold that reaches it, so it holds to the left.
            line=line | {"shape": "vh"},
            hovertemplate=f"<b>{emotion}</b>, {series}<br>recall %{{x:.2f}}, precision %{{y:.3f}}<br>"
            f"average precision {first['average_precision']:.3f}<extra></extra>",
            showlegend=True,
        )
    if used is not None:
        for row in used[(used["emotion"] == emotion) & used["series"].isin(ranks)].itertuples():
            symbol = symbol_of(ranks[str(row.series)])
            figure.add_scatter(
                name=f"{row.series}, threshold in use",
                legendgroup=row.series,
                x=[row.recall],
                y=[row.precision],
                mode="markers",
                marker={"color": method_color(str(row.method)), "symbol": symbol, "size": 11},
                hovertemplate=f"<b>{emotion}</b>, {row.series}<br>at the threshold in use: "
                "recall %{x:.3f}, precision %{y:.3f}<extra></extra>",
                showlegend=False,
            )
    figure.add_scatter(
        name=f"no skill (share of the texts) {share:.3f}",
        x=[0, 0.5, 1],
        y=[share] * 3,
        mode="lines",
        line=NO_SKILL_LINE,
        hovertemplate=f"<b>{emotion}</b><br>{share:.1%} of the texts have it<extra></extra>",
        showlegend=True,
    )
    figure.update_xaxes(range=[0, 1.01], tickformat=".1f")
    figure.update_yaxes(range=[0, 1.01], tickformat=".1f")
    return finish(figure, height=430, x_title="recall", y_title="precision")
