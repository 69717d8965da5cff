"""What all figures share: one colour a method, quiet axes, intervals, the no-skill line, no background of their own.

Colours stand on light and on dark pages; text takes the colour of its page.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.models.methods import METHODS

NO_SKILL_COLOR = "#8a8f98"
NO_SKILL_LINE = {"color": NO_SKILL_COLOR, "dash": "dash", "width": 1.5}
GRID_COLOR = "rgba(138,143,152,0.25)"
# Series of the same method keep its colour and differ by symbol (points), pattern (bars) or dash (lines).
POINTS = ("diamond", "circle", "square", "triangle-up", "cross", "star")
PATTERNS = ("", "/", ".", "x", "\\", "+")
DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")


SCORE_AXIS: dict[str, Any] = {"range": [0, 1], "tickformat": ".1f"}


def series_ranks(series_methods: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Series name -> how many series of the same method come before it."""
    ranks: dict[str, int] = {}
    seen: dict[str, int] = {}
    for series, method in series_methods:
        if series not in ranks:
            ranks[series] = seen.get(method, 0)
            seen[method] = ranks[series] + 1
    return ranks


def rank_series(table: pd.DataFrame) -> dict[str, int]:
    """`series_ranks` of a table with the columns series and method."""
    return series_ranks(table[["series", "method"]].itertuples(index=False, name=None))


def method_color(method: str) -> str:
    """#rrggbb of a method; grey for one that is no longer in the catalogue."""
    return METHODS[method].color if method in METHODS else NO_SKILL_COLOR


def symbol_of(rank: int) -> str:
    """The point of a series by how many of the same method come before it."""
    return POINTS[rank % len(POINTS)]


def dash_of(rank: int) -> str:
    """The line of a series likewise."""
    return DASHES[rank % len(DASHES)]


def name_axis(names: Sequence[str], is_downward: bool = False, padding: float = 0.5) -> dict[str, Any]:
    """Options of an axis with these names at 0, 1, 2, ..., and with `padding` of a step before and after them."""
    ends = [-padding, len(names) - 1 + padding]
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": ends[::-1] if is_downward else ends,
        "showgrid": False,
        "zeroline": False,
    }


def fade(color: str, opacity: float) -> str:
    """#rrggbb -> rgba(): what lies under it shows through."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def error_bars(rows: pd.DataFrame, value: str, color: str, scale: float = 1) -> dict[str, object]:
    """Plotly's error bars of the columns `value`, low and high, all times `scale`; nothing where an end is NaN.

    `low` may lie above the value or `high` below it: the bar then still ends there.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": (scale * (rows["high"] - rows[value])).to_numpy(float),
        "arrayminus": (scale * (rows[value] - rows["low"])).to_numpy(float),
        "color": color,
        "thickness": 1.5,
        "width": 3,
    }


def describe_interval(low: Any, high: Any, note: str = "") -> str:
    """Words for a hover: the 95 % interval of a score between 0 and 1, or why there is none."""
    if np.isfinite(low) and np.isfinite(high):
        return f"95 % interval {low:.3f} to {high:.3f}" + (f"<br>{note}" if note else "")
    return f"no interval: {note}" if note else "no interval"


def describe_points(difference: float, low: float, high: float) -> str:
    """A difference (F1, -1 to 1) and its interval, in points."""
    words = f"{100 * difference:+.1f} points"
    if np.isfinite(low) and np.isfinite(high):
        return f"{words}, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    return f"{words}, no interval"


def describe_seeds(seeds: float) -> str:
    """1 seed; mean of 3 seeds."""
    return "1 seed" if seeds == 1 else f"mean of {seeds:.0f} seeds"


def add_no_skill_levels(figure: go.Figure, levels: Mapping[str, float], x_range: tuple[float, float]) -> None:
    """Dashed grey lines across a chart whose y axis is the score; names and values stand in the legend."""
    for name, level in levels.items():
        if np.isfinite(level):
            figure.add_scatter(
                name=f"no skill ({name}) {level:.3f}",
                x=list(x_range),
                y=[level, level],
                mode="lines",
                line=NO_SKILL_LINE,
                hoverinfo="skip",
                showlegend=True,
            )


def finish(figure: go.Figure, height: int, x_title: str | None = None, y_title: str | None = None) -> go.Figure:
    """What all figures share: names are never cut, the legend stands above the plot, a hover tells its text only.

    The layout is the figure's own and no template, as Streamlit puts its theme over templates.
    """
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        # The same gap in pixels whatever the height.
        legend={"orientation": "h", "y": 1 + 8 / height, "yanchor": "bottom", "x": 0, "title": None},
        hovermode="closest",
        font={"size": 13},
    )
    axes = {"automargin": True, "gridcolor": GRID_COLOR, "zerolinecolor": GRID_COLOR, "ticklabelstandoff": 4}
    figure.update_xaxes(title={"text": x_title, "font": {"size": 13}}, **axes)
    figure.update_yaxes(title={"text": y_title, "font": {"size": 13}}, **axes)
    figure.for_each_trace(
        lambda trace: trace.update(hovertemplate="%{hovertext}<extra></extra>"),
        selector=lambda trace: trace.hovertext is not None,
    )
    return figure
