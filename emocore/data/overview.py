"""What a table of labelled texts holds: counts by split, labels that come together, and a search for texts.

Every function works on whole columns, so that a million texts take about a second. Lengths in tokens are in
`emocore.models.lengths`, since they need the tokenizer of a base.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from emocore.data.table import SPLIT_NAME, EmotionTable

ALL = "all"  # the only split of a table that each run splits
SPLITS = ("train", "validation", "test")
ROWS_AT_ONCE = 50_000  # so that no second copy of all labels is made


@dataclass(frozen=True)
class LabelCounts:
    """Counts of a table. `texts` maps each split to its number of texts, or "all" to it if the table has no splits.

    `labels` has a row per label and a column per split: how many texts have the label. `labels_per_text` has a row per
    number of labels, from 0 on, and the same columns: how many texts have so many.
    """

    texts: dict[str, int]
    labels: pd.DataFrame
    labels_per_text: pd.DataFrame

    @property
    def shares(self) -> pd.DataFrame:
        """Of each split's texts, the share that has a label: a row per label, a column per split."""
        return self.labels / pd.Series(self.texts)


def count_labels(table: EmotionTable) -> LabelCounts:
    """Count texts, labels and labels per text in each split."""
    values = table.frame[list(table.labels)].to_numpy(dtype=np.int8)
    sums = values.sum(axis=1, dtype=np.int64)
    texts: dict[str, int] = {}
    labels: dict[str, np.ndarray] = {}
    per_text: dict[str, np.ndarray] = {}
    for split, is_in in _split_masks(table).items():
        texts[split] = int(is_in.sum())
        labels[split] = values[is_in].sum(axis=0, dtype=np.int64)
        per_text[split] = np.bincount(sums[is_in], minlength=int(sums.max(initial=0)) + 1)
    return LabelCounts(
        texts=texts,
        labels=pd.DataFrame(labels, index=pd.Index(table.labels, name="label")),
        labels_per_text=pd.DataFrame(per_text).rename_axis("labels"),
    )


def count_pairs(table: EmotionTable) -> pd.DataFrame:
    """(labels, labels): how many texts have both labels; the diagonal counts the texts with one."""
    values = table.frame[list(table.labels)].to_numpy(dtype=np.int8)
    counts = np.zeros((len(table.labels), len(table.labels)))
    for start in range(0, len(values), ROWS_AT_ONCE):
        part = values[start : start + ROWS_AT_ONCE].astype(np.float32)  # exact up to 2**24, and BLAS multiplies it
        counts += part.T @ part
    names = list(table.labels)
    return pd.DataFrame(counts.astype(np.int64), index=names, columns=names)


def find_texts(
    table: EmotionTable, words: str = "", label: str | None = None, split: str | None = None
) -> pd.DataFrame:
    """The rows of the table's frame whose text contains `words`, in any case, that have the label and are in the
    split; None stands for any."""
    frame = table.frame
    is_found = np.ones(len(frame), dtype=bool)
    if split is not None:
        is_found &= _split_masks(table)[split]
    if label is not None:
        is_found &= frame[label].to_numpy() == 1
    if words:
        is_found &= frame["text"].str.contains(words, case=False, regex=False).to_numpy(dtype=bool)
    return frame[is_found]


def join_labels(frame: pd.DataFrame, labels: tuple[str, ...]) -> list[str]:
    """The labels of each row in one string; for the few rows that are shown."""
    values = frame[list(labels)].to_numpy(dtype=bool)
    return [", ".join(name for name, has in zip(labels, row, strict=True) if has) for row in values]


def _split_masks(table: EmotionTable) -> dict[str, np.ndarray]:
    """Split -> (rows,) bool; splits without a text are left out."""
    if SPLIT_NAME not in table.frame:
        return {ALL: np.ones(len(table.frame), dtype=bool)}
    column = table.frame[SPLIT_NAME]
    masks = {split: (column == split).to_numpy(dtype=bool) for split in SPLITS}
    return {split: mask for split, mask in masks.items() if mask.any()}
