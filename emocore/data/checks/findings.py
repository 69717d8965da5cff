"""The record of a finding: what is doubtful, in which split, and in which rows. It never holds a text."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from emocore.data.reading.record import Names
from emocore.run.records import Count, Strict

MOST_ROWS_STORED = 1_000
# The name of the only split of a file that is not split.
WHOLE_FILE = "all"

FindingKind = Literal[
    "shared_texts",
    "shared_groups",
    "few_groups",
    "contradicting_labels",
    "repeated_texts",
    "label_absent",
    "label_constant",
    "label_rare",
    "labels_equal",
    "unlabelled_texts",
    "long_texts",
    "control_characters",
    "invisible_characters",
]
Counts = Annotated[tuple[Count, ...], Field(strict=False)]  # JSON has no tuples


class Finding(Strict):
    """A warning about the rows of a split. `describe_finding` puts it into words.

    Where two `splits` are named, the rows are those of the first, which share something with the second. `rows` holds
    the IDs and `row_numbers` the numbers in the source file of the first MOST_ROWS_STORED of `count` rows; both are
    empty where every row or none is concerned. A field that a kind does not need is 0 or empty.
    """

    kind: FindingKind
    splits: Names
    labels: Names = ()
    positives: Counts = Field((), description="For rare labels: rows that have each of `labels`.")
    count: Count = Field(description="Rows of the first split that are concerned.")
    total: Count = Field(description="All rows of the last split; for equal labels, of all splits.")
    matching: Count = Field(0, description="Rows of the second split that are concerned.")
    groups: Count = Field(0, description="Groups that are concerned.")
    max_length: Count = Field(0, description="Tokens at which long texts are cut.")
    characters: Names = Field((), description="Code points that were found, such as U+200B.")
    rows: Names = Field((), max_length=MOST_ROWS_STORED)
    row_numbers: Counts = Field((), max_length=MOST_ROWS_STORED)

    @property
    def topic(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What the finding is about, whichever and however many rows it names."""
        return self.kind, self.splits, self.labels


def find_rows(
    kind: FindingKind, splits: Sequence[str], frame: pd.DataFrame, is_concerned: np.ndarray, **details: Any
) -> list[Finding]:
    """A finding that names the rows of the first split's `frame` for which `is_concerned` (rows,) is true; nothing if
    there are none. `details` are further fields; `total` is the number of rows unless they say otherwise."""
    places = np.flatnonzero(is_concerned)
    if not len(places):
        return []
    stored = frame.iloc[places[:MOST_ROWS_STORED]]
    fields = {"total": len(frame)} | details
    return [
        Finding(
            kind=kind,
            splits=tuple(splits),
            count=len(places),
            rows=tuple(map(str, stored["row_id"])),
            row_numbers=tuple(map(int, stored.index)),
            **fields,
        )
    ]
