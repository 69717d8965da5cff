"""Label sets of five sizes, and data files with them from which something can be learned."""

from pathlib import Path

import numpy as np
import pandas as pd

from emocore.emotions import LABEL_SETS

GOEMOTIONS = LABEL_SETS["goemotions-28"].labels
LABELS_BY_COUNT: dict[int, tuple[str, ...]] = {
    2: ("joy", "sadness"),
    7: LABEL_SETS["ekman-7"].labels,
    11: LABEL_SETS["semeval-11"].labels,
    28: GOEMOTIONS,
    100: (*GOEMOTIONS, *(f"shade {number} of feeling" for number in range(29, 101))),
}
LABELS_PER_TEXT = 3


def write_labelled(path: Path, count: int, rows: int = 400) -> Path:
    """A CSV of `rows` texts with so many labels, about LABELS_PER_TEXT in each, the first ones more often; a text names
    its labels in words of their own."""
    labels, random = LABELS_BY_COUNT[count], np.random.default_rng(count)
    weights = np.linspace(1.5, 0.5, count)
    shares = np.minimum(LABELS_PER_TEXT * weights / weights.sum(), 0.5)
    values = random.random((rows, count)) < shares
    words = [f"feel{number}" for number in range(count)]
    texts = [" ".join(["today", *(words[place] for place in np.flatnonzero(row)), f"day{number}"])
             for number, row in enumerate(values)]  # fmt: skip
    table = pd.DataFrame({"text": texts}).join(pd.DataFrame(values.astype(int), columns=list(labels)))
    table.to_csv(path, index=False)
    return path
