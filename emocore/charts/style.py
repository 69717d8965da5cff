"""The common style of all figures: one colour per family of methods, light axes, intervals, the no-skill line.

Figures have no background. Colours work on light and dark pages; text has the colour of its page.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.evaluation.together import TOGETHER
from emocore.models.methods.catalogue import METHODS
from emocore.text import cut_middle

NO_SKILL_COLOR = "#8a8f98"
TOGETHER_COLOR = "#d55e00"  # from the same colour-blind-safe set as those of the methods
GRID_COLOR, FAINT_COLOR = "rgba(138,143,152,0.25)", "rgba(138,143,152,0.12)"  # the same, transparent
# Series of methods of one family share its colour and differ by symbol (points), pattern (bars) or dash (lines).
POINTS = ("diamond", "circle", "square", "triangle-up", "cross", "star", "x", "triangle-down", "pentagon", "bowtie")
PATTERNS = ("", "/", ".", "x", "\\", "+", "-", "|")
DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")


LONGEST_NAME = 40  # characters of a label next to an axis; the hover text has all of a longer one
SCORE_AXIS: dict[str, Any] = {"range": [0, 1], "tickformat": ".1f"}


class Series(NamedTuple):
    """The rows of one series, and how to draw it."""

    name: str
    rows: pd.DataFrame
    color: str
    symbol: str
    dash: str
    pattern: str


def split_series(table: pd.DataFrame) -> list[Series]:
    """The series of a table with the columns series and method, in its order."""
    seen = Counter[str]()
    found = []
    for name, rows in table.groupby("series", sort=False):
        method = str(rows["method"].iloc[0])
        color = method_color(method)
        looks = (signs[seen[color] % len(signs)] for signs in (POINTS, DASHES, PATTERNS))
        found.append(Series(str(name), rows, color, *looks))
        seen[color] += 1
    return found


def method_color(method: str) -> str:
    """The colour (#rrggbb) of a method's family or of several methods together; grey for a method that is not in the
    catalogue."""
    if method == TOGETHER:
        return TOGETHER_COLOR
    return METHODS[method].color if method in METHODS else NO_SKILL_COLOR


def name_axis(names: Sequence[str], is_downward: bool = False, padding: float = 0.5) -> dict[str, Any]:
    """Options of an axis with these names at 0, 1, 2, ..., and `padding` (in steps) before and after them."""
    ends = [-padding, len(names) - 1 + padding]
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": ends[::-1] if is_downward else ends,
        "showgrid": False,
        "zeroline": False,
    }


def name_labels(labels: Sequence[str]) -> list[str]:
    """The names of labels for an axis, on which a very long one would leave no room for the plot."""
    return [cut_middle(label, LONGEST_NAME) for label in labels]


def error_bars(rows: pd.DataFrame, value: str, color: str, scale: float = 1) -> dict[str, object]:
    """Plotly's error bars of the columns `value`, low and high, all times `scale`; nothing where an end is NaN.

    `low` may be above the value or `high` below it; the error bar then still ends there.
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
    """Hover text: the 95 % interval of a score between 0 and 1, or why there is none."""
    if np.isfinite(low) and np.isfinite(high):
        return f"95 % interval {low:.3f} to {high:.3f}" + (f"<br>{note}" if note else "")
    return f"no interval: {note}" if note else "no interval"


def describe_points(difference: float, low: float, high: float, interval: str) -> str:
    """A difference (F1, -1 to 1) and its interval of this name, in points."""
    words = f"{100 * difference:+z.1f} points"
    if np.isfinite(low) and np.isfinite(high):
        return f"{words}, {interval} interval {100 * low:+z.1f} to {100 * high:+z.1f}"
    return f"{words}, no interval"


def describe_seed_count(seeds: float) -> str:
    """1 seed; mean of 3 seeds."""
    return "1 seed" if seeds == 1 else f"mean of {seeds:.0f} seeds"


def add_no_skill_levels(figure: go.Figure, levels: Mapping[str, float], x_range: tuple[float, float]) -> None:
    """Add dashed grey lines to a chart with the score on the y axis; the legend has names and values."""
    for name, level in levels.items():
        if np.isfinite(level):
            add_dashed_line(figure, f"no skill ({name}) {level:.3f}", list(x_range), [level, level], hoverinfo="skip")


def add_dashed_line(figure: go.Figure, name: str, x: Any, y: Sequence[float], **options: Any) -> None:
    """Add a reference line: thin, grey, without points."""
    line = {"color": NO_SKILL_COLOR, "dash": "dash", "width": 1.5}
    figure.add_scatter(name=name, x=x, y=y, mode="lines", line=line, **options)


def finish(figure: go.Figure, height: int, x_title: str | None = None, y_title: str | None = None) -> go.Figure:
    """Apply the common layout: names are never cut, the legend is above the plot, hovering shows only the hover text.

    The layout is set directly and not by a template, because Streamlit's theme overrides templates.
    """
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        # The same gap in pixels at any height.
        legend={"orientation": "h", "y": 1 + 8 / height, "yanchor": "bottom", "x": 0, "title": None},
        showlegend=True,
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
