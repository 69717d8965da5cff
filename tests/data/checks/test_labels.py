"""Labels that cannot be learned or scored are found by split, and so are copied ones and texts without any."""

import pytest

from emocore.data.checks.findings import WHOLE_FILE, Finding
from emocore.data.checks.labels import check_labels
from emocore.data.checks.sentences import MOST_LABELS_NAMED, describe_finding
from tests.support.frames import LABELS, make_frame, make_texts

USUAL = ["10", "01", "00", "11"] * 5


def check(labels: list[str], split: str = "train") -> list[Finding]:
    return check_labels({split: make_frame(make_texts(len(labels)), labels)}, LABELS)


@pytest.mark.parametrize(
    ("split", "effect"),
    [
        ("train", "training split: no text has joy, so it cannot be learned"),
        (
            "validation",
            "validation split: no text has joy, so F1 of it is 0 there and macro-F1 is lower than it would be",
        ),
        (WHOLE_FILE, "no text has joy, so it can be neither learned nor scored with this file"),
    ],
)
def test_a_label_that_no_text_has_is_found(split: str, effect: str) -> None:
    [found] = check(["10", "10", "10", "00"] * 3, split)
    assert found == Finding(kind="label_absent", splits=(split,), labels=("joy",), count=0, total=12)
    assert describe_finding(found, {}) == f"{effect}; add texts with it, or leave this label out"


def test_several_labels_that_no_text_has_are_one_finding() -> None:
    absent, unlabelled = check(["00"] * 4)
    assert absent.labels == LABELS and unlabelled.kind == "unlabelled_texts"
    assert "no text has anger or joy, so they cannot be learned; add texts with them" in describe_finding(absent, {})


def test_a_label_that_every_text_has_is_found() -> None:
    [found] = check(["11", "01", "11", "01"] * 3, "test")
    assert found == Finding(kind="label_constant", splits=("test",), labels=("joy",), count=12, total=12)
    assert describe_finding(found, {"test": "gold.csv"}) == (
        "gold.csv, test split: every text has joy, so there is nothing to tell apart; add texts without it, or leave "
        "this label out"
    )


@pytest.mark.parametrize(
    ("split", "purpose"), [("train", "learn"), ("validation", "score"), (WHOLE_FILE, "learn or to score")]
)
def test_labels_that_hardly_any_text_has_are_found_with_their_rows(split: str, purpose: str) -> None:
    [found] = [own for own in check(["10", "01", "00", "10", *["00"] * 16], split) if own.kind == "label_rare"]
    assert (found.labels, found.positives, found.row_numbers, found.count) == (LABELS, (2, 1), (2, 3, 5), 3)
    assert describe_finding(found, {}).endswith(
        f"of 20 texts, only 2 have anger and 1 has joy (rows 2, 3 and 5), too few to {purpose}; add texts with them, "
        "or leave these labels out"
    )


def test_equal_labels_are_found_if_no_split_tells_them_apart() -> None:
    copies, others = make_frame(make_texts(9), ["11", "00", "11"] * 3), make_frame(make_texts(4), USUAL[:4])
    [found] = check_labels({"train": copies, "test": copies}, LABELS)
    assert found == Finding(kind="labels_equal", splits=("train", "test"), labels=LABELS, count=18, total=18)
    assert describe_finding(found, {"train": "a.csv", "test": "a.csv"}) == (
        "a.csv: the labels anger and joy are equal in every row, so they are copies; keep one of them by naming the "
        "labels in the setting label_columns"
    )
    assert "labels_equal" not in {own.kind for own in check_labels({"train": copies, "test": others}, LABELS)}


def test_rare_labels_may_be_equal_by_chance() -> None:
    assert "labels_equal" not in {own.kind for own in check(["11", *["00"] * 19])}


def test_texts_without_labels_are_told_only_where_they_are_most() -> None:
    assert check([*USUAL, *["00"] * 10]) == []
    found = check([*USUAL, *["00"] * 11])
    assert [(own.kind, own.count, own.total) for own in found] == [("unlabelled_texts", 16, 31)]
    assert describe_finding(found[0], {}) == (
        "training split: 16 of 31 texts (52%; rows 4, 8, 12, 16, 20 and 11 more) have no label; check that all labels "
        "were read, and leave out texts that nobody has labelled"
    )


def test_of_many_labels_the_first_are_named() -> None:
    labels = tuple(f"label {number}" for number in range(MOST_LABELS_NAMED + 3))
    found = Finding(kind="label_absent", splits=("train",), labels=labels, count=0, total=9)
    assert f"label {MOST_LABELS_NAMED - 1} or 3 more, so they" in describe_finding(found, {})
