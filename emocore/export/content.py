"""What a report or a bundle tells of a comparison. Whoever has a Comparison fills it; nothing here computes."""

from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go

from emocore.evaluation.comparison import Comparison


@dataclass(frozen=True)
class ComparisonContent:
    """One comparison, ready to be written down.

    `title` heads it, such as the name of the study. `headline` is the verdict in sentences, the first of which can
    stand alone; `caveats` are what limits it. `audit` is the fairness audit, one row per difference between the runs,
    empty where there is none.

    `tables` and `figures` are by title, which also names their files: "Precision and recall" becomes
    precision-and-recall.csv. The comparison's own tables (scores, emotions, verdicts, no skill) are always written
    and do not belong here. A table with a column `text` is shown in a report, but never goes into a bundle.

    `figures` are as the app draws them, whatever their background; their heights count. They hold no texts.
    """

    comparison: Comparison
    title: str
    headline: list[str]
    caveats: list[str]
    audit: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, go.Figure] = field(default_factory=dict)
