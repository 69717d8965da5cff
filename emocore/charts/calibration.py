"""Charts of calibration, and of precision and recall over all thresholds.

Input: the tables `reliability`, `calibration` and `precision_recall`.
"""

import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style


def reliability_curves(reliability: pd.DataFrame, calibration: pd.DataFrame) -> go.Figure:
    """Observed share against mean probability, one point per bin with its interval; the name of a series has its ECE.

    Probabilities on the dashed diagonal are perfectly calibrated; below it they are too high.
    """
    ece = calibration.set_index("series")["ece"]
    figure = go.Figure()
    for series in style.split_series(reliability):
        rows = series.rows[series.rows["count"] > 0]
        figure.add_scatter(
            name=f"{series.name} (ECE {ece[series.name]:.3f})",
            x=rows["confidence"],
            y=rows["observed"],
            error_y=style.error_bars(rows, "observed", series.color),
            mode="lines+markers",
            line={"color": series.color, "dash": series.dash, "width": 1.5},
            marker={"symbol": series.symbol, "size": 8},
            hovertext=[
                f"<b>{row.series}</b><br>probabilities {row.bin_low:.2f} to {row.bin_high:.2f}, mean "
                f"{row.confidence:.3f}<br>true {row.observed:.3f}, {style.describe_interval(row.low, row.high)}<br>"
                f"{row.cells:,.0f} label cells"
                for row in rows.rename(columns={"count": "cells"}).itertuples()
            ],
        )
    style.add_dashed_line(figure, "perfectly calibrated", [0, 1], [0, 1], hoverinfo="skip")
    figure.update_xaxes(style.SCORE_AXIS)
    figure.update_yaxes(style.SCORE_AXIS)
    return style.finish(figure, height=430, x_title="probability", y_title="share that is true")


def precision_recall_curves(precision_recall: pd.DataFrame, used: pd.DataFrame | None = None) -> go.Figure:
    """Precision over recall for one emotion, one line per series. The dashed line is the share of texts that have the
    emotion, which is the precision of a random predictor.

    `used` (the table `emotions`) marks on each line the precision and recall at the threshold in use.
    """
    emotion, share = str(precision_recall["emotion"].iloc[0]), float(precision_recall["no_skill"].iloc[0])
    figure = go.Figure()
    drawn = style.split_series(precision_recall)
    for name, curve, color, _, dash, _ in drawn:
        average = f"average precision {curve['average_precision'].iloc[0]:.3f}"
        figure.add_scatter(
            name=f"{name} ({average})",
            legendgroup=name,
            x=curve["recall"],
            y=curve["precision"],
            mode="lines",
            # Each point has the precision of the highest threshold that reaches its recall, so steps go to the left.
            line={"color": color, "dash": dash, "width": 2, "shape": "vh"},
            hovertemplate=f"<b>{emotion}</b>, {name}<br>recall %{{x:.2f}}, precision %{{y:.3f}}<br>"
            f"{average}<extra></extra>",
        )
    for name, _, color, symbol, *_ in drawn:
        if used is None:
            break
        at_threshold = used[(used["emotion"] == emotion) & (used["series"] == name)]
        if at_threshold.empty:
            continue
        figure.add_scatter(
            name=f"{name}, threshold in use",
            legendgroup=name,
            x=at_threshold["recall"],
            y=at_threshold["precision"],
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 11},
            hovertemplate=f"<b>{emotion}</b>, {name}<br>at the threshold in use: "
            "recall %{x:.3f}, precision %{y:.3f}<extra></extra>",
            showlegend=False,
        )
    hover = f"<b>{emotion}</b><br>{share:.1%} of the texts have it<extra></extra>"
    name = f"no skill (share of the texts) {share:.3f}"
    style.add_dashed_line(figure, name, [0, 0.5, 1], [share] * 3, hovertemplate=hover)
    figure.update_xaxes(range=[0, 1.01], tickformat=".1f")
    figure.update_yaxes(range=[0, 1.01], tickformat=".1f")
    return style.finish(figure, height=430, x_title="recall", y_title="precision")
