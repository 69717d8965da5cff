"""A grid of coloured cells with numbers, which draws every heatmap of Emocore.

The cells are bars, because in Streamlit bars can be clicked but the cells of a Plotly heatmap cannot. They are opaque,
so that their numbers have the same contrast on light and dark pages. Cells of little importance are almost without
colour and have numbers in the text colour of the page.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb, sample_colorscale, unlabel_rgb

from emocore.charts.style import FAINT_COLOR, GRID_COLOR, NO_SKILL_COLOR, finish, name_axis

ROW_HEIGHT = 30
CHARACTER = 7.4  # width in pixels of a character at the charts' font size, slightly above average
CELL = 0.94  # leaves a gap between neighbours
# With more columns than this, numbers have no room on a narrow page.
MOST_COLUMNS_WITH_NUMBERS = 14
# With more than this, so do column titles of the usual size, which are upright there.
MOST_COLUMNS_WITH_USUAL_TITLES, SMALL_TITLE = 20, 10
NARROW_PLOT = 620  # width in pixels of all cells on a narrow page
MIDDLE = "#9a9aa2"  # neither dark nor light, so that scales from it stand out on light and dark pages
# Luminance from which black has more contrast than white: both have 4.6 : 1 there (WCAG 2.2).
LIGHT = 0.179

COLOR_BAR = {"tickformat": ".1~%", "thickness": 12, "title": None, "lenmode": "pixels", "len": 300, "y": 1,
             "yanchor": "top"}  # fmt: skip

ColorScale = list[list[Any]]  # [share of the range, colour]


def scale_to(color: str) -> ColorScale:
    """A scale from a weak to the full colour."""
    weak = [round(0.75 * grey + 0.25 * full) for grey, full in zip(hex_to_rgb(MIDDLE), hex_to_rgb(color), strict=True)]
    return [[0, "#{:02x}{:02x}{:02x}".format(*weak)], [1, color]]


def share_grid(
    shares: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    hover: Sequence[Sequence[str]],
    customdata: Sequence[Sequence[Sequence[str]]],
    color: str,
    faint: float,
) -> go.Figure:
    """Shares as a `cell_grid`, in per cent or, with many columns, only in colour. Those below `faint` times the largest
    are grey."""
    largest = max(0.01, float(np.nanmax(shares, initial=0)))
    return cell_grid(
        shares,
        columns,
        rows,
        text=[["" if np.isnan(share) else f"{share:.0%}" for share in row] for row in shares],
        hover=hover,
        customdata=customdata,
        color_range=(faint * largest, largest),
        colorscale=scale_to(color),
        is_faint=shares < faint * largest,
        colorbar=COLOR_BAR if len(columns) > MOST_COLUMNS_WITH_NUMBERS else None,
    )


def cell_grid(
    values: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    text: Sequence[Sequence[str]],
    hover: Sequence[Sequence[str]],
    customdata: Sequence[Sequence[Sequence[str]]],
    color_range: tuple[float, float],
    colorscale: ColorScale,
    is_faint: np.ndarray,
    colorbar: dict[str, object] | None = None,
) -> go.Figure:
    """Rows from top to bottom, with column titles at the top. Arrays are (rows, columns); NaN cells are left out, and
    faint ones are grey. `text` is shown in the cells unless `colorbar` shows the values."""
    figure = go.Figure()
    faint = {"color": FAINT_COLOR}
    low, high = color_range
    strong = {
        "colorscale": colorscale,
        "cmin": low,
        "cmax": high,
        "showscale": colorbar is not None,
        "colorbar": colorbar,
    }
    for marker, is_mine in ((strong, ~is_faint), (faint, is_faint)):
        at_row, at_column = np.nonzero(~np.isnan(values) & is_mine)
        if not len(at_row):
            continue
        picked = list(zip(at_row.tolist(), at_column.tolist(), strict=True))
        own = values[at_row, at_column]
        figure.add_bar(
            x=at_column,
            y=np.full(len(picked), CELL),
            base=at_row - CELL / 2,
            width=CELL,
            marker={"color": own, "line": {"width": 0}} | marker,
            customdata=[customdata[row][column] for row, column in picked],
            hovertext=[hover[row][column] for row, column in picked],
            unselected={"marker": {"opacity": 0.9}},
            showlegend=False,
        )
        if colorbar is None:
            shares = np.clip((own - low) / (high - low), 0, 1)
            is_strong = marker is strong
            colors = contrast_colors(sample_colorscale(colorscale, shares)) if is_strong else None
            figure.add_scatter(
                x=at_column,
                y=at_row,
                text=[text[row][column] for row, column in picked],
                mode="text",
                textfont={"color": colors},
                # Only bars can be selected, so this colour is never used; without it a selection would fade all
                # numbers.
                selected={"textfont": {"color": NO_SKILL_COLOR}},
                hoverinfo="skip",
                showlegend=False,
            )
    figure.update_xaxes(name_axis(columns), side="top", autotickangles=[0, -35, -90], ticklabeloverflow="allow")
    if len(columns) > MOST_COLUMNS_WITH_USUAL_TITLES:
        figure.update_xaxes(tickfont={"size": SMALL_TITLE})
    figure.update_yaxes(name_axis(rows, is_downward=True))
    figure.update_layout(barmode="overlay", hoverlabel={"bordercolor": GRID_COLOR})
    return finish(figure, height=90 + _title_height(columns) + ROW_HEIGHT * len(rows))


def contrast_colors(colors: Sequence[str]) -> list[str]:
    """Black or white for each rgb() colour, whichever is easier to read on it."""
    levels = np.array([unlabel_rgb(color) for color in colors], float).reshape(-1, 3) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > LIGHT, "#000000", "#ffffff").tolist()


def _title_height(columns: Sequence[str]) -> int:
    """Extra height in pixels of column titles on a narrow page: if they do not fit next to each other they are rotated
    by 35 degrees, and if their lines do not fit either, by 90."""
    room = NARROW_PLOT / max(1, len(columns))
    lines = [line for name in columns for line in name.split("<br>")]
    longest = CHARACTER * max(map(len, lines), default=0)
    if longest <= room:
        return 0
    is_slanted = room >= 32 * max(name.count("<br>") + 1 for name in columns)
    return round(0.6 * longest if is_slanted else longest)
