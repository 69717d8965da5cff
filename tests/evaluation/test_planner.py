"""What a study will be able to see: its power against simulated studies, and sentences about it."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.planner import (
    POWER,
    Chance,
    describe_needs,
    describe_plan,
    forecast_gap,
    forecast_power,
    measure_chance,
    needed_repetitions,
    needed_texts,
    smallest_gap,
    typical_chance,
)
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.verdicts import compare_pairs
from tests.support.simulated import DRAWS, GAIN_OF_A_POINT, SEED_SHIFTS, World

WORLD = World(seed_shift=SEED_SHIFTS, **DRAWS)
REPLICATES = 5
GAPS = (0.0, 3.0, 0.5, 9.6)


def draw_study(number: int, draws: bool = True) -> Predictions:
    random = np.random.default_rng([29, number])
    trained = WORLD.draw_replicates(random, len(GAPS), REPLICATES)
    models = [(*own, -GAIN_OF_A_POINT["fixed"] * gap) for own, gap in zip(trained, GAPS, strict=True)]
    names = tuple(map(str, range(REPLICATES))) * len(GAPS) if draws else ("",) * REPLICATES * len(GAPS)
    return replace(WORLD.draw(random, models), draws=names)


@pytest.fixture(scope="module")
def measured() -> Chance:
    """In the root mean square over studies, since one with few replicates says little."""
    parts = np.array([astuple(measure_chance(draw_study(number)))[:3] for number in range(30)])
    return Chance(*np.sqrt((parts**2).mean(axis=0)).tolist(), "draw")


def test_the_forecast_is_the_share_of_simulated_studies_with_a_verdict(measured: Chance) -> None:
    forecast = forecast_power(np.array(GAPS) / 100, measured, WORLD.texts, REPLICATES)
    found = []
    for number in range(60):
        predictions = draw_study(number)
        verdicts = compare_pairs(predictions, score(predictions), resample(predictions, 300, seed=number))
        found.append(verdicts.overall["verdict"] == "better")
    seen = np.mean(found, axis=0)  # in the order of combinations, as the forecast
    assert forecast[[2, 5]].min() > 0.95 and seen[[2, 5]].min() > 0.9  # the last is far below the others
    assert seen[0] == pytest.approx(forecast[0], abs=0.15)  # 3 points


def test_what_was_measured_is_what_was_simulated(measured: Chance) -> None:
    """Differences of two methods vary by their own seeds and draws, and not by what a draw does to both."""
    random = np.random.default_rng(5)
    trained = WORLD.draw_replicates(random, 2, 4_000)
    macro = [WORLD.true_f1(*own).mean(axis=1) for own in trained]
    assert measured.repetition_deviation == pytest.approx((macro[0] - macro[1]).std(), rel=0.2)
    seeds = measure_chance(draw_study(0, draws=False))
    assert seeds and seeds.kind == "seed"
    assert measure_chance(replace(draw_study(0), series=tuple(map(str, range(20))))) is None


@pytest.mark.parametrize("methods", [2, 5])
@pytest.mark.parametrize("repetitions", [1, 3])
def test_the_smallest_gap_is_found_as_often_as_it_says(methods: int, repetitions: int) -> None:
    chance = typical_chance("seed")
    gap = smallest_gap(chance, 886, repetitions, methods)
    assert forecast_gap(gap, chance, 886, repetitions, methods) == pytest.approx(POWER, abs=0.01)
    assert smallest_gap(chance, 3_259, repetitions, methods) < gap
    assert smallest_gap(chance, 886, repetitions + 2, methods) < gap


def test_without_a_gap_a_verdict_is_as_rare_as_it_should_be() -> None:
    assert forecast_power([0.0] * 5, typical_chance("draw"), 886, 5).sum() == 0  # none would be right
    assert forecast_gap(1e-9, typical_chance("draw"), 886, 5, 2) == pytest.approx(0.025, abs=0.01)


def test_what_a_gap_takes_is_the_least_that_finds_it() -> None:
    chance = typical_chance("draw")
    runs, texts = needed_repetitions(0.03, chance, 886, 3), needed_texts(0.03, chance, 5, 3)
    assert runs and texts
    assert forecast_gap(0.03, chance, 886, runs, 3) >= POWER > forecast_gap(0.03, chance, 886, runs - 1, 3)
    assert forecast_gap(0.03, chance, texts, 5, 3) >= POWER > forecast_gap(0.03, chance, texts - 1, 5, 3)
    assert needed_repetitions(0.001, chance, 886, 3) is needed_texts(0.001, chance, 5, 3) is None


def test_sentences() -> None:
    chance = typical_chance("draw")
    assert describe_plan(chance, 886, 5, 3) == snapshot(
        "With 886 evaluation texts and 5 replicates of 3 methods, a method that is 2.4 points of macro-F1 below the "
        "others is told from one of them in 80 % of such studies."
    )
    assert describe_needs(0.03, chance, 886, 5, 3) == snapshot(
        "A gap of 3 points takes 4 replicates on 886 texts, or about 400 texts with 5 replicates."
    )
    assert (
        describe_needs(0.001, chance, 886, 5, 3) == "A gap of 0.1 points needs more texts as well as more repetitions."
    )
    assert describe_plan(typical_chance("seed"), 45, 1, 3) == (
        "45 evaluation texts are too few for a verdict, whatever the methods do."
    )
    assert describe_plan(chance, 886, 5, 1) == "With one method there is nothing to compare."


def test_runs_on_halves_tell_only_the_spread_of_the_run_on_all_texts() -> None:
    half, draw = typical_chance("half"), typical_chance("draw")
    assert smallest_gap(half, 3_259, 5, 3) > 1.5 * smallest_gap(draw, 3_259, 5, 3)
    assert smallest_gap(half, 3_259, 9, 3) < smallest_gap(half, 3_259, 4, 3)  # it is known better, not smaller
    assert "one run on all training texts and 4 on halves of 3 methods" in describe_plan(half, 3_259, 5, 3)


def test_the_chance_of_a_study_with_halves_is_that_between_halves() -> None:
    drawn = draw_study(1)
    parts = {
        name: getattr(drawn, name)[::REPLICATES]
        for name in ("runs", "series", "methods", "draws", "probabilities", "predicted", "thresholds")
    }
    first = replace(drawn, **parts)
    chance, of_draws = measure_chance(replace(first, halves=drawn)), measure_chance(drawn)
    assert chance and of_draws and (chance.kind, of_draws.kind) == ("half", "draw")
    assert chance.repetition_deviation == of_draws.repetition_deviation
