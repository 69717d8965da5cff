"""Tuned thresholds: by hand, and against every threshold of the grid tried with scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from emocore.thresholds import FEWEST_POSITIVES, GRID, tune_by_emotion, tune_common


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def search(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(thresholds, labels) F1 at every threshold of the grid, by scikit-learn."""
    return np.array([f1_score(truth, probabilities >= cut, average=None, zero_division=0) for cut in GRID])


def random_case(seed: int, texts: int = 120, labels: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Rare emotions last, and probabilities that often lie exactly on a threshold."""
    random = np.random.default_rng(seed)
    truth = (random.random((texts, labels)) < np.linspace(0.5, 0.02, labels)).astype(np.int8)
    noise = random.normal(np.where(truth == 1, 0.5, 0.3), 0.2)
    return truth, np.clip(noise, 0, 1).round(2)


def test_the_grid_is_every_hundredth_between_0_and_1() -> None:
    assert GRID.tolist() == [number / 100 for number in range(1, 100)]


def test_the_best_threshold_lies_in_the_middle_of_those_that_separate() -> None:
    """0.31 to 0.60 split the texts without an error: thirty thresholds, the upper of the two middle ones."""
    assert tune_common(column(0, 0, 1, 1).astype(int), column(0.1, 0.3, 0.6, 0.9)) == 0.46


def test_a_probability_on_the_threshold_counts_as_predicted() -> None:
    """Only thresholds 0.35 and 0.36 separate 0.345 from 0.36: 0.36 is one of them, 0.37 is not."""
    assert tune_common(column(0, 1).astype(int), column(0.345, 0.36)) == 0.36


def test_a_false_alarm_is_bought_where_it_is_worth_it() -> None:
    """Below 0.2: 3 hits, 1 false alarm, F1 6/7. Above: 2 hits, F1 4/5. So 0.11 to 0.20 are best."""
    truth, probabilities = column(1, 1, 1, 0).astype(int), column(0.9, 0.8, 0.2, 0.5)
    assert tune_common(truth, np.vstack([probabilities[:3], column(0.5)])) == 0.11
    truth, probabilities = column(1, 1, 1, 0, 0).astype(int), column(0.9, 0.8, 0.2, 0.1, 0.5)
    assert tune_common(truth, probabilities) == 0.16


def test_where_nothing_can_be_found_the_threshold_is_one_half() -> None:
    nothing = np.zeros((20, 3), dtype=int)
    assert tune_common(nothing, np.full((20, 3), 0.7)) == 0.5
    assert tune_by_emotion(nothing, np.full((20, 3), 0.7)).tolist() == [0.5, 0.5, 0.5]
    assert tune_by_emotion(nothing[:0], np.zeros((0, 3))).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("positives", "own"), [(FEWEST_POSITIVES - 1, 0.86), (FEWEST_POSITIVES, 0.16)])
def test_a_rare_emotion_takes_the_common_threshold(positives: int, own: float) -> None:
    """The last of seven emotions is separated only from 0.11 to 0.20, the others from 0.81 to 0.90. Above 0.80
    macro-F1 is 6/7; up to 0.20 the others are always on, F1 0.8, and it is (6 * 0.8 + 1) / 7: less."""
    truth = np.zeros((60, 7), dtype=int)
    truth[:40, :6] = truth[60 - positives :, 6] = 1
    probabilities = np.where(truth == 1, [0.9] * 6 + [0.2], [0.8] * 6 + [0.1])
    assert tune_common(truth, probabilities) == 0.86
    assert tune_by_emotion(truth, probabilities).tolist() == [0.86] * 6 + [own]


@pytest.mark.parametrize("labels", [7, 11, 28])
def test_no_threshold_of_the_grid_is_better(labels: int) -> None:
    truth, probabilities = random_case(labels, labels=labels)
    emotions = search(truth, probabilities)
    macro = emotions.mean(axis=1)
    common = tune_common(truth, probabilities)
    chosen = tune_by_emotion(truth, probabilities)
    assert macro[common == GRID].tolist() == pytest.approx([macro.max()], abs=1e-12)
    best = np.flatnonzero(macro >= macro.max() - 1e-12)
    assert common == GRID[best[len(best) // 2]]
    for place, threshold in enumerate(chosen):
        if truth[:, place].sum() < FEWEST_POSITIVES:
            assert threshold == common
        else:
            assert emotions[threshold == GRID, place] == pytest.approx(emotions[:, place].max(), abs=1e-12)


def test_thresholds_by_emotion_are_never_worse_on_the_texts_they_were_tuned_on() -> None:
    truth, probabilities = random_case(0)
    truth, probabilities = truth[:, :6], probabilities[:, :6]  # all of them frequent
    macro = [
        f1_score(truth, probabilities >= cut, average="macro")
        for cut in (0.5, tune_common(truth, probabilities), tune_by_emotion(truth, probabilities))
    ]
    assert macro == sorted(macro)


def test_each_emotion_is_tuned_as_if_it_were_the_only_one() -> None:
    truth, probabilities = random_case(1)
    chosen = tune_by_emotion(truth, probabilities)
    for place in np.flatnonzero(truth.sum(axis=0) >= FEWEST_POSITIVES):
        assert chosen[place] == tune_common(truth[:, [place]], probabilities[:, [place]])
