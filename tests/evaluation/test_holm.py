"""Holm's correction, by hand."""

import numpy as np
import pytest

from emocore.evaluation.verdicts import adjust_holm


def test_holm_multiplies_the_smallest_p_by_most() -> None:
    """0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1; the last may not fall below the one before."""
    assert adjust_holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_gives_ties_the_same_and_stops_at_1() -> None:
    assert adjust_holm(np.array([0.02, 0.02, 0.02])) == pytest.approx([0.06, 0.06, 0.06])
    assert adjust_holm(np.array([0.5, 0.6, 0.4])) == pytest.approx([1, 1, 1])
    assert adjust_holm(np.array([0.03])) == pytest.approx([0.03])
    assert adjust_holm(np.array([])).tolist() == []


def test_holm_never_turns_the_order_round() -> None:
    p_values = np.random.default_rng(0).random(50) ** 3
    adjusted = adjust_holm(p_values)
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()
    assert (adjusted >= p_values).all() and adjusted.max() <= 1
