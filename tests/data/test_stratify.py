"""The held-back rows follow from content and seed alone, keep every label's share, and divide neither copies nor
groups."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from emocore.data.stratify import number_units, order_rows, pick_rows

ALIKE = ["So sad", "so  SAD!", "@anna so\tsad\nnow https://a.example", "glad", "So sad now"]


def make_rows(shares: Sequence[float], rows: int = 600) -> pd.DataFrame:
    """Different texts with a column per label, which has about the given share; drawn by SHA-256, so always the
    same."""
    texts = [f"text {number}" for number in range(rows)]
    draws = np.array(
        [[sha256(f"{text} {place}".encode()).digest()[0] for place in range(len(shares))] for text in texts]
    )
    labels = pd.DataFrame((draws < 256 * np.array(shares)).astype(np.int8), columns=name_labels(shares))
    return pd.DataFrame({"row_id": range(rows), "text": texts}).join(labels)


def name_labels(shares: Sequence[float]) -> list[str]:
    return [f"label {place}" for place in range(len(shares))]


def pick(frame: pd.DataFrame, share: float = 0.2, seed: int = 1, labels: Sequence[str] = ()) -> pd.DataFrame:
    """The rows that are held back."""
    labels = labels or [column for column in frame if column.startswith("label")]
    ordered = order_rows(frame, labels, seed)
    return ordered[pick_rows(ordered, labels, share, seed)]


def test_rows_are_ordered_by_content_and_seed() -> None:
    frame = make_rows([0.5, 0.2])
    frame.loc[7, "text"] = frame.loc[3, "text"]
    labels = name_labels([0.5, 0.2])
    ordered = order_rows(frame, labels, 1)
    turned = order_rows(frame.iloc[::-1], labels, 1)
    assert ordered[["text", *labels]].to_numpy().tolist() == turned[["text", *labels]].to_numpy().tolist()
    assert ordered["text"].tolist() != order_rows(frame, labels, 2)["text"].tolist()
    assert sorted(ordered["row_id"]) == list(range(600))


def test_copies_in_several_groups_have_an_order_of_their_own() -> None:
    frame = pd.DataFrame({"text": ["an advert"] * 9, "group_name": list("abcdefghi"), "label 0": [0] * 9})
    orders = {tuple(order_rows(one, ["label 0"], 1)["group_name"]) for one in (frame, frame[::-1])}
    assert len(orders) == 1


def test_copies_of_a_text_are_one_unit_also_if_they_are_only_nearly_the_same() -> None:
    assert number_units(pd.DataFrame({"text": ALIKE})).tolist() == [0, 0, 1, 2, 1]


def test_groups_that_have_copies_of_a_text_are_one_unit() -> None:
    frame = pd.DataFrame({"text": ["a", "b", "B", "c", "d", "e"], "group_name": list("xxyyzz")})
    assert number_units(frame).tolist() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("count", [2, 3, 11, 28, 100])
def test_every_label_keeps_its_share(count: int, seed: int) -> None:
    shares = [0.5 / (1 + place / 3) for place in range(count)]
    frame = make_rows(shares)
    held = pick(frame, seed=seed)[name_labels(shares)]
    totals = frame[name_labels(shares)].sum()
    assert len(held) == 120
    assert (held.sum() - 0.2 * totals).abs().max() <= (1 if count <= 11 else 3)


@pytest.mark.parametrize(("positives", "wanted"), [(1, 0), (2, 0), (3, 1), (7, 1), (8, 2), (13, 3)])
def test_a_rare_label_keeps_its_rounded_share(positives: int, wanted: int) -> None:
    frame = make_rows([0.4, 0.3, 0.1]).assign(**{"label 3": np.int8(0)})
    frame.loc[:: 600 // positives, "label 3"] = 1
    frame.loc[(600 // positives) * positives :, "label 3"] = 0
    assert frame["label 3"].sum() == positives
    assert {pick(frame, seed=seed)["label 3"].sum() for seed in range(5)} == {wanted}


def test_combinations_of_labels_keep_their_shares_too() -> None:
    frame = make_rows([0.5, 0.4, 0.3])
    held = pick(frame).value_counts(name_labels([0.5, 0.4, 0.3]))
    wanted = 0.2 * frame.value_counts(name_labels([0.5, 0.4, 0.3]))
    assert (held.reindex(wanted.index, fill_value=0) - wanted).abs().max() < 1


def test_neither_the_order_of_rows_nor_that_of_labels_counts() -> None:
    frame = make_rows([0.5, 0.3, 0.2, 0.1])
    held = set(pick(frame)["text"])
    shuffled = frame.sample(frac=1, random_state=3)
    assert set(pick(shuffled)["text"]) == held != set(pick(frame, seed=2)["text"])
    assert set(pick(frame, labels=["label 3", "label 1", "label 0", "label 2"])["text"]) == held


@pytest.mark.parametrize("has_groups", [False, True])
def test_copies_and_groups_are_not_divided(has_groups: bool) -> None:
    frame = make_rows([0.5, 0.3, 0.1])
    frame["text"] = [f"{'Text' if row % 2 else 'text '} {row % 371}" for row in range(600)]
    if has_groups:
        frame["group_name"] = [f"author {row % 371 % 90}" for row in range(600)]
    held = pick(frame)
    kept = frame[~frame["row_id"].isin(held["row_id"])]
    for column in ("text", "group_name") if has_groups else ("text",):
        sides = [set(side[column].str.casefold().str.split().str.join(" ")) for side in (held, kept)]
        assert not sides[0] & sides[1]
    assert len(held) == pytest.approx(120, abs=4)
    labels = name_labels([0.5, 0.3, 0.1])
    assert (held[labels].mean() - frame[labels].mean()).abs().max() < 0.02


def test_a_text_with_very_many_copies_is_not_held_back() -> None:
    frame = make_rows([0.5, 0.3])
    frame.loc[:299, "text"] = "the same"
    for seed in range(5):
        held = pick(frame, seed=seed)
        assert len(held) == 120 and "the same" not in set(held["text"])


def test_large_groups_are_held_back_as_often_as_small_ones() -> None:
    """Else the scores would be those of authors who write little."""
    frame = make_rows([0.5, 0.3])
    frame["group_name"] = [f"large {row // 6}" if row < 300 else f"small {row // 2}" for row in range(600)]
    large = [pick(frame, seed=seed)["group_name"].str.startswith("large").mean() for seed in range(20)]
    assert np.mean(large) == pytest.approx(0.5, abs=0.08)
