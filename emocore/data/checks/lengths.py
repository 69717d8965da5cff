"""Texts that are longer than what a base reads of a text."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.data.checks.findings import Finding, find_rows


def check_lengths(
    frames: Mapping[str, pd.DataFrame], token_counts: Mapping[str, np.ndarray], max_length: int
) -> tuple[Finding, ...]:
    """Texts with more than `max_length` tokens, by split. `token_counts` has (rows,) int for each split, counted by
    the base's tokenizer without cutting."""
    return tuple(
        finding
        for name, frame in frames.items()
        for finding in find_rows(
            "long_texts", (name,), frame, np.asarray(token_counts[name]) > max_length, max_length=max_length
        )
    )
