"""What all figures share: one colour a method, quiet axes, no background of their own."""

from collections.abc import Iterable

import plotly.graph_objects as go

from emocore.models.methods import METHODS

NO_SKILL_COLOR = "#8a8f98"
# Series of the same method keep its colour and differ by symbol (points), pattern (bars) or dash (lines).
POINTS = ("diamond", "circle", "square", "triangle-up", "cross", "star")
PATTERNS = ("", "/", ".", "x", "\\", "+")
DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")


def series_ranks(series_methods: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Series name -> how many series of the same method come before it."""
    ranks: dict[str, int] = {}
    seen: dict[str, int] = {}
    for series, method in series_methods:
        if series not in ranks:
            ranks[series] = seen.get(method, 0)
            seen[method] = ranks[series] + 1
    return ranks


def method_color(method: str) -> str:
    """#rrggbb of a method; grey for one that is no longer in the catalogue."""
    return METHODS[method].color if method in METHODS else NO_SKILL_COLOR


def finish(figure: go.Figure, height: int, x_title: str | None = None, y_title: str | None = None) -> go.Figure:
    """Common layout; names are never cut, the legend stands above the plot."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
        hovermode="closest",
        font={"size": 13},
    )
    figure.update_xaxes(title=x_title, automargin=True)
    figure.update_yaxes(title=y_title, automargin=True)
    return figure
