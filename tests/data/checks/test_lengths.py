"""Texts that the base cuts are found from the token counts that the caller brings."""

import numpy as np

from emocore.data.checks.lengths import check_lengths
from emocore.data.checks.sentences import describe_finding
from tests.support.frames import make_frame, make_texts


def test_texts_with_more_tokens_than_the_base_reads_are_found() -> None:
    frames = {"train": make_frame(make_texts(4)), "test": make_frame(make_texts(2))}
    counts = {"train": np.array([128, 129, 5, 400]), "test": np.array([128, 1])}
    [found] = check_lengths(frames, counts, 128)
    assert (found.kind, found.splits, found.row_numbers, found.max_length) == ("long_texts", ("train",), (3, 5), 128)
    assert describe_finding(found, {"train": "a.csv"}) == (
        "a.csv, training split: 2 of 4 texts (rows 3 and 5) have more than 128 tokens, and the rest is not read; set "
        "max_length higher if the base allows it, or shorten the texts"
    )
