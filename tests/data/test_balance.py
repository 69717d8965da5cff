"""Chosen units come near to the wanted counts, as near as a single exchange can bring them."""

from itertools import product

import numpy as np
import pytest

from emocore.data.balance import Balance


def draw_counts(seed: int, units: int, largest: int = 1) -> np.ndarray:
    """(units, 4) texts of each unit and how many of them have each of three labels."""
    random = np.random.default_rng(seed)
    texts = random.integers(1, largest + 1, units)
    return np.column_stack([texts, *(random.binomial(texts, share) for share in (0.5, 0.3, 0.1))]).astype(np.int64)


def choose(counts: np.ndarray, share: float) -> np.ndarray:
    return Balance(counts, np.zeros(counts.shape[1], dtype=np.int64), counts.sum(axis=0), share).choose()


def miss(counts: np.ndarray, chosen: np.ndarray, share: float) -> float:
    totals = counts.sum(axis=0)
    return float(((counts[chosen].sum(axis=0) - share * totals) ** 2 / np.maximum(totals, 1)).sum())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("largest", [1, 9])
def test_no_exchange_comes_nearer(seed: int, largest: int) -> None:
    counts = draw_counts(seed, 60, largest)
    chosen = choose(counts, 0.25)
    best = miss(counts, chosen, 0.25)
    for one, other in product(np.flatnonzero(chosen), np.flatnonzero(~chosen)):
        exchanged = chosen.copy()
        exchanged[[one, other]] = False, True
        assert miss(counts, exchanged, 0.25) >= best - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_it_is_about_as_near_as_the_best_of_all_choices(seed: int) -> None:
    counts = draw_counts(seed, 12, 3)
    best = min(miss(counts, np.array(choice), 0.3) for choice in product([False, True], repeat=12))
    assert miss(counts, choose(counts, 0.3), 0.3) <= best + 0.2


@pytest.mark.parametrize("share", [0.1, 0.15, 1 / 3, 0.49])
def test_units_of_one_text_have_exactly_the_wanted_number(share: float) -> None:
    for units in (20, 67, 150):
        assert choose(draw_counts(1, units), share).sum() == round(share * units)


def test_what_is_chosen_already_counts() -> None:
    counts = draw_counts(2, 40)
    totals = counts.sum(axis=0)
    assert not Balance(counts, totals // 4, totals, 0.2).choose().any()


def test_of_nothing_nothing_is_chosen() -> None:
    assert choose(np.zeros((0, 3), dtype=np.int64), 0.2).tolist() == []
