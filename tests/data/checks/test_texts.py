"""Texts that are there more than once are found in a split and in two splits, and named with their rows."""

import pyarrow as pa
import pytest

from emocore.data.checks.findings import Finding
from emocore.data.checks.sentences import describe_finding
from emocore.data.checks.texts import TEXTS_AT_ONCE, check_texts, normalise
from tests.support.frames import LABELS, make_frame, make_texts

FILES = {"train": "train.csv", "validation": "dev.csv"}


def check(**frames: object) -> list[Finding]:
    return check_texts(frames, LABELS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("So happy today", "so HAPPY today"),
        ("so happy today", "so   happy\n today "),
        ("so happy today", "So happy... today!?"),
        ("so happy today", "#so #happy today"),
        ("so happy today", "@anna so happy @Jürgen_7 today"),
        ("so happy today", "so happy today https://t.co/x?a=1 www.a.org/b"),
        ("so happy today", "so ha\u200bppy to\u00adday\ufeff"),
        ("don't go", "don’t go"),
        ("a ❤️ b", "a ❤ b"),
    ],
)
def test_texts_that_differ_only_in_dress_have_one_form(one: str, other: str) -> None:
    first, second = normalise(pa.array([one, other])).to_pylist()
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("so happy today", "happy today so"),
        ("so happy today", "so happy"),
        ("happy 1", "happy 2"),
        ("so happy 😀", "so happy 😡"),
        (":)", ":("),
        ("@anna", "@bob"),
        ("https://a.org", "!!!"),
        ("schön", "schon"),
        ("की", "क"),
    ],
)
def test_texts_that_say_something_else_have_other_forms(one: str, other: str) -> None:
    first, second = normalise(pa.array([one, other])).to_pylist()
    assert first != second


def test_texts_in_two_splits_are_found_whatever_their_dress() -> None:
    train = make_frame(["So happy!", "a", "@anna so happy", "b"], ["01", "10", "01", "10"])
    dev = make_frame(["c", "#so happy https://t.co/x"], ["10", "01"])
    [found] = check(train=train, validation=dev)
    assert found == Finding(
        kind="shared_texts", splits=("train", "validation"), count=2, total=2, matching=1,
        rows=("id-2", "id-4"), row_numbers=(2, 4),
    )  # fmt: skip
    assert describe_finding(found, FILES) == (
        "train.csv, training split: 2 texts (rows 2 and 4) are the same or nearly the same as 1 of the 2 texts of the "
        "validation split, so its scores may be too high; remove them from the training split"
    )


def test_every_two_splits_are_compared() -> None:
    frames = {name: make_frame([name, "same"]) for name in ("train", "validation", "test")}
    assert [finding.splits for finding in check(**frames)] == [
        ("train", "validation"), ("train", "test"), ("validation", "test"),
    ]  # fmt: skip


def test_a_text_with_other_labels_is_found_in_a_split() -> None:
    train = make_frame(["same", "a", "same", "same", "Same"], ["10", "10", "01", "10", "01"])
    contradicting, repeated = check(train=train)
    assert (contradicting.kind, contradicting.row_numbers) == ("contradicting_labels", (2, 4, 5))
    assert (repeated.kind, repeated.row_numbers) == ("repeated_texts", (5,))
    assert describe_finding(contradicting, {}) == (
        "training split: 3 texts (rows 2, 4 and 5) are the same as others with other labels, so no model can be right "
        "about all of them; correct the labels, or keep one row of each text"
    )
    assert describe_finding(repeated, {}) == (
        "training split: 1 text (row 5) repeats an earlier one with the same labels, so some texts count more than "
        "once; remove this copy"
    )


def test_a_text_with_other_labels_is_found_in_two_splits() -> None:
    train = make_frame(["same", "a", "equal"], ["10", "10", "01"])
    dev = make_frame(["b", "same", "equal"], ["10", "01", "01"])
    shared, contradicting = check(train=train, validation=dev)
    assert (shared.kind, shared.row_numbers) == ("shared_texts", (2, 4))
    assert (contradicting.kind, contradicting.row_numbers) == ("contradicting_labels", (2,))
    assert describe_finding(contradicting, FILES) == (
        "train.csv, training split: 1 text (row 2) is also in the validation split, with other labels, so no model can "
        "be right in both splits; correct the labels, or remove it from the training split"
    )


def test_copies_far_apart_are_found() -> None:
    texts = make_texts(TEXTS_AT_ONCE + 10)
    texts[-1] = texts[1]
    [found] = check(train=make_frame(texts))
    assert (found.kind, found.row_numbers) == ("repeated_texts", (TEXTS_AT_ONCE + 11,))


def test_different_texts_give_no_finding() -> None:
    assert check(train=make_frame(make_texts(50)), validation=make_frame(make_texts(20, "other"))) == []
