"""Comparisons with handwritten tables, for tests of code that only reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.score_tables import METRICS
from emocore.evaluation.verdicts import COLUMNS, FURTHER_COLUMNS, Verdicts

INTERVALS = {"better": "corrected 95 %", "worse": "corrected 95 %", "equal": "90 %"}

# (first, second) or (first, second, emotion) -> difference, low, high, verdict, and a note where there is one.
Pairs = Mapping[tuple[str, ...], tuple[Any, ...]]


def build(
    values: Mapping[str, float],
    pairs: Pairs,
    seeds: Mapping[str, int] | None = None,
    elsewhere: Sequence[str] = (),
    emotions: Mapping[str, Mapping[str, float]] | None = None,
    thin: Sequence[str] = (),
    floor: float = 0.2,
    notes: Sequence[str] = (),
    policy: ThresholdPolicy = "fixed",
) -> Comparison:
    """A comparison of series with the value of each metric ± 0.02, in the order of launch; those in `elsewhere` are
    from W&B. `emotions` are F1 by emotion and series, `thin` are emotions without an interval, and a series has three
    `seeds` by default."""
    counts = dict.fromkeys(values, 3) | dict(seeds or {})
    source = {name: "W&B" if name in elsewhere else "here" for name in values}
    reach = {name: np.nan if name in elsewhere else 0.02 for name in values}
    scores = [
        {"series": name, "metric": metric, "value": value, "source": source[name], "seeds": counts[name],
         "low": value - reach[name], "high": value + reach[name]}
        for name, value in values.items()
        for metric in METRICS
    ]  # fmt: skip
    f1_of = dict(emotions or {"joy": values}) | dict.fromkeys(thin, values)
    by_emotion = [
        {"series": name, "emotion": emotion, "source": source[name], "f1": f1, "low": np.nan if emotion in thin else f1,
         "high": np.nan if emotion in thin else f1, "support": 1234, "no_skill_f1": 0.25}
        for emotion, own in f1_of.items()
        for name, f1 in own.items()
    ]  # fmt: skip
    rows = []
    for (first, second, *emotion), (difference, low, high, verdict, *note) in pairs.items():
        spread = (0.7, max(counts.values()) > 1) if 1 in (counts.get(first), counts.get(second)) else (np.nan, False)
        about = (first, second, "lora", "ia3", *(emotion or ("",)))
        told = (
            difference,
            low,
            high,
            INTERVALS.get(verdict, "95 %"),
            0.9 if difference > 0 else 0.1,
            0.01,
            0.01,
            *(note or ("",)),
            9,
        )
        rows.append((*about, verdict, *told, "9 texts", *spread, low, high, low, high))
    return Comparison(
        results=[],
        split="test",
        policy=policy,
        series={},
        groups=[],
        scores=pd.DataFrame(scores),
        emotions=pd.DataFrame(by_emotion),
        verdicts=Verdicts(pd.DataFrame(rows, columns=[*COLUMNS, *FURTHER_COLUMNS])),
        no_skill=pd.DataFrame({"series": ["silence", "always-on"], **{metric: [0, floor] for metric in METRICS}}),
        notes=list(notes),
    )
