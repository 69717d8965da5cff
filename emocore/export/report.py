"""The report: a comparison as one web page that can be mailed, printed and read without a network.

Jinja escapes everything that comes from files and users (names of emotions, studies and columns, texts).
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from emocore import __version__
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.original_study import STUDY_NOTE, study_table
from emocore.evaluation.verdicts import UNDECIDED
from emocore.export.content import ComparisonContent
from emocore.export.figures import POLICY_ALONE, TEMPLATES, plotly_script, to_fragment, to_slug
from emocore.export.grids import emotion_grid, score_grid
from emocore.export.notes import SIGNS, describe_marks, describe_method, describe_setting
from emocore.export.origins import environment_table, file_names, settings_table, without_paths
from emocore.export.repeat import repeat_command
from emocore.export.tables import WordTable, to_words
from emocore.run.settings import describe_repetition

# Columns of series that fit on a sheet of paper; others go into a table below.
MOST_SERIES = 5
MOST_COLUMNS = 12
MOST_ROWS = 60
PAPER_WIDTH = 680  # pixels of CSS: A4 and Letter without their margins
STUDY_COLUMNS = [
    "series", "base", "flattened_f1_macro", "flattened_f1_micro", "exact_match", "reconstructed_f1_micro",
]  # fmt: skip
VERDICT_COLUMNS = ["first", "second", "verdict", "difference", "low", "high", "interval", "probability", "p_adjusted"]
REPORT_METRICS = ("f1_macro", "f1_micro", "jaccard", "exact_match")


@dataclass(frozen=True)
class ShownTable:
    """`left_out` is the number of rows that the page does not show."""

    table: WordTable
    left_out: int


def html_report(content: ComparisonContent) -> str:
    """The whole page. Files have only their names, never their paths."""
    comparison = content.comparison
    scores, emotions = score_grid(comparison, REPORT_METRICS), emotion_grid(comparison)
    names = file_names(comparison.results)
    content = without_paths(content, names)
    verdicts = comparison.verdicts
    page = TEMPLATES.get_template("report.html.jinja").render(
        content=content,
        setting=describe_setting(comparison),
        policy=POLICY_ALONE,
        paper_width=PAPER_WIDTH,
        plotlyjs=plotly_script() if content.figures else None,
        signs=SIGNS,
        score_grids=[scores],
        score_marks=describe_marks(scores.marks(), verdicts.margin_text),
        score_marks_tested=scores.is_tested,
        emotion_grids=emotions.split(MOST_SERIES),
        emotion_marks=describe_marks(emotions.marks(), verdicts.margin_text),
        overall=to_words(verdicts.overall[[*VERDICT_COLUMNS, "note"]]),
        clear=_shorten(_find_clear(comparison)),
        undecided=int(verdicts.by_emotion["verdict"].isin(UNDECIDED).sum()),
        method=describe_method(comparison),
        figures=[
            (title, to_fragment(figure, title, f"figure-{place}-{to_slug(title)}"))
            for place, (title, figure) in enumerate(content.figures.items(), start=1)
        ],
        tables={title: _shorten(table) for title, table in content.tables.items()},
        audit=to_words(content.audit),
        study_note=_emphasise(STUDY_NOTE),
        study=to_words(study_table()[STUDY_COLUMNS]),
        settings=to_words(settings_table(comparison, names)),
        environment=to_words(environment_table(comparison)),
        runs=_list_runs(comparison),
        command=repeat_command(comparison.results),
        version=__version__,
        most_columns=MOST_COLUMNS,
        is_missing=np.isnan,
    )
    return page.lstrip()


def _find_clear(comparison: Comparison) -> pd.DataFrame:
    """The verdicts by emotion, the commonest emotion first, without what is open."""
    verdicts = comparison.verdicts.by_emotion
    places = {emotion: place for place, emotion in enumerate(comparison.emotions["emotion"].drop_duplicates())}
    clear = verdicts.loc[~verdicts["verdict"].isin(UNDECIDED), ["emotion", *VERDICT_COLUMNS]]
    return clear.sort_values("emotion", kind="stable", key=lambda names: names.map(places), ignore_index=True)


def _shorten(table: pd.DataFrame) -> ShownTable:
    return ShownTable(to_words(table.head(MOST_ROWS)).upright(MOST_COLUMNS), max(0, len(table) - MOST_ROWS))


def _list_runs(comparison: Comparison) -> WordTable:
    rows = [
        (
            result.id,
            comparison.series[result.id],
            describe_repetition(config.seed, config.replicate, config.learns_half),
        )
        for result in comparison.results
        for config in [result.config]
    ]
    return to_words(pd.DataFrame(rows, columns=["run", "series", "repetition"]))


def _emphasise(text: str) -> Markup:
    """Render *this* and **this** in Emocore's own texts as HTML."""
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text)))
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", strong))
