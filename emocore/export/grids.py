"""Scores with intervals as a table for a paper: one row per series or per emotion, with the best marked.

The best of a column (by emotion, of a row) is marked, and so are scores that equal it, or may do so, by the test of
emocore.evaluation.verdicts, which covers macro-F1 and F1 by emotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.verdicts import UNDECIDED, Verdicts
from emocore.metrics import METRIC_TITLES

METRICS = ("f1_macro", "f1_micro", "jaccard")

Mark = Literal["", "best", "equal", "open", "untested"]


@dataclass(frozen=True)
class Score:
    """One cell; NaN if there is no value or no interval. "untested" means that no test compared it with the best."""

    value: float
    low: float = np.nan
    high: float = np.nan
    mark: Mark = ""


@dataclass(frozen=True)
class Row:
    """`count` is the number of seeds of a series, or of texts with an emotion; None for predictors without skill.
    `floor` is the F1 of always predicting an emotion."""

    name: str
    count: int | None
    scores: tuple[Score, ...]
    floor: float | None = None


@dataclass(frozen=True)
class Grid:
    """`rows` have one score per column; `no_skill` are the rows of predictors without skill. `corner` and `counted` are
    the headings of the columns of names and of counts."""

    corner: str
    counted: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    no_skill: tuple[Row, ...] = ()

    @property
    def has_floor(self) -> bool:
        return any(row.floor is not None for row in self.rows)

    @property
    def is_tested(self) -> bool:
        """Whether some score was tested against the best."""
        return bool(self.marks() & {"equal", "open", "untested"})

    def marks(self) -> set[Mark]:
        """The marks that need an explanation below the table."""
        return {score.mark for row in self.rows for score in row.scores} - {""}

    def split(self, most: int) -> list["Grid"]:
        """Grids with the same rows and at most `most` columns each."""
        places = range(0, len(self.columns), most)
        return [
            replace(
                self,
                columns=self.columns[begin : begin + most],
                rows=tuple(replace(row, scores=row.scores[begin : begin + most]) for row in self.rows),
                no_skill=tuple(replace(row, scores=row.scores[begin : begin + most]) for row in self.no_skill),
            )
            for begin in places
        ]


def score_grid(comparison: Comparison, metrics: Sequence[str] = METRICS) -> Grid:
    """One line per series, the highest macro-F1 first, one column per metric."""
    ranking = comparison.ranking()
    order = ranking["series"].tolist()
    columns = []
    for metric in metrics:
        rows = comparison.scores[comparison.scores["metric"] == metric].set_index("series").loc[order]
        scores = [Score(*cells) for cells in rows[["value", "low", "high"]].to_numpy(float).tolist()]
        columns.append(_mark(scores, order, comparison.verdicts if metric == "f1_macro" else None))
    seeds = ranking["seeds"].tolist()
    return Grid(
        corner="series",
        counted="seeds",
        columns=tuple(METRIC_TITLES[metric] for metric in metrics),
        rows=tuple(Row(*row) for row in zip(order, seeds, zip(*columns, strict=True), strict=True)),
        no_skill=tuple(
            Row(row["series"], None, tuple(Score(float(row[metric])) for metric in metrics))
            for row in comparison.no_skill.astype(dict.fromkeys(metrics, float)).to_dict("records")
        ),
    )


def emotion_grid(comparison: Comparison) -> Grid:
    """One line per emotion, the commonest first, one column per series with its F1, the best series first."""
    order = comparison.ranking()["series"].tolist()
    rows = []
    for emotion, table in comparison.emotions.groupby("emotion", sort=False):
        known = table.set_index("series").reindex(order)
        scores = [Score(*cells) for cells in known[["f1", "low", "high"]].to_numpy(float).tolist()]
        support = round(table["support"].mean())
        floor = float(table["no_skill_f1"].mean())
        rows.append(Row(str(emotion), support, tuple(_mark(scores, order, comparison.verdicts, str(emotion))), floor))
    return Grid(corner="emotion", counted="texts", columns=tuple(order), rows=tuple(rows))


def _mark(
    scores: Sequence[Score], names: Sequence[str], verdicts: Verdicts | None, emotion: str | None = None
) -> list[Score]:
    """The scores of one metric with their marks. Without a test, only values equal to the best are marked with it."""
    values = np.array([score.value for score in scores], dtype=float)
    if not (values > 0).any():  # if all scores are 0, none is the best
        return list(scores)
    best = int(np.nanargmax(values))
    marked = []
    for place, score in enumerate(scores):
        mark: Mark = ""
        if place == best or score.value == values[best]:
            mark = "best"
        elif verdicts is not None and not np.isnan(score.value):
            mark = _mark_verdict(verdicts.find(names[best], names[place], emotion))
        marked.append(replace(score, mark=mark))
    return marked


def _mark_verdict(verdict: str | None) -> Mark:
    """The mark of a score that the best was found to be `verdict` than; None if the two were not tested."""
    if verdict is None:
        return "untested"
    if verdict == "equal":
        return "equal"
    return "open" if verdict in UNDECIDED else ""
