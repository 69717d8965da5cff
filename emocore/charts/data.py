"""Charts of a data set: its labels, how they come together, and the lengths of its texts."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.charts.cells import share_grid
from emocore.charts.style import add_dashed_line, finish, name_axis, name_labels
from emocore.emotions import emotion_color

ROW_HEIGHT, SPLIT_HEIGHT = 22, 8  # pixels of a label with one bar, and of each of several bars
OPACITIES = (1.0, 0.6, 0.35)  # of the bars of train, validation and test
DATA_COLOR = "#4a7fc1"  # of counts of texts, where no emotion is the series
MOST_IN_GRID = 30  # labels; with more, the names of columns would overlap on a narrow page
FAINT = 0.1  # of the largest share; smaller shares are grey
MOST_BINS = 40


def label_share_bars(shares: pd.Series) -> go.Figure:
    """Share of texts by emotion; `shares` is indexed by emotion, the commonest first."""
    figure = go.Figure(
        go.Bar(
            x=shares.to_numpy(),
            y=list(range(len(shares))),
            orientation="h",
            marker={"color": [emotion_color(str(name)) for name in shares.index]},
            text=[f"{share:.0%}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertext=[f"<b>{name}</b>: {share:.1%} of the texts" for name, share in shares.items()],
            showlegend=False,
        )
    )
    figure.update_yaxes(name_axis(name_labels(list(map(str, shares.index))), is_downward=True))
    figure.update_xaxes(visible=False, range=[0, 1.4 * float(shares.max())])
    return finish(figure, height=30 + ROW_HEIGHT * len(shares))


def split_share_bars(shares: pd.DataFrame) -> go.Figure:
    """The same by split, the columns of `shares`: a label's bars are the splits from top to bottom, the first in full
    colour and the others paler."""
    first = shares.columns[0]
    ordered = shares.sort_values(first, ascending=False, kind="stable")
    if len(shares.columns) == 1:
        return label_share_bars(ordered[first])
    figure = go.Figure()
    colors = [emotion_color(str(name)) for name in ordered.index]
    for split, opacity in zip(ordered.columns, OPACITIES, strict=False):
        figure.add_bar(
            x=ordered[split],
            y=list(range(len(ordered))),
            orientation="h",
            marker={"color": colors, "opacity": opacity},
            hovertext=[f"<b>{name}</b>: {share:.1%} of the {split} texts" for name, share in ordered[split].items()],
            showlegend=False,
        )
    figure.update_yaxes(name_axis(name_labels(list(map(str, ordered.index))), is_downward=True))
    figure.update_xaxes(tickformat=".0%", side="top", rangemode="tozero")
    figure.update_layout(bargap=0.3, bargroupgap=0)
    return finish(figure, height=50 + SPLIT_HEIGHT * (1 + len(shares.columns)) * len(shares))


def labels_per_text_bars(counts: pd.Series) -> go.Figure:
    """How many texts have 0, 1, 2 ... labels; `counts` is indexed by the number of labels."""
    shares = counts / max(1, counts.sum())
    figure = go.Figure(
        go.Bar(
            x=counts.index,
            y=shares,
            marker={"color": DATA_COLOR},
            text=[f"{share:.0%}" if share >= 0.005 else "" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                f"<b>{number}</b> label{'' if number == 1 else 's'}: {count:,} texts, {share:.1%}"
                for number, count, share in zip(counts.index, counts, shares, strict=True)
            ],
            showlegend=False,
        )
    )
    figure.update_yaxes(visible=False, range=[0, 1.15 * float(shares.max())])
    figure.update_xaxes(dtick=1 if len(counts) <= 16 else None, showgrid=False, zeroline=False)
    return finish(figure, height=230, x_title="labels of a text")


def label_pairs_heatmap(pairs: pd.DataFrame) -> go.Figure:
    """Of the texts with the label of a row, the share that also has that of a column; `pairs` counts the texts with
    both, as `count_pairs` does. Of more than 30 labels, the 30 commonest are drawn, the commonest first."""
    totals = pd.Series(np.diag(pairs), index=pairs.index)
    names = list(totals.sort_values(ascending=False, kind="stable").index[:MOST_IN_GRID])
    counts = pairs.loc[names, names].to_numpy(float)
    shares = counts / np.maximum(1, np.diag(counts))[:, None]
    np.fill_diagonal(shares, np.nan)
    figure = share_grid(
        shares,
        columns=name_labels(names),
        rows=[f"{shown} ({totals[name]:,})" for name, shown in zip(names, name_labels(names), strict=True)],
        hover=[
            [
                f"Of the {totals[one]:,} texts with <b>{one}</b>,<br>{share:.1%} ({count:,.0f}) also have "
                f"<b>{other}</b>"
                for other, share, count in zip(names, *line, strict=True)
            ]
            for one, *line in zip(names, shares, counts, strict=True)
        ],
        customdata=[[[one, other] for other in names] for one in names],
        color=DATA_COLOR,
        faint=FAINT,
    )
    figure.update_yaxes(title_text="texts with")
    return figure.update_xaxes(title_text="that also have")


def length_bars(lengths: np.ndarray, max_length: int) -> go.Figure:
    """How many texts have which length in tokens, with a dashed line where `max_length` cuts; the longest texts, one
    in 200, share the last bar."""
    last = max(max_length, float(np.quantile(lengths, 0.995)))
    width = max(1, round(last / MOST_BINS))
    edges = np.arange(0, last + 2 * width, width)
    counts, _ = np.histogram(np.minimum(lengths, edges[-1]), edges)
    figure = go.Figure(
        go.Bar(
            x=edges[:-1] + width / 2,
            y=counts,
            width=0.9 * width,
            marker={"color": DATA_COLOR},
            hovertext=[
                f"{_describe_bin(int(low), width, is_last=place == len(counts) - 1)}: {count:,} texts"
                for place, (low, count) in enumerate(zip(edges[:-1], counts, strict=True))
            ],
            showlegend=False,
        )
    )
    at = max_length + 0.5
    highest = float(counts.max())
    add_dashed_line(figure, f"cut at {max_length:,} tokens", [at, at], [0, 1.05 * highest], hoverinfo="skip")
    figure.update_xaxes(range=[0, float(edges[-1])], showgrid=False)
    figure.update_yaxes(range=[0, 1.1 * highest], tickformat=",")
    return finish(figure, height=300, x_title="tokens of a text", y_title="texts")


def _describe_bin(low: int, width: int, is_last: bool) -> str:
    if is_last:
        return f"<b>{low:,} tokens or more</b>"
    return f"<b>{low:,}</b> tokens" if width == 1 else f"<b>{low:,} to {low + width - 1:,}</b> tokens"
