"""All checks together: nothing to say of good splits, and every kind of finding where there is cause."""

from typing import get_args

from emocore.data.checks.findings import FindingKind
from emocore.data.checks.sentences import SENTENCES
from emocore.data.checks.splits import check_splits
from tests.support.frames import LABELS, make_frame, make_texts


def test_good_splits_give_no_finding() -> None:
    authors = [f"author {row // 2}" for row in range(60)]
    train = make_frame(make_texts(60), groups=authors)
    dev = make_frame(make_texts(60, "other"), groups=[f"other {author}" for author in authors])
    assert check_splits({"train": train, "validation": dev}, LABELS) == ()


def test_what_puts_scores_in_doubt_comes_first() -> None:
    train = make_frame(["same", "a\x85", "b\u200b", "b\u200b"], ["10", "10", "11", "11"], groups=["ann"] * 4)
    dev = make_frame(["same", "c", "c"], ["00", "00", "01"], groups=["ann"] * 3)
    assert [finding.kind for finding in check_splits({"train": train, "test": dev}, LABELS)] == [
        "shared_texts", "contradicting_labels", "repeated_texts", "contradicting_labels", "shared_groups",
        "few_groups", "label_constant", "label_rare", "label_absent", "label_rare", "unlabelled_texts",
        "control_characters", "invisible_characters",
    ]  # fmt: skip


def test_every_kind_has_a_sentence() -> None:
    assert set(SENTENCES) == set(get_args(FindingKind))
