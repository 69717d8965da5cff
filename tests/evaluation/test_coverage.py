"""A short version of `make coverage`: how often intervals hold and verdicts are wrong where the truth is known.

Chance is the same in every run of these tests, so they cannot fail by bad luck. Their bounds are far enough from what
they measure to bear a few more or fewer data sets, and near enough that intervals 30 % narrower, or verdicts without
Holm's correction, fail.
"""

from functools import partial

import numpy as np
import pytest

from benchmarks.coverage import FIVE_POINTS, compare_once, cover_once
from tests.support.simulated import World

WORLD = World()
RESAMPLES = 400


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_hold_the_truth_in_about_95_of_100_data_sets(seeds: int) -> None:
    once = partial(cover_once, world=WORLD, seeds=seeds, resamples=RESAMPLES)
    held = np.stack([once(number) for number in range(200)])
    assert 0.90 <= held[:, 0].mean() <= 0.99  # macro-F1
    assert 0.93 <= held[:, 1:].mean() <= 0.98  # all emotions
    assert (held[:, 1:].mean(axis=0) >= 0.88).all()  # the rare ones too


@pytest.mark.parametrize(("seeds", "same"), [(1, True), (3, False)], ids=["one model, other noise", "other seeds"])
def test_no_difference_is_rarely_told_apart(seeds: int, same: bool) -> None:
    once = partial(compare_once, world=WORLD, seeds=seeds, resamples=RESAMPLES, gain=0.0, same=same)
    found = np.stack([once(number) for number in range(150)])
    assert found[:, 0].mean() <= 0.10  # macro-F1
    assert found.any(axis=1).mean() <= 0.10  # or any emotion


def test_five_points_are_mostly_found_with_three_seeds() -> None:
    assert (WORLD.expected_f1(FIVE_POINTS) - WORLD.expected_f1()).mean() == pytest.approx(0.05, abs=0.0005)
    once = partial(compare_once, world=WORLD, seeds=3, resamples=RESAMPLES, gain=FIVE_POINTS, same=False)
    assert np.mean([once(number)[0] for number in range(100)]) >= 0.80
