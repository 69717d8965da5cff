"""F1 by emotion and method: grouped bars and a heatmap. Input: the table `emotions`, one row per series and emotion.

In both, `point["customdata"][0]` of a clicked bar, point or cell is the plain name of its emotion. A page reads it with
`st.plotly_chart(..., on_select="rerun", selection_mode="points")`.
"""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import get_colorscale

from emocore.charts import style
from emocore.charts.cells import cell_grid

# With more emotions or bars than these, bars are horizontal and the chart grows. So they are with a longer name, which
# would be slanted and leave the chart on the left.
MOST_UPRIGHT_EMOTIONS = 14
MOST_UPRIGHT_BARS = 80
LONGEST_UPRIGHT_NAME = 16
# Share of an emotion's space that its bars take, and share of a bar's space that it fills.
GROUP = 0.8
BAR = 0.88
TOP_AXIS_HEIGHT = 58  # pixels of an axis above the plot with its numbers and title


def order_by_support(table: pd.DataFrame) -> list[str]:
    """Names of the emotions, the commonest first."""
    support = table.groupby("emotion", sort=False)["support"].mean()
    return list(support.sort_values(ascending=False, kind="stable").index)


def emotion_bars(emotions: pd.DataFrame) -> go.Figure:
    """F1 by emotion with its interval, one bar per series, the commonest emotion first, with a dashed no-skill line.

    A series of W&B is drawn as points next to the bars.
    """
    names = order_by_support(emotions)
    drawn = [series for _, part in emotions.groupby("source", sort=False) for series in style.split_series(part)]
    is_upright = (
        len(names) <= MOST_UPRIGHT_EMOTIONS
        and len(names) * len(drawn) <= MOST_UPRIGHT_BARS
        and max(map(len, names)) <= LONGEST_UPRIGHT_NAME
    )
    along, across = ("x", "y") if is_upright else ("y", "x")
    figure = go.Figure()
    slot = GROUP / len(drawn)
    for number, series in enumerate(drawn):
        rows = series.rows.set_index("emotion").reindex(names).reset_index()
        start = number * slot - GROUP / 2
        places = np.arange(len(names))
        shared: dict[str, Any] = {
            "name": series.name,
            across: rows["f1"],
            f"error_{across}": style.error_bars(rows, "f1", series.color),
            "customdata": [[emotion, series.name] for emotion in names],
            "hovertext": [_hover(row) for row in rows.itertuples()],
        }
        if series.rows["source"].iloc[0] == "W&B":
            marker = {"color": series.color, "symbol": series.symbol, "size": 9}
            figure.add_scatter(mode="markers", marker=marker, **{along: places + start + slot / 2}, **shared)
        else:
            pattern = {"shape": series.pattern, "fillmode": "overlay", "size": 6}
            figure.add_bar(
                orientation="v" if is_upright else "h",
                # Paler than the error bar, so that the error bar stays visible on it.
                marker={"color": series.color, "opacity": 0.5, "pattern": pattern, "line": {"width": 0}},
                selected={"marker": {"opacity": 0.8}},
                unselected={"marker": {"opacity": 0.3}},
                offset=start,
                width=slot * BAR,
                **{along: places},
                **shared,
            )
    _add_no_skill(figure, emotions, names, along, across)
    figure.update_layout(
        {
            f"{along}axis": style.name_axis(style.name_labels(names), is_downward=not is_upright)
            | {"autotickangles": [0, -35, -90]},
            f"{across}axis": style.SCORE_AXIS | {"showgrid": True},
        }
    )
    if is_upright:
        return style.finish(figure, height=430, y_title="F1")
    bars_height = len(names) * max(24, 8 * len(drawn) + 8)
    # Such a chart may be higher than the window, so its axis is where the reading begins, under the legend.
    style.finish(figure, bars_height + 160, x_title="F1").update_xaxes(side="top")
    return figure.update_layout(legend_y=1 + TOP_AXIS_HEIGHT / bars_height)


def _add_no_skill(figure: go.Figure, emotions: pd.DataFrame, names: list[str], along: str, across: str) -> None:
    floor = emotions.groupby("emotion", sort=False)["no_skill_f1"].mean().reindex(names)
    # A step over each emotion; a point in its middle shows the hover text.
    places = np.add.outer(np.arange(len(names)), [-0.45, 0, 0.45, np.nan])
    ends: dict[str, Any] = {along: places.ravel(), across: np.repeat(floor.to_numpy(), 4)}
    hover = [f"<b>{name}</b><br>F1 of always predicting it {floor[name]:.3f}" for name in names for _ in range(4)]
    style.add_dashed_line(figure, "no skill (always predicted)", **ends, hovertext=hover)


def _hover(row: Any) -> str:
    """All facts on one series and emotion; `row` is one of `emotions`."""
    if not np.isfinite(row.f1):
        return ""
    note = row.note or ("trained elsewhere, only its scores are known" if row.source == "W&B" else "")
    other = {"precision": row.precision, "recall": row.recall, "average precision": row.average_precision}
    return (
        f"<b>{row.emotion}</b>, {row.series}<br>F1 {row.f1:.3f}, {style.describe_interval(row.low, row.high, note)}<br>"
        + ", ".join(f"{name} {value:.3f}" for name, value in other.items() if np.isfinite(value))
        + f"<br>support {row.support:,.0f} texts, {style.describe_seed_count(row.seeds)}"
    )


def emotion_heatmap(emotions: pd.DataFrame) -> go.Figure:
    """Emotions x series, with support in the name of an emotion and the commonest at the top; the best of a row is
    bold."""
    names, series = order_by_support(emotions), list(dict.fromkeys(emotions["series"]))
    cells = emotions.pivot(index="emotion", columns="series", values="f1").reindex(index=names, columns=series)
    support = emotions.groupby("emotion")["support"].mean()
    hovers = {(row.emotion, row.series): _hover(row) for row in emotions.itertuples()}
    values = cells.to_numpy(float)
    gaps = values - cells.max(axis=1).to_numpy()[:, None]
    is_best = (gaps == 0) & (len(series) > 1)
    text = [
        [f"<b>{value:.2f}</b>" if best else f"{value:.2f}" for value, best in zip(*row, strict=True)]
        for row in zip(values, is_best, strict=True)
    ]
    hover = [
        [hovers.get((emotion, name), "") + _gap_words(gap, len(series)) for name, gap in zip(series, row, strict=True)]
        for emotion, row in zip(names, gaps, strict=True)
    ]
    return cell_grid(
        values,
        columns=series,
        rows=[
            f"{name}  ({support[emotion]:,.0f})" for name, emotion in zip(style.name_labels(names), names, strict=True)
        ],
        text=text,
        hover=hover,
        customdata=[[[emotion, name] for name in series] for emotion in names],
        color_range=(0, 1),
        colorscale=get_colorscale("Viridis"),
        is_faint=np.zeros(values.shape, bool),
    )


def _gap_words(gap: float, series: int) -> str:
    if series == 1:
        return ""
    return "<br>best" if gap == 0 else f"<br>{100 * gap:+.1f} points to the best"
