"""Comparisons whose tables are written by hand, for what only reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.verdicts import COLUMNS

# (first, second) or (first, second, emotion) -> difference, low, high, verdict, and a note where there is one.
Pairs = Mapping[tuple[str, ...], tuple[Any, ...]]


def build(
    values: Mapping[str, float],
    pairs: Pairs,
    seeds: Mapping[str, int] | None = None,
    elsewhere: Sequence[str] = (),
    thin: Sequence[str] = (),
    floor: float = 0.2,
    notes: Sequence[str] = (),
    policy: ThresholdPolicy = "launch",
) -> Comparison:
    """Series by macro-F1 with ± 0.02, in the order in which they were launched; those `elsewhere` are of W&B."""
    series, macro = list(values), np.array(list(values.values()))
    is_here = ~np.isin(series, elsewhere)
    scores = pd.DataFrame({"series": series, "metric": "f1_macro", "value": macro})
    scores["source"] = np.where(is_here, "here", "W&B")
    scores["seeds"] = [(seeds or {}).get(name, 3) for name in series]
    scores["low"], scores["high"] = np.where(is_here, [macro - 0.02, macro + 0.02], np.nan)
    rows = [
        (
            first,
            second,
            "lora",
            "ia3",
            *(rest or ("",)),
            difference,
            low,
            high,
            0.01,
            0.01,
            verdict,
            *(note or ("",)),
            9,
        )
        for (first, second, *rest), (difference, low, high, verdict, *note) in pairs.items()
    ]
    emotions = pd.DataFrame({"emotion": ["joy", *thin], "source": "here", "low": [0.4] + [np.nan] * len(thin)})
    return Comparison(
        results=[],
        split="test",
        policy=policy,
        series={},
        groups=[],
        scores=scores,
        emotions=emotions,
        verdicts=pd.DataFrame(rows, columns=COLUMNS),
        no_skill=pd.DataFrame({"series": ["silence", "always-on"], "f1_macro": [0, floor]}),
        notes=list(notes),
    )
