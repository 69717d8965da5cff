r"""Tables for a paper: LaTeX with booktabs, ready to be \input. A table that is too long for a page is a longtable.

Names come from users' files and are always escaped. Non-Latin letters need XeLaTeX or LuaLaTeX.
"""

import re

import numpy as np

from emocore.evaluation.chosen_epochs import note_chosen_epochs
from emocore.evaluation.comparison import Comparison
from emocore.export.grids import Grid, Mark, Row, Score, emotion_grid, score_grid
from emocore.export.notes import describe_marks, describe_setting

# Intervals make columns wide; this many fit on a page.
MOST_COLUMNS = 4
# Lines of all tabulars of a table; with its caption, more would not fit on a page of usual size.
MOST_LINES = 44
HEAD_LINES = 2
PACKAGES = r"% Needs \usepackage{{booktabs{more}}} and \usepackage[T1]{{fontenc}} (or XeLaTeX, LuaLaTeX)."
SIGNS: dict[Mark, str] = {"equal": r"$^{\dagger}$", "open": r"$^{\S}$", "untested": r"$^{\ddagger}$"}
INTERVALS = (
    "95 % confidence intervals in brackets, over texts (bootstrap) and runs; with a single run, over texts only."
)
# Characters with a special meaning in LaTeX; a row that begins with [ or * would be read as an argument of \\.
ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "·": r"\textperiodcentered{}",
    "−": "$-$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "§": r"\S{}",
}


def escape(text: str) -> str:
    """LaTeX that prints the text on one line."""
    line = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()
    escaped = "".join(ESCAPES.get(letter, letter) for letter in line)
    return re.sub("-(?=-)", "-{}", escaped)  # or two hyphens would become a dash


def latex_table(comparison: Comparison) -> str:
    """Series x macro-F1, micro-F1 and Jaccard, with intervals and the no-skill rows."""
    grid = score_grid(comparison)
    tested = " Only macro-F1 is tested." if grid.is_tested else ""
    marks = describe_marks(grid.marks(), comparison.verdicts.margin_text)
    caption = f"Scores of each series. {_describe(comparison)} {INTERVALS} {marks}{tested}"
    return _table([grid], caption, "scores")


def latex_emotion_table(comparison: Comparison) -> str:
    """Emotions x series: F1 with intervals, and the F1 of always predicting the emotion."""
    grid = emotion_grid(comparison)
    thin = " Emotions without an interval have too few texts." if _has_thin_rows(grid) else ""
    marks = describe_marks(grid.marks(), comparison.verdicts.margin_text)
    caption = f"F1 by emotion. {_describe(comparison)} {INTERVALS}{thin} {marks}"
    return _table(grid.split(MOST_COLUMNS), caption, "emotions")


def _describe(comparison: Comparison) -> str:
    """Split, texts, thresholds and seeds, and which scores are optimistic."""
    return " ".join([f"{describe_setting(comparison)}.", *note_chosen_epochs(comparison)])


def _table(grids: list[Grid], caption: str, label: str) -> str:
    if sum(len(grid.rows) + len(grid.no_skill) + HEAD_LINES for grid in grids) > MOST_LINES:
        return _long_table(grids, caption, label)
    lines = [
        PACKAGES.format(more=""),
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{escape(caption)}}}",
        f"  \\label{{tab:{label}}}",
        r"  \small",
    ]
    for place, grid in enumerate(grids):
        lines += [r"  \par\medskip"] if place else []
        lines += [f"  {line}" for line in _tabular(grid)]
    return "\n".join([*lines, r"\end{table}", ""])


def _long_table(grids: list[Grid], caption: str, label: str) -> str:
    """One longtable per grid, which repeats its head on each page; the first has the caption and the number, under
    which the others continue."""
    lines = [PACKAGES.format(more=",longtable"), r"\begingroup\small\setlength{\LTcapwidth}{\textwidth}"]
    for place, grid in enumerate(grids):
        told = f"\\caption{{{escape(caption)}}}\\label{{tab:{label}}}" if place == 0 else r"\caption[]{Continued.}"
        lines += [r"\addtocounter{table}{-1}"] if place else []
        lines += [
            f"\\begin{{longtable}}{{{_alignment(grid)}}}",
            f"  {told} \\\\",
            *_head(grid),
            r"  \endfirsthead",
            *_head(grid),
            r"  \endhead",
            r"  \bottomrule",
            r"  \endfoot",
            *_body(grid),
            r"\end{longtable}",
        ]
    return "\n".join([*lines, r"\endgroup", ""])


def _tabular(grid: Grid) -> list[str]:
    begin = f"\\begin{{tabular}}{{{_alignment(grid)}}}"
    return [begin, *_head(grid), *_body(grid), r"  \bottomrule", r"\end{tabular}"]


def _alignment(grid: Grid) -> str:
    return f"lr{'l' * (len(grid.columns) + grid.has_floor)}"


def _head(grid: Grid) -> list[str]:
    names = [grid.corner.capitalize(), grid.counted.capitalize(), *grid.columns]
    names += ["No skill"] if grid.has_floor else []
    return [r"  \toprule", f"  {' & '.join(map(escape, names))} \\\\", r"  \midrule"]


def _body(grid: Grid) -> list[str]:
    lines = [_line(row) for row in grid.rows]
    return [*lines, r"  \midrule", *(_line(row) for row in grid.no_skill)] if grid.no_skill else lines


def _line(row: Row) -> str:
    name = escape(row.name) if row.count is not None else f"{escape(row.name)} (no skill)"
    count = "" if row.count is None else f"{row.count:,}"
    floor = [] if row.floor is None else [f"{row.floor:.3f}"]
    return f"  {' & '.join([name, count, *map(_cell, row.scores), *floor])} \\\\"


def _cell(score: Score) -> str:
    if np.isnan(score.value):
        return "--"
    value = f"{score.value:.3f}"
    if score.mark == "best":
        value = f"\\textbf{{{value}}}"
    value += SIGNS.get(score.mark, "")
    return value if np.isnan(score.low) else f"{value} {{\\scriptsize [{score.low:.3f}, {score.high:.3f}]}}"


def _has_thin_rows(grid: Grid) -> bool:
    return any(all(np.isnan(score.low) for score in row.scores) for row in grid.rows)
