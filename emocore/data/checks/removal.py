"""Drops the training rows that a finding names."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.data.checks.findings import Finding, FindingKind
from emocore.data.checks.texts import hash_forms, hash_labels, hash_texts, is_repeated, is_shared
from emocore.data.table import RESERVED_COLUMNS
from emocore.errors import DataError

REMOVABLE: tuple[FindingKind, ...] = ("shared_texts", "shared_groups", "repeated_texts")


def remove_from_training(frames: Mapping[str, pd.DataFrame], finding: Finding) -> dict[str, pd.DataFrame]:
    """The splits, with fewer rows in training: without the texts or groups that another split shares, or without the
    copies of a text. All such rows are dropped, also those that the finding only counts.

    Raises DataError if the finding is not of one of these kinds, or not about training.
    """
    if finding.splits[0] != "train" or finding.kind not in REMOVABLE:
        raise DataError(
            f"a finding of the kind {finding.kind} in the {finding.splits[0]} split names no training rows that could "
            "simply be removed; change the file instead"
        )
    return {**frames, "train": frames["train"][~_is_named(frames, finding)]}


def _is_named(frames: Mapping[str, pd.DataFrame], finding: Finding) -> np.ndarray:
    train = frames["train"]
    if finding.kind == "repeated_texts":
        labels = tuple(str(column) for column in train if column not in RESERVED_COLUMNS)
        return is_repeated(hash_texts(train["text"]), hash_labels(train, labels))
    other = frames[finding.splits[1]]
    if finding.kind == "shared_groups":
        return train["group_name"].isin(other["group_name"]).to_numpy()
    return is_shared(hash_forms(train["text"]), hash_forms(other["text"]))
