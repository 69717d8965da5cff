"""What a study will be able to see, before it is trained: the smallest gap in macro-F1 that it finds.

A pair of methods gets a verdict if its difference is large for its standard error, whose square is

    method_text_deviation^2 / texts + (run_text_deviation^2 / texts + repetition_deviation^2) / repetitions

where a run on all training texts is one repetition, and runs on halves of them only tell its spread
(emocore.evaluation.seed_spread). It is tested with the degrees of freedom and the correction for the study's pairs that
verdicts have. How often that happens is simulated on this level, since Holm's correction depends on all gaps of a
study: the more pairs are clearly apart, the smaller a gap between the others is seen. Only macro-F1 is covered, not
single emotions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import scipy

from emocore.evaluation.bootstrap import average_runs, resample, score
from emocore.evaluation.intervals import LEVEL
from emocore.evaluation.paired_tests import FEWEST_TEXTS
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.seed_spread import MACRO_ASSUMPTION, SampleVariance, pooled_doubt
from emocore.evaluation.verdicts import adjust_holm
from emocore.text import counted

POWER = 0.8
RESAMPLES = 1_000
FORECASTS = 4_000
SEED = 2018
MOST_REPETITIONS, MOST_TEXTS = 100, 1_000_000


Repetition = Literal["seed", "draw", "half"]
"""What the repetitions of a study are: seeds on one draw of the training texts, replicates on several draws, or one run
on all texts and others on halves of them."""


@dataclass(frozen=True)
class Chance:
    """How much chance there is in a difference of two methods' macro-F1, as standard deviations.

    The text deviations are of one evaluation text: what methods answer differently varies by `method_text_deviation`
    over the root of the number of texts, and what each run answers differently by `run_text_deviation`. Measured on
    groups of texts, both are larger and hold for other groups of such sizes.
    `repetition_deviation` is that between differences of two single runs in the whole population: of other seeds, or on
    other draws or halves of the training texts, as `kind` says.
    """

    method_text_deviation: float
    run_text_deviation: float
    repetition_deviation: float
    kind: Repetition


# Measured on SemEval-2018 E-c with 1,000 training texts and tuned thresholds, LoRA against IA3: single runs differ by
# 0.22 over the root of the number of texts (LoRA against QLoRA 0.15, a head 0.29, TF-IDF 0.33), by 0.64 points from
# seed to seed, and their differences by 0.6 points more from draw to draw.
TYPICAL_METHOD_TEXTS, TYPICAL_RUN_TEXTS, TYPICAL_SEED, TYPICAL_DRAW = 0.12, 0.19, 0.0064, 0.006


def typical_chance(kind: Repetition) -> Chance:
    """The chance to be expected where nothing was measured yet."""
    between = 2 * TYPICAL_SEED**2 + (0 if kind == "seed" else TYPICAL_DRAW**2)
    return Chance(TYPICAL_METHOD_TEXTS, TYPICAL_RUN_TEXTS, sqrt(between), kind)


def measure_chance(predictions: Predictions) -> Chance | None:
    """The chance in a study's differences, in the root mean square over its pairs; None without a pair of which both
    have several repetitions. Halves and draws count only if all pairs share some."""
    kind: Repetition = "draw"
    halves = predictions.halves
    if halves and predictions.pairs and all(halves.share_draws(*pair) for pair in predictions.pairs):
        kind, predictions = "half", halves
    seen, drawn = score(predictions).metrics["f1_macro"], resample(predictions, RESAMPLES).metrics["f1_macro"]
    texts = len(predictions.truth)
    found, by_draw = [], []
    for first, second in predictions.pairs:
        shared = predictions.share_draws(first, second)
        sides = shared or [predictions.repetitions[first], predictions.repetitions[second]]
        if min(map(len, sides)) < 2:
            continue
        scores = [average_runs(seen, side) for side in sides]
        samples = [average_runs(drawn, side, axis=1) for side in sides]
        if shared:
            scores, samples = [scores[0] - scores[1]], [samples[0] - samples[1]]
        own = [SampleVariance.of(*part) for part in zip(scores, samples, strict=True)]
        means = samples[0].mean(axis=1) - (0 if shared else samples[1].mean(axis=1))
        text_noise = sum(float(part.own) for part in own)
        of_methods = means.var(dtype=float) - sum(float(part.own) / part.runs for part in own)
        between = sum(float(part.between - part.own) for part in own)
        found.append((texts * of_methods, texts * text_noise, between))
        by_draw.append(bool(shared))
    if not found:
        return None
    of_methods, of_runs, between = np.sqrt(np.maximum(np.array(found).mean(axis=0), 0)).tolist()
    return Chance(of_methods, of_runs, between, kind if all(by_draw) else "seed")


def forecast_power(gaps: Sequence[float], chance: Chance, texts: int, repetitions: int) -> np.ndarray:
    """(pairs,) the probability that each pair of methods gets a right verdict, in the order of `combinations`.

    `gaps` are how far the methods' macro-F1 is below the best, `repetitions` is the number of runs of each, the one on
    all texts among them if there are halves. The probabilities are shares of FORECASTS simulated studies: normal
    scores, a variance that is estimated as in verdicts,
    t-tests and Holm's correction over all pairs.
    """
    methods, random = len(gaps), np.random.default_rng(SEED)
    has_halves = chance.kind == "half"
    averaged, freedom = (1, repetitions - 2) if has_halves else (repetitions, repetitions - 1)
    run_texts = chance.run_text_deviation**2 / texts
    between = chance.repetition_deviation**2 / averaged
    if freedom < 1:  # a verdict on single runs assumes their spread
        sampled = between = max(between, 2 * MACRO_ASSUMPTION.deviation**2)
        doubt = 1 / MACRO_ASSUMPTION.freedom
        estimated = np.full(FORECASTS, sampled)
    else:
        sampled, lenders = between + run_texts / averaged, methods if chance.kind == "seed" else methods - 1
        doubt = pooled_doubt(freedom, lenders * freedom)
        estimated = sampled * doubt * random.chisquare(1 / doubt, FORECASTS)
    total = chance.method_text_deviation**2 / texts + run_texts / averaged + between
    seen = np.maximum(total - sampled + estimated, total - between)[:, None]
    scores = random.normal(-np.array(gaps), sqrt(total / 2), (FORECASTS, methods))
    first, second = np.triu_indices(methods, 1)
    differences = scores[:, first] - scores[:, second]
    p_values = 2 * scipy.special.stdtr(
        seen**2 / (estimated[:, None] ** 2 * doubt), -np.abs(differences) / np.sqrt(seen)
    )
    is_clear = adjust_holm(p_values) <= 1 - LEVEL
    is_right = np.sign(differences) == np.sign(np.array(gaps)[second] - np.array(gaps)[first])
    return np.asarray((is_clear & is_right).mean(axis=0))


def forecast_gap(gap: float, chance: Chance, texts: int, repetitions: int, methods: int) -> float:
    """The probability that a method whose macro-F1 is this far below that of the others, which do not differ, gets a
    verdict against one of them."""
    return float(forecast_power([0.0] * (methods - 1) + [gap], chance, texts, repetitions)[methods - 2])


def smallest_gap(chance: Chance, texts: int, repetitions: int, methods: int) -> float:
    """The gap that `forecast_gap` finds with a probability of POWER, as a difference of macro-F1; 1 if none is."""
    low, high = 0.0, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        if forecast_gap(middle, chance, texts, repetitions, methods) >= POWER:
            high = middle
        else:
            low = middle
    return high


def needed_repetitions(gap: float, chance: Chance, texts: int, methods: int) -> int | None:
    """The fewest runs of each method that show a gap with a probability of POWER; None if no number does."""
    fewest = 3 if chance.kind == "half" else 2  # with fewer, there is no spread to see
    return _find_fewest(fewest, MOST_REPETITIONS, lambda runs: forecast_gap(gap, chance, texts, runs, methods))


def needed_texts(gap: float, chance: Chance, repetitions: int, methods: int) -> int | None:
    """The fewest evaluation texts that do; None if no number does."""
    return _find_fewest(FEWEST_TEXTS, MOST_TEXTS, lambda texts: forecast_gap(gap, chance, texts, repetitions, methods))


def _find_fewest(low: int, high: int, power: Callable[[int], float]) -> int | None:
    """The smallest number from `low` to `high` whose power, which grows with it, reaches POWER; None if none does."""
    if power(high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle + 1, high)
    return low


def describe_plan(chance: Chance, texts: int, repetitions: int, methods: int) -> str:
    """One sentence: the smallest gap that such a study finds."""
    if methods < 2:
        return "With one method there is nothing to compare."
    runs = _describe_repetitions(repetitions, chance.kind)
    if texts < FEWEST_TEXTS:
        return f"{counted(texts, 'evaluation text')} are too few for a verdict, whatever the methods do."
    gap = smallest_gap(chance, texts, repetitions, methods)
    return (
        f"With {texts:,} evaluation texts and {runs} of {methods} methods, a method that is {100 * gap:.1f} points of "
        f"macro-F1 below the others is told from one of them in {100 * POWER:.0f} % of such studies."
    )


def describe_needs(gap: float, chance: Chance, texts: int, repetitions: int, methods: int) -> str:
    """One sentence: how many repetitions, or how many texts, show a gap in macro-F1."""
    runs = needed_repetitions(gap, chance, texts, methods)
    more = needed_texts(gap, chance, repetitions, methods)
    told, own = f"A gap of {100 * gap:g} points", _describe_repetitions(repetitions, chance.kind)
    ways = []
    if runs and texts >= FEWEST_TEXTS:
        ways.append(f"{_describe_repetitions(runs, chance.kind)} on {texts:,} texts")
    ways += [f"about {float(f'{more:.1e}'):,.0f} texts with {own}"] if more else []
    if not ways:
        return f"{told} needs more texts as well as more repetitions."
    return f"{told} takes {', or '.join(ways)}."


def _describe_repetitions(repetitions: int, kind: Repetition) -> str:
    if kind == "half":
        return f"one run on all training texts and {repetitions - 1} on halves"
    return counted(repetitions, "seed" if kind == "seed" else "replicate")
