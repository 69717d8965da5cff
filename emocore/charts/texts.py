"""Where series disagree, and which emotions they mix up. Input: the tables `agreement` and `co_occurrence`."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import get_colorscale

from emocore.charts.cells import cell_grid, share_grid
from emocore.charts.style import NO_SKILL_COLOR, method_color, name_labels

KINDS = {
    "with": "other emotion, predicted along with the true one",
    "instead": "other emotion, predicted instead of the true one",
}
FAINT = 0.2  # of the largest share; smaller shares are grey


def agreement_heatmap(agreement: pd.DataFrame) -> go.Figure:
    """Series x series, with agreement of one series' seeds on the diagonal; colours start at the lowest agreement."""
    values, names = agreement.to_numpy(float), list(agreement.index)
    least = math.floor(10 * float(np.nanmin(values, initial=0.9))) / 10
    return cell_grid(
        values,
        columns=list(agreement.columns),
        rows=names,
        text=[[f"{value:.2f}" for value in row] for row in values],
        hover=[
            [
                (f"<b>{one}</b> and <b>{other}</b>" if one != other else f"<b>{one}</b>, its seeds among themselves")
                + f"<br>agreement {value:.3f}"
                for other, value in zip(names, row, strict=True)
            ]
            for one, row in zip(names, values, strict=True)
        ],
        customdata=[[[one, other] for other in names] for one in names],
        color_range=(least, 1),
        colorscale=get_colorscale("Viridis"),
        is_faint=np.zeros(values.shape, bool),
    )


def co_occurrence_heatmap(co_occurrence: pd.DataFrame, series: str, kind: str) -> go.Figure:
    """True emotion (rows) x other emotion: on what share of texts with only the true one the other is predicted.

    `kind` is "with" or "instead". `point["customdata"]` of a clicked cell is [true emotion, other emotion].
    """
    rows = co_occurrence[(co_occurrence["series"] == series) & (co_occurrence["kind"] == kind)]
    true, seen = list(dict.fromkeys(rows["true_emotion"])), list(dict.fromkeys(rows["other_emotion"]))
    names = true + [name for name in seen if name not in true]
    shares, counts = (
        rows.pivot(index="true_emotion", columns="other_emotion", values=column)
        .reindex(index=true, columns=names)
        .to_numpy(float)
        for column in ("share", "count")
    )
    color = method_color(str(rows["method"].iloc[0])) if len(rows) else NO_SKILL_COLOR
    figure = share_grid(
        shares,
        columns=name_labels(names),
        rows=name_labels(true),
        hover=[
            [
                f"<b>{emotion}</b> → <b>{other}</b>, {series}<br>"
                f"{share:.1%} of the texts with the one and without the other ({count:,.1f} texts)<br>{KINDS[kind]}"
                for other, share, count in zip(names, *line, strict=True)
            ]
            for emotion, *line in zip(true, shares, counts, strict=True)
        ],
        customdata=[[[emotion, other] for other in names] for emotion in true],
        color=color,
        faint=FAINT,
    )
    figure.update_yaxes(title_text="true emotion")
    return figure.update_xaxes(title_text=KINDS[kind])
