"""Cells: they can be clicked, unknown ones are left out, and numbers are readable on every colour."""

import numpy as np
import pytest
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from emocore.charts.cells import cell_grid, contrast_colors, scale_to
from tests.support.chart_tables import traces

VALUES = np.array([[0.1, np.nan, 0.9], [0.3, 0.5, 0.7]])
NAMES = [["a", "b", "c"], ["d", "e", "f"]]


def grid(**changes: object) -> object:
    shared = {
        "columns": ["x", "y", "z"],
        "rows": ["top", "bottom"],
        "text": NAMES,
        "hover": NAMES,
        "customdata": [[[name] for name in row] for row in NAMES],
        "color_range": (0, 1),
        "colorscale": scale_to("#0072b2"),
        "is_faint": np.zeros(VALUES.shape, bool),
    }
    return cell_grid(VALUES, **{**shared, **changes})


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2) of rgb() or #rrggbb."""
    levels = [int(color[k : k + 2], 16) for k in (1, 3, 5)] if color.startswith("#") else unlabel_rgb(color)
    red, green, blue = [x / 3294.6 if x <= 10.31 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in levels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_each_cell_has_its_number_in_its_middle_and_what_it_is_of() -> None:
    figure = grid()
    (cells,), (text,) = traces(figure, "bar"), traces(figure, "scatter")
    assert [row[0] for row in cells.customdata] == list(cells.hovertext) == list(text.text) == ["a", "c", "d", "e", "f"]
    assert list(cells.x) == list(text.x) == [0, 2, 0, 1, 2]
    assert list(np.array(cells.base) + np.array(cells.y) / 2) == pytest.approx(list(text.y))
    assert list(text.y) == [0, 0, 1, 1, 1]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row is on top"
    assert text.hoverinfo == "skip", "the cell under the number is what is pointed at and clicked"


def test_faint_cells_are_grey_have_the_text_colour_of_the_page_and_can_be_clicked_too() -> None:
    figure = grid(is_faint=VALUES < 0.4)
    strong, faint = traces(figure, "bar")
    assert [row[0] for row in strong.customdata] == ["c", "e", "f"]
    assert [row[0] for row in faint.customdata] == ["a", "d"]
    assert faint.marker.color.startswith("rgba(138,143,152,")
    assert traces(figure, "scatter")[1].textfont.color is None


def test_a_colour_bar_stands_for_the_numbers() -> None:
    figure = grid(colorbar={"thickness": 12})
    assert traces(figure, "scatter") == []
    assert traces(figure, "bar")[0].marker.showscale


@pytest.mark.parametrize("scale", [get_colorscale("Viridis"), scale_to("#e69f00"), scale_to("#0072b2")])
def test_numbers_can_be_read_on_every_colour_of_a_scale(scale: list[list[object]]) -> None:
    cells = sample_colorscale(scale, list(np.linspace(0, 1, 101)))
    for cell, text in zip(cells, contrast_colors(cells), strict=True):
        bright, dark = sorted([luminance(cell) + 0.05, luminance(text) + 0.05], reverse=True)
        assert bright / dark >= 4.5  # WCAG 2.2 AA


def test_many_columns_have_small_titles() -> None:
    names = [f"{number}" for number in range(30)]
    values = np.full((1, 30), 0.5)
    many = {"columns": names, "rows": ["top"], "text": [names], "hover": [names], "customdata": [[[n] for n in names]]}
    figure = cell_grid(
        values, **many, color_range=(0, 1), colorscale=scale_to("#0072b2"), is_faint=np.zeros((1, 30), bool)
    )
    assert figure.layout.xaxis.tickfont.size < figure.layout.font.size
    assert grid().layout.xaxis.tickfont.size is None


def test_rows_keep_their_height_under_column_titles_of_any_length() -> None:
    short = grid().layout.height
    names = ["QLoRA · gte-Qwen1.5-7B-instruct"] * 3
    assert grid(columns=names).layout.height > short + 60
    assert grid(columns=["x<br>y"] * 3).layout.height == short
