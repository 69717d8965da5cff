"""The content of a report or a bundle. The caller fills it from a Comparison; nothing is computed here."""

from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go

from emocore.evaluation.comparison import Comparison


@dataclass(frozen=True)
class ComparisonContent:
    """One comparison, ready to be written.

    `title` is the heading, such as the study's name. `sentence` is the verdict, `numbers` are what it rests on,
    `remarks` say what thresholds and unequal settings do to it, and `caveats` limit it. `audit` is the fairness audit,
    one row per difference between the runs, empty if there is none.

    `tables` and `figures` are by title, which also names their files: "Precision and recall" becomes
    precision-and-recall.csv. The comparison's own tables (scores, emotions, verdicts, no skill) are always written
    and do not belong here. A table with a column `text` is shown in a report, but never goes into a bundle.

    `figures` are drawn as in the app, with any background; their heights are kept. They contain no texts.
    """

    comparison: Comparison
    title: str
    sentence: str
    numbers: list[str]
    remarks: list[str]
    caveats: list[str]
    audit: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, go.Figure] = field(default_factory=dict)
