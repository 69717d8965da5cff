"""A short version of `make coverage`: how often intervals hold and verdicts are wrong where the truth is known.

Chance is the same in every run of these tests, so they cannot fail by bad luck. Their bounds are far enough from what
they measure to bear a few more or fewer studies, and near enough that intervals 30 % narrower, or verdicts without
Holm's correction for all pairs and emotions, fail.
"""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.coverage.cells import Cell
from benchmarks.coverage.grid import (
    MANY_LABELS,
    MEASURED,
    NO_GAPS,
    REAL_GAPS,
    VARIED,
    default_grid,
    full_grid,
    study_cell,
)
from benchmarks.coverage.intervals import IntervalCell
from benchmarks.coverage.studies import StudyCell
from emocore.evaluation.predictions import ThresholdPolicy
from tests.support.simulated import GROUPS, World, goemotions_world


def simulate(cell: Cell, studies: int) -> dict[str, np.ndarray]:
    """Each column of a cell, (studies,)."""
    small = replace(cell, resamples=300)
    rows = np.array([small.simulate(number) for number in range(studies)])
    return dict(zip(cell.columns, rows.T, strict=True))


def cover(world: World, seeds: int, studies: int) -> tuple[dict[str, float], np.ndarray]:
    """Means of what is said about macro-F1, and how often the interval of each emotion holds."""
    found = simulate(IntervalCell(name="", world=world, seeds=seeds), studies)
    means = {name: float(own.mean()) for name, own in found.items()}
    return means, np.array([share for name, share in means.items() if name.startswith("held")])


def share_of_studies_with(*columns: np.ndarray) -> float:
    return float((sum(columns) > 0).mean())


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_hold_the_truth_in_about_95_of_100_data_sets(seeds: int) -> None:
    macro, emotions = cover(World(), seeds, 150)
    assert 0.01 <= macro["below"] + macro["above"] <= 0.10
    assert 0.93 <= emotions.mean() <= 0.98
    assert (emotions >= 0.88).all()  # the rare ones too


@pytest.mark.parametrize(("weak", "seeds"), [(True, 3), (False, 1)], ids=["weak model", "strong model"])
def test_macro_f1_of_28_mostly_rare_labels_is_missed_on_either_side(weak: bool, seeds: int) -> None:
    """Without reaching much further than a t interval, above which the strong model's is in one data set of five."""
    macro, _ = cover(goemotions_world(weak=weak), seeds, 150)
    assert 0 < macro["below"] <= 0.05
    assert 0 < macro["above"] <= 0.05
    assert macro["width"] <= 1.4 * macro["plain_width"]


@pytest.mark.parametrize(
    ("world", "design"),
    [(World(seed_shift=0.0, seed_skill=0.0), "1 seed"), (World(), "3 seeds")],
    ids=["equal seeds, other noise", "other seeds"],
)
def test_two_methods_without_a_difference_are_rarely_told_apart(world: World, design: str) -> None:
    found = simulate(study_cell("A/A", world, design, "fixed", 886, (0.0, 0.0)), 70)
    assert share_of_studies_with(found["false overall"]) <= 0.10
    assert share_of_studies_with(found["false overall"], found["false emotions"]) <= 0.10


def test_intervals_and_pairs_hold_with_groups_and_not_without() -> None:
    """Of 90 authors, whose texts are alike; three seeds of the same model with other noise are told apart."""
    held, told = {}, {}
    for tells in (True, False):
        world = World(**GROUPS, tells_groups=tells)
        macro, _ = cover(world, 3, 60)
        held[tells] = 1 - macro["below"] - macro["above"]
        still = replace(world, seed_shift=0.0, seed_skill=0.0)
        found = simulate(study_cell("A/A", still, "3 seeds", "fixed", 886, (0.0, 0.0)), 60)
        told[tells] = tuple(share_of_studies_with(found[name]) for name in ("false overall", "false emotions"))
    assert held[True] >= 0.90 > 0.85 >= held[False]
    assert max(told[True]) <= 0.10
    assert told[False][0] >= 0.10 and told[False][1] >= 0.30


def test_five_points_are_mostly_found_with_three_seeds() -> None:
    found = simulate(study_cell("gap", World(), "3 seeds", "fixed", 886, (0.0, 5.0)), 40)
    assert found["found 5"].mean() >= 0.80


@pytest.mark.parametrize(
    ("world", "design", "policy", "studies"),
    [
        (VARIED, "1 seed", "fixed", 30),
        (VARIED, "3 seeds", "fixed", 30),
        (VARIED, "3 replicates", "fixed", 30),
        (MEASURED, "3 replicates", "tuned", 15),
        (MANY_LABELS, "3 replicates", "fixed", 15),
    ],
    ids=["1 seed", "3 seeds", "3 replicates", "tuned thresholds", "28 labels"],
)
def test_few_studies_of_five_equal_methods_find_a_difference(
    world: World, design: str, policy: ThresholdPolicy, studies: int
) -> None:
    """A draw of the training texts moves all methods alike by 0.8 points, and two of them apart by 0.6."""
    found = simulate(study_cell("A/A", world, design, policy, 886), studies)
    assert share_of_studies_with(found["false overall"]) <= 0.10
    assert share_of_studies_with(found["false emotions"]) <= 0.10
    assert share_of_studies_with(found["false overall"], found["false emotions"]) <= 0.14
    assert found["above"].mean() / 10 <= 0.06 and found["below"].mean() / 10 <= 0.06  # of 10 pairs


@pytest.mark.parametrize(("design", "emotions"), [("3 seeds", 30), ("5 replicates", 35)])
def test_studies_of_five_methods_find_most_differences(design: str, emotions: int) -> None:
    found = simulate(study_cell("gaps", VARIED, design, "fixed", 886, REAL_GAPS), 10)
    # Of 9 pairs and 99 emotions of pairs that differ.
    assert found["true overall"].mean() >= 7 and found["true emotions"].mean() >= emotions


def test_three_points_between_two_of_five_methods_are_mostly_found() -> None:
    found = simulate(study_cell("gaps", MEASURED, "5 replicates", "tuned", 886, (0.0, 0.0, 3.0, 9.6, 12.7)), 15)
    assert found["found 3"].mean() / 2 >= 0.80  # of two pairs


def test_cells_are_named_once_and_a_default_run_has_each_at_most_once() -> None:
    every, chosen = [cell.name for cell in full_grid()], [cell.name for cell in default_grid()]
    assert len(set(every)) == len(every) and len(set(chosen)) == len(chosen)
    assert set(chosen) < set(every)


def test_a_pair_counts_by_how_far_it_is_apart() -> None:
    cell = study_cell("gaps", World(), "1 seed", "fixed", 886, REAL_GAPS)
    assert isinstance(cell, StudyCell)
    assert cell.pairs_of_gap == {0: 1, 3.1: 1, 3.3: 2, 6.3: 1, 9.4: 1, 9.6: 2, 12.7: 2}
    assert study_cell("A/A", World(), "1 seed", "fixed", 886, NO_GAPS).pairs_of_gap == {0: 10}
