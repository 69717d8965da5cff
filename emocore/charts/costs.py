"""Macro-F1 against a cost. Input: the table `costs`, one row per series."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts import style
from emocore.text import format_bytes, format_count, format_seconds

LOG_FACTOR = 20
LEGEND_LINE = 20  # pixels; a line has about three names
PADDING = 0.06  # of the axis on either side
MOST_TICKS = 7
DURATIONS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000, 86400, 172800, 432000, 864000)
NICE_SECONDS = np.array([step * 10.0**power for power in (-4, -3, -2, -1) for step in (1, 2, 5)] + list(DURATIONS))
NICE_NUMBERS = np.array([step * 10.0**power for power in range(-2, 15) for step in (1, 2, 5)])
# The roundest ones, for an axis with many.
ROUND_SECONDS = np.array([1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 600, 3600, 36000])
ROUND_NUMBERS = NICE_NUMBERS[::3]


def cost_scatter(
    costs: pd.DataFrame, front: pd.Series, cost: str, title: str, no_skill: Mapping[str, float] | None = None
) -> go.Figure:
    """One point per series, named in the legend, with the interval of its macro-F1; `title` names the column `cost`.

    `front` is from `pareto_front`: a step line, the best macro-F1 for at most that cost. The x axis is
    logarithmic where values span more than LOG_FACTOR; a cost of nothing then stands at its left end. Series whose
    cost is not known are named below the axis.
    """
    known = costs[np.isfinite(costs[cost].astype(float)) & costs["f1_macro"].notna()]
    words = _words_of(cost)
    nice = (NICE_SECONDS, ROUND_SECONDS) if cost.endswith("seconds") else (NICE_NUMBERS, ROUND_NUMBERS)
    scale = _Scale(known[cost].to_numpy(float), *nice)
    table = known.assign(place=scale.places, low=known["f1_macro_low"], high=known["f1_macro_high"])
    figure = go.Figure()
    _add_front(figure, table[front.loc[table.index]], scale)
    style.add_no_skill_levels(figure, no_skill or {}, (scale.to_axis(scale.start), scale.to_axis(scale.end)))
    for series in style.split_series(costs):
        own = table[table["series"] == series.name]
        if own.empty:
            continue
        row = own.iloc[0]
        figure.add_scatter(
            name=series.name,
            x=[scale.to_axis(row["place"])],
            y=own["f1_macro"],
            error_y=style.error_bars(own, "f1_macro", series.color),
            mode="markers",
            marker={"color": series.color, "symbol": series.symbol, "size": 11},
            hovertext=[
                f"<b>{series.name}</b><br>macro-F1 {row['f1_macro']:.3f}, "
                f"{style.describe_interval(row['low'], row['high'])}<br>"
                f"{title} {words(row[cost])}<br>{style.describe_seed_count(row['seeds'])}"
                + ("<br>no cheaper one is as good" if front[own.index[0]] else "")
            ],
        )
    ticks = scale.ticks()
    figure.update_xaxes(
        type="log" if scale.is_log else "linear",
        range=[scale.start, scale.end],
        tickvals=[scale.to_axis(place) for place, _ in ticks],
        ticktext=[words(value).replace(".0 ", " ").removesuffix(" 0 s").removesuffix(" 0 min") for _, value in ticks],
        zeroline=False,
    )
    figure.update_yaxes(style.SCORE_AXIS)
    missing = [name for name in costs["series"] if name not in set(known["series"])]
    note = f"<br>not known of {', '.join(missing)}" if missing else ""
    height = 430 + LEGEND_LINE * (len(known) // 3)
    return style.finish(figure, height, x_title=title + note, y_title="macro-F1")


class _Scale:
    """Positions of costs on the axis: the costs, or their decimal logarithms with 0 slightly left of the others."""

    def __init__(self, values: np.ndarray, nice: np.ndarray, rounder: np.ndarray) -> None:
        positive = values[values > 0]
        self.nice, self.rounder = nice, rounder
        self.is_log = bool(len(positive)) and positive.max() > LOG_FACTOR * positive.min()
        self.zero: float | None = None
        self.places = values
        if self.is_log:
            places = np.log10(positive)
            if len(positive) < len(values):
                self.zero = float(places.min() - 0.12 * (places.max() - places.min()))
            self.places = np.full(len(values), self.zero, float)
            self.places[values > 0] = places
        least, most = (self.places.min(), self.places.max()) if len(values) else (0.0, 1.0)
        span = (most - least) or abs(most) or 1.0
        self.start, self.end = float(least - PADDING * span), float(most + PADDING * span)

    def to_axis(self, place: float) -> float:
        """Plotly's x of a trace or tick at a position."""
        return float(10**place) if self.is_log else float(place)

    def ticks(self) -> list[tuple[float, float]]:
        """(place, value) of at most MOST_TICKS round values and of 0 where it has a place of its own."""
        if self.is_log:
            # Clear of the corner, and of the place of 0.
            least = (self.start if self.zero is None else self.zero) + 0.04 * (self.end - self.start)
            own = [] if self.zero is None else [(self.zero, 0.0)]
            inside = [value for value in self.nice if least <= np.log10(value) <= self.end]
            if len(inside) > MOST_TICKS:
                inside = [value for value in self.rounder if least <= np.log10(value) <= self.end]
            return own + [(float(np.log10(value)), float(value)) for value in inside]
        fitting = int(np.searchsorted(self.nice, (self.end - self.start) / (MOST_TICKS - 1)))
        step = float(self.nice[min(fitting, len(self.nice) - 1)])
        first = max(0, int(np.ceil(self.start / step)))
        values = step * np.arange(first, int(np.floor(self.end / step)) + 1)
        return [(float(value), float(value)) for value in values]


def _add_front(figure: go.Figure, front: pd.DataFrame, scale: _Scale) -> None:
    if front.empty:
        return
    steps = front.sort_values("place")
    figure.add_scatter(
        name="best for at most this cost",
        x=[*map(scale.to_axis, steps["place"]), scale.to_axis(scale.end)],
        y=[*steps["f1_macro"], steps["f1_macro"].iloc[-1]],
        mode="lines",
        line={"color": style.NO_SKILL_COLOR, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
    )


def _words_of(cost: str) -> Callable[[float], str]:
    if cost.endswith("seconds"):
        return lambda value: f"{1000 * value:.3g} ms" if 0 < value < 1 else format_seconds(value)
    return format_bytes if cost.endswith("bytes") else format_count
