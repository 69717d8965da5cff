"""Rows of W&B against rows of the local file, without a server."""

import math
from typing import Any

import pytest

from emocore.tracking.remote import find_missing, last_values, merge_rows, read_numbers

TRAIN = {"step": 5, "seconds": 1.0, "train/loss": 0.5}
SCORES = {"step": 5, "seconds": 1.2, "validation/f1_macro": 0.3}


def there(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows as W&B gives them back."""
    return [
        row | {"_step": number, "_timestamp": 1.5, "train/global_step": row["step"]} for number, row in enumerate(rows)
    ]


def test_two_rows_of_one_step_are_one_and_the_later_value_wins() -> None:
    assert merge_rows(there(TRAIN, SCORES)) == {5: TRAIN | SCORES}
    replayed = TRAIN | {"train/loss": 0.4}
    assert merge_rows(there(TRAIN, SCORES, replayed))[5] == SCORES | replayed


def test_of_a_row_only_numbers_are_read() -> None:
    odd = {"train/loss": "high", "a": None, "b": [1], "c": {}, "d": 10**400}
    assert read_numbers(TRAIN | {"validation/f1_macro": "-Infinity"} | odd) == {
        "step": 5, "seconds": 1.0, "validation/f1_macro": -math.inf,
    }  # fmt: skip


def test_rows_without_a_step_are_not_ours() -> None:
    assert merge_rows([{"_step": 0, "loss": 1}]) == {}


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ([TRAIN, SCORES], []),
        ([], [TRAIN | SCORES]),
        ([SCORES], [{"step": 5, "train/loss": 0.5}]),
        ([TRAIN], [{"step": 5, "seconds": 1.2, "validation/f1_macro": 0.3}]),
        ([TRAIN, SCORES | {"validation/f1_macro": 0.2}], [{"step": 5, "validation/f1_macro": 0.3}]),
        ([TRAIN, SCORES | {"validation/f1_macro": 0.3 + 1e-12}], []),
    ],
    ids=["all", "nothing", "no training row", "no scores", "another value", "rounded"],
)
def test_only_what_the_server_lacks_is_missing(known: list[dict[str, Any]], missing: list[dict[str, Any]]) -> None:
    assert find_missing([TRAIN, SCORES], there(*known)) == missing
    assert find_missing([TRAIN, SCORES], there(*known, *missing)) == []


def test_a_loss_that_is_not_a_number_is_not_sent_again_and_again() -> None:
    row = TRAIN | {"train/loss": math.nan}
    assert find_missing([row], there(row)) == []
    assert len(find_missing([row], there(TRAIN))) == 1


def test_the_last_value_of_each_metric_is_that_of_the_highest_step() -> None:
    later = {"step": 10, "train/loss": 0.1}
    assert last_values([later, TRAIN, SCORES]) == {
        "step": 10, "seconds": 1.2, "train/loss": 0.1, "validation/f1_macro": 0.3, "train/global_step": 10,
    }  # fmt: skip
