"""All training rows of a finding are dropped, also those that it only counts, and nothing else."""

import pandas as pd
import pytest

from emocore.data.checks.findings import MOST_ROWS_STORED, Finding
from emocore.data.checks.removal import remove_from_training
from emocore.data.checks.splits import check_splits
from emocore.errors import DataError
from tests.support.frames import LABELS, make_frame, make_texts


def find(frames: dict[str, pd.DataFrame], kind: str) -> Finding:
    [found] = [finding for finding in check_splits(frames, LABELS) if finding.kind == kind]
    return found


def kinds(frames: dict[str, pd.DataFrame]) -> set[str]:
    return {finding.kind for finding in check_splits(frames, LABELS)}


def test_texts_of_another_split_are_dropped_beyond_those_that_are_stored() -> None:
    shared = MOST_ROWS_STORED + 500
    texts = [f"{text.upper()}!" for text in make_texts(shared)] + make_texts(30, "own")
    frames = {"train": make_frame(texts), "validation": make_frame(make_texts(shared))}
    found = find(frames, "shared_texts")
    assert (found.count, len(found.rows)) == (shared, MOST_ROWS_STORED)
    cleaned = remove_from_training(frames, found)
    assert cleaned["train"]["text"].tolist() == make_texts(30, "own")
    assert cleaned["train"].index.tolist() == list(range(shared + 2, shared + 32))
    assert cleaned["validation"] is frames["validation"] and len(frames["train"]) == shared + 30
    assert "shared_texts" not in kinds(cleaned)


def test_only_the_copies_of_a_text_with_the_same_labels_are_dropped() -> None:
    train = make_frame(["same", "a", "same", "same"], ["10", "01", "01", "10"])
    frames = {"train": train, "test": make_frame(make_texts(4))}
    cleaned = remove_from_training(frames, find(frames, "repeated_texts"))
    assert cleaned["train"].index.tolist() == [2, 3, 4]
    assert "repeated_texts" not in kinds(cleaned)


def test_the_texts_of_shared_groups_are_dropped() -> None:
    train = make_frame(make_texts(4, "own"), groups=["ann", "bob", "ann", "eve"])
    frames = {"train": train, "test": make_frame(make_texts(4), groups=["ann", "eve", "joe", "sue"])}
    cleaned = remove_from_training(frames, find(frames, "shared_groups"))
    assert cleaned["train"]["group_name"].tolist() == ["bob"]


@pytest.mark.parametrize(
    ("kind", "splits"),
    [("repeated_texts", ("test",)), ("shared_texts", ("validation", "test")), ("contradicting_labels", ("train",))],
)
def test_other_findings_are_refused(kind: str, splits: tuple[str, ...]) -> None:
    found = Finding.model_validate({"kind": kind, "splits": splits, "count": 1, "total": 3})
    with pytest.raises(DataError, match=f"{kind} in the {splits[0]} split .* change the file instead"):
        remove_from_training({"train": make_frame(["a"])}, found)
