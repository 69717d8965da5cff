"""The simulated worlds: their differences vary as they say, and thresholds are tuned as in a real study."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.coverage.studies import StudyCell
from emocore.evaluation.bootstrap import score
from emocore.evaluation.verdicts import Verdicts
from tests.support.simulated import ALIKE, GAIN_OF_A_POINT, SEED_SHIFTS, TEXT_NOISE, World, tune_on, use_thresholds

RUNS = 4


def deviations_in_the_population(world: World) -> tuple[float, float]:
    """In points of macro-F1: of the seeds of a method, and of differences between two methods over draws of the
    training texts, without what the seeds add."""
    random = np.random.default_rng(3)
    seeds = world.true_f1(*world.draw_seeds(random, 20_000)).mean(axis=1).std()
    first, second = (world.true_f1(*own).mean(axis=1) for own in world.draw_replicates(random, 2, 20_000))
    return 100 * seeds, 100 * np.sqrt((first - second).var() - 2 * seeds**2)


def deviations_by_texts(world: World, texts: int, is_tuned: bool) -> tuple[float, float]:
    """In points of macro-F1, over draws of so many evaluation texts, for methods that do not differ: of the differences
    between single runs, and of those between means over very many runs.

    They follow from how much each of many texts moves F1 = 2 hits / (predicted + true) (the delta method)."""
    model = (np.zeros((RUNS, len(world.shares))), np.zeros((RUNS, 1)), 0.0)
    many, random = replace(world, texts=40_000), np.random.default_rng(0)
    predictions = many.draw(random, [model, model])
    if is_tuned:
        [thresholds] = tune_on(many.draw(random, [(np.zeros((1, 11)), np.zeros((1, 1)), 0.0)]))
        predictions = use_thresholds(predictions, np.tile(thresholds, (2 * RUNS, 1)))
    hits = predictions.predicted & predictions.truth
    either = predictions.predicted.astype(int) + predictions.truth
    f1 = 2 * hits.sum(axis=1) / either.sum(axis=1)
    moved = ((2 * hits - f1[:, None] * either) / either.mean(axis=1)[:, None]).mean(axis=2)
    differences = moved[:RUNS] - moved[RUNS:]
    single, own = differences.var(axis=1).mean(), differences.var(axis=0, ddof=1).mean()
    return 100 * np.sqrt(single / texts), 100 * np.sqrt((differences.mean(axis=0).var() - own / RUNS) / texts)


def test_two_alike_methods_vary_as_lora_and_qlora_do() -> None:
    seeds, draws = deviations_in_the_population(World(**ALIKE))
    assert seeds == pytest.approx(0.31, rel=0.1) and draws == pytest.approx(0.45, rel=0.1)
    _, shared = deviations_by_texts(World(**ALIKE), 3_259, is_tuned=False)
    assert shared == pytest.approx(0.12, rel=0.1)


def test_texts_move_two_methods_apart_as_lora_and_ia3() -> None:
    single, shared = deviations_by_texts(World(**TEXT_NOISE), 3_259, is_tuned=True)
    # Fixed thresholds leave more chance in the texts.
    assert deviations_by_texts(World(**TEXT_NOISE), 3_259, is_tuned=False)[0] > 1.2 * single
    assert single == pytest.approx(0.39, rel=0.1) and shared == pytest.approx(0.21, rel=0.1)


@pytest.mark.parametrize("points", [1.0, 3.3, 12.7])
def test_a_gap_is_of_as_many_points_with_fixed_thresholds(points: float) -> None:
    gain = -GAIN_OF_A_POINT["fixed"] * points
    for world in (World(), World(seed_shift=SEED_SHIFTS), World(**ALIKE)):
        lost = 100 * (world.expected_f1() - world.expected_f1(gain)).mean()
        assert lost == pytest.approx(points, rel=0.02)


def test_a_gap_is_of_as_many_points_with_tuned_thresholds() -> None:
    before, after = (World().tuned_f1(gain, draws=60) for gain in (0.0, -3 * GAIN_OF_A_POINT["tuned"]))
    assert 100 * (before - after).mean() == pytest.approx(3, rel=0.1)
    assert (before > World().mean_f1).mean() > 0.8, "tuning should help most emotions"


def test_tuned_thresholds_come_from_other_texts_than_those_that_they_score() -> None:
    world, random = World(texts=3_259), np.random.default_rng(1)
    models = [(*world.draw_seeds(random, 2), 0.0)]
    predictions, validation = world.draw(random, models), world.draw_validation(random, models)
    thresholds = tune_on(validation)
    assert len(validation.truth) == 886 and thresholds.shape == (2, 11)
    tuned = use_thresholds(predictions, thresholds)
    assert (tuned.predicted == (predictions.probabilities >= thresholds[:, None])).all()
    assert score(tuned).metrics["f1_macro"].min() > score(predictions).metrics["f1_macro"].max()


CELL = StudyCell(
    name="", world=World(), runs=(1, 1, 1), gaps=(0.0, 0.4, 1.0), is_by_draw=False, thresholds="fixed"
)  # fmt: skip


def verdicts_of(words: dict[tuple[int, int], str], emotion: str) -> Iterator[dict[str, Any]]:
    for (first, second), word in words.items():
        yield {"first": f"method {first}", "second": f"method {second}", "emotion": emotion, "verdict": word}


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (("leans better", "open", "leans worse"), (0, 0, 0, 0)),
        (("better", "better", "better"), (0, 3, 0, 0)),
        (("worse", "better", "open"), (1, 1, 0, 0)),
        (("equal", "equal", "equal"), (1, 0, 2, 1)),  # two of the pairs are within the margin, and one is not
    ],
)
def test_only_verdicts_that_claim_something_can_be_false(words: tuple[str, ...], counts: tuple[int, ...]) -> None:
    by_pair = dict(zip([(0, 1), (0, 2), (1, 2)], words, strict=True))
    rows = [*verdicts_of(by_pair, ""), *verdicts_of(by_pair, "joy")]
    table = pd.DataFrame(rows).assign(low_95=-1.0, high_95=1.0)
    random = np.random.default_rng(0)
    found = CELL.count(CELL.draw(random), Verdicts(table))
    told = [found[name] for name in ("false overall", "true overall", "equal", "false equal")]
    assert told == list(counts)
    assert [found["false emotions"], found["true emotions"]] == [told[0] - told[3], told[1]], "no emotion is too equal"


def test_an_interval_misses_above_or_below_where_nothing_differs() -> None:
    cell = replace(CELL, gaps=(0.0, 0.0, 1.0))
    rows = [*verdicts_of({(0, 1): "better", (0, 2): "better"}, "")]
    table = pd.DataFrame(rows).assign(low_95=[0.1, 0.1], high_95=[0.2, 0.2])
    found = cell.count(cell.draw(np.random.default_rng(0)), Verdicts(table))
    assert (found["above"], found["below"]) == (1, 0)
