"""Lists of suspected labels for a person to correct in a spreadsheet: an open one, and a blind one with its key.

Whoever sees that a label is suspected, and what is suggested, will often agree. In the blind list, suspected labels
stand among as many others, so a judgement says something: if the others are corrected as often, the suspicion was for
nothing. Since the order is random, whoever judges can stop anywhere. `emocore.data.corrections` reads both lists.
"""

import numpy as np
import pandas as pd

from emocore.evaluation.label_errors import LabelErrors

OPEN_NAME, BLIND_NAME, KEY_NAME = "label-errors.csv", "label-errors-blind.csv", "label-errors-blind-key.csv"
SEED = 0  # so that a list that is made again has the same key


def open_list(errors: LabelErrors) -> pd.DataFrame:
    """The columns of `LabelErrors.suspects` with an empty column `corrected`, the most suspected label first."""
    listed = errors.suspects.copy()
    listed.insert(list(listed).index("suggested") + 1, "corrected", "")
    return listed


def blind_list(errors: LabelErrors) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The blind list and its key, in the same random order.

    The list has the columns cell (a number from 1 on), text, label and corrected (empty); the key has cell, split,
    row_id, text, label, stored, suspected (0 or 1) and suggested (missing if not suspected). For each suspected label
    there is another one of the same split, name and stored value, as long as there are any.
    """
    random = np.random.default_rng(SEED)
    suspects = errors.suspects.assign(suspected=1)
    places = suspects.groupby(["split", "label", "stored"]).size()
    others = [
        _draw_others(errors, split, label, stored, count, random)
        for (split, label, stored), count in zip(places.index.to_list(), places, strict=True)
    ]
    cells = pd.concat([suspects, *others])
    cells = cells.iloc[random.permutation(len(cells))]
    key = cells[["split", "row_id", "text", "label", "stored", "suspected", "suggested"]].reset_index(drop=True)
    key["suggested"] = key["suggested"].astype("Int64")
    key.insert(0, "cell", np.arange(1, len(key) + 1))
    return key[["cell", "text", "label"]].assign(corrected=""), key


def _draw_others(
    errors: LabelErrors, split: str, label: str, stored: int, count: int, random: np.random.Generator
) -> pd.DataFrame:
    """So many labels of a split, with this name and stored value, that are not suspected; fewer if there are fewer."""
    predictions = errors.predictions[split]
    column = predictions.labels.index(label)
    free = np.flatnonzero(~errors.is_suspected[split][:, column] & (predictions.truth[:, column] == stored))
    rows = random.choice(free, min(count, len(free)), replace=False)
    return pd.DataFrame(
        {
            "split": split,
            "row_id": [predictions.row_ids[row] for row in rows],
            "text": [predictions.texts[row] for row in rows],
            "label": label,
            "stored": stored,
            "suspected": 0,
            "suggested": pd.NA,
        }
    )
