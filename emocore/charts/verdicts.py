"""Charts of verdicts with their uncertainty. Input: the tables of `Verdicts`.

A word, sign or shape shows each verdict in addition to its colour.
"""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts.cells import MIDDLE, MOST_COLUMNS_WITH_NUMBERS, cell_grid
from emocore.charts.emotions import order_by_support
from emocore.charts.style import NO_SKILL_COLOR, describe_points, error_bars, finish, name_axis, name_labels
from emocore.evaluation.verdicts import UNDECIDED
from emocore.text import format_probability

# Violet and vermilion can be told apart with any colour vision, and no method has them.
VERDICT_COLORS = {
    "better": "#7a5cc4",
    "worse": "#c8541b",
    "equal": NO_SKILL_COLOR,
    **dict.fromkeys(UNDECIDED, NO_SKILL_COLOR),
}
SYMBOLS = {
    "better": "triangle-right",
    "worse": "triangle-left",
    "equal": "square",
    **dict.fromkeys(UNDECIDED, "circle-open"),
}
SIGNS = {"better": "▲", "worse": "▼", "equal": "=", "leans better": "△", "leans worse": "▽", "open": "·"}
SMALLEST_RANGE = 5  # points; if all differences are smaller, none gets the full colour


def difference_forest(rows: pd.DataFrame) -> go.Figure:
    """Difference in macro-F1 of all pairs, in points, with its interval, and the verdict as a word at the right.

    `rows` is `Verdicts.overall`.
    """
    figure = go.Figure()
    for place, (_, row) in enumerate(rows.iterrows()):
        color = VERDICT_COLORS[row["verdict"]]
        figure.add_scatter(
            name=f"{row['first']} − {row['second']}",
            x=[100 * row["difference"]],
            y=[place],
            error_x=error_bars(row.to_frame().T, "difference", color, scale=100) | {"thickness": 2, "width": 5},
            mode="markers",
            marker={"color": color, "symbol": SYMBOLS[row["verdict"]], "size": 12},
            hovertext=[_hover(row, "macro-F1, all emotions", "labels")],
            showlegend=False,
        )
        figure.add_annotation(
            text=f"{row['verdict']}  {100 * row['difference']:+z.1f}",
            xref="paper",
            x=1,
            xanchor="left",
            xshift=8,
            y=place,
            showarrow=False,
        )
    figure.add_vline(x=0, line={"color": NO_SKILL_COLOR, "width": 1.5})
    # Zero is always visible, and never at the edge.
    ends = 100 * np.append(rows[["difference", "low", "high"]].to_numpy(float), 0)
    margin = 0.06 * max(1.0, float(np.nanmax(ends) - np.nanmin(ends)))
    figure.update_xaxes(
        range=[np.nanmin(ends) - margin, np.nanmax(ends) + margin],
        tickformat="+.1~f",
        showgrid=True,
        zeroline=False,
    )
    names = [f"{row.first} − {row.second}" for row in rows.itertuples()]
    figure.update_yaxes(name_axis(names, is_downward=True, padding=0.6))
    finish(figure, height=100 + 32 * len(rows), x_title="points of macro-F1, first minus second")
    return figure.update_layout(margin_r=130)


def verdict_matrix(rows: pd.DataFrame) -> go.Figure:
    """Emotions (the commonest at the top) x pairs: the difference in points, grey unless one of the two is better.

    `rows` is `Verdicts.by_emotion`. `point["customdata"]` of a clicked cell is [emotion, first, second].
    """
    emotions, pairs = order_by_support(rows), list(dict.fromkeys(zip(rows["first"], rows["second"], strict=True)))
    cells = {(row["emotion"], (row["first"], row["second"])): row for _, row in rows.iterrows()}
    table = [[cells.get((emotion, pair)) for pair in pairs] for emotion in emotions]
    values = np.array([[np.nan if c is None else 100 * c["difference"] for c in line] for line in table], float)
    values = values.reshape(len(emotions), len(pairs))
    is_faint = np.array([[not _is_clear(cell) for cell in line] for line in table], bool).reshape(values.shape)
    reach = max(SMALLEST_RANGE, float(np.nanmax(np.abs(values), initial=0)))
    figure = cell_grid(
        values,
        columns=[f"{first}<br>− {second}" for first, second in pairs],
        rows=name_labels(emotions),
        text=[["" if cell is None else _sign(cell, len(pairs)) for cell in line] for line in table],
        hover=[["" if cell is None else _hover(cell, cell["emotion"], "texts") for cell in line] for line in table],
        customdata=[[[emotion, *pair] for pair in pairs] for emotion in emotions],
        color_range=(-reach, reach),
        colorscale=[[0, VERDICT_COLORS["worse"]], [0.5, MIDDLE], [1, VERDICT_COLORS["better"]]],
        is_faint=is_faint,
    )
    return figure.update_xaxes(
        title_text="points of F1, first minus second: ▲ first better, ▼ second better, = equal, △ ▽ leans, · open"
    )


def _is_clear(cell: Any) -> bool:
    return cell is not None and cell["verdict"] in ("better", "worse")


def _sign(cell: Any, columns: int) -> str:
    sign = SIGNS[cell["verdict"]]
    if columns > MOST_COLUMNS_WITH_NUMBERS:
        return sign
    number = f"{sign} {100 * cell['difference']:+z.1f}"
    return f"<b>{number}</b>" if _is_clear(cell) else number


def _hover(row: Any, target: str, unit: str) -> str:
    """`target` is the metric or emotion in which the two are compared; `unit` is what its support counts."""
    first, second = row["first"], row["second"]
    verdict = {
        "better": f"{first} is better than {second}",
        "worse": f"{first} is worse than {second}",
        "equal": f"{first} and {second} are equal within the margin",
        "leans better": f"leans towards {first}, but is no verdict",
        "leans worse": f"leans towards {second}, but is no verdict",
        "open": f"open whether {first} or {second} is better",
    }[row["verdict"]]
    lines = [
        f"<b>{target}</b>",
        verdict,
        describe_points(row["difference"], row["low"], row["high"], row["interval"]),
        *([] if np.isnan(row["probability"]) else [f"P({first} is better) {format_probability(row['probability'])}"]),
        f"support {row['support']:,.0f} {unit}",
        *([row["note"]] if row["note"] else []),
    ]
    return "<br>".join(lines)
