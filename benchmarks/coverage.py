"""Measures how often intervals hold and verdicts are wrong, on simulated comparisons with known truth.

    python -m benchmarks.coverage --datasets 1000

prints the figures in the README; `make coverage` calls it. tests/evaluation/test_coverage.py runs a short version.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.intervals import FEWEST_POSITIVES, f1_interval, macro_interval, split_variance, t_interval
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.verdicts import Verdicts, compare_pairs
from tests.support.simulated import DRAWS, GROUPS, SEED_SHIFTS, TEXTS, World, goemotions_world

RESAMPLES = 2_000
FEW_RESAMPLES = 500  # for intervals, which take no more than variances from them
SIZES = (150, 300, 886, 3_259)  # the last two are those of the development and test files of SemEval-2018 E-c
FIVE_POINTS = 0.248  # the gain that moves the world's macro-F1 by 5.0 points
# Five methods that do not differ, and five whose macro-F1 lies this many points below the first, as LoRA, QLoRA, IA3,
# TF-IDF and a head did on 400 training texts, but for QLoRA's half a point.
NO_GAPS, REAL_GAPS = (0.0,) * 5, (0.0, 0.0, 3.3, 9.6, 12.7)
SEEDS_OF_STUDIES = {f"{seeds} seeds": (seeds,) * 5 for seeds in (1, 2, 3, 5)} | {"3 or 1 seeds": (3, 1, 3, 1, 3)}


@dataclass(frozen=True)
class Coverage:
    """What intervals did over many data sets, as shares of these.

    `below` and `above` count where macro-F1 in the population lies below and above its interval, `width` is the mean
    width of that interval in widths of the plain t interval, and `emotions` (labels,) is how often the interval of each
    emotion's F1 holds the truth."""

    below: float
    above: float
    width: float
    emotions: np.ndarray

    @classmethod
    def of(cls, found: np.ndarray) -> "Coverage":
        """From rows of `cover_once`, (data sets, 4 + labels)."""
        below, above, width, plain, *emotions = found.mean(axis=0)
        return cls(below, above, width / plain, np.array(emotions))

    @property
    def held(self) -> float:
        return 1 - self.below - self.above


def cover_once(number: int, world: World, seeds: int, resamples: int) -> np.ndarray:
    """(4 + labels,) of one data set: whether macro-F1 in the population is below and above its interval, the widths of
    that interval and of the t interval, and whether each emotion's interval holds the truth."""
    random = np.random.default_rng([7, number])
    shift, skill = world.draw_seeds(random, seeds)
    truth = world.true_f1(shift, skill)[0] if seeds == 1 else world.mean_f1
    predictions = world.draw(random, [(shift, skill, 0.0)])
    seen, drawn = score(predictions), resample(predictions, resamples, seed=number)
    freedom = predictions.text_freedom
    f1, variances = seen.emotions.mean(axis=0), split_variance(seen.emotions, drawn.emotions, freedom)
    either = (predictions.predicted | predictions.truth).sum(axis=1).mean(axis=0)
    macro = split_variance(seen.metrics["f1_macro"], drawn.metrics["f1_macro"], freedom)
    low, high = macro_interval(f1, variances, either, predictions.unit_support, macro)
    plain_low, plain_high = t_interval(f1.mean(), macro)
    lows, highs = f1_interval(f1, variances, either)
    held = (lows <= truth) & (truth <= highs)
    return np.array([truth.mean() < low, truth.mean() > high, high - low, plain_high - plain_low, *held], dtype=float)


def compare_once(number: int, world: World, seeds: int, resamples: int, gain: float, same: bool) -> np.ndarray:
    """Whether two methods, the first better by `gain`, get a verdict overall and for each emotion. With `same`, both
    are the same trained model with different noise in its answers."""
    random = np.random.default_rng([11, number])
    first, second = world.draw_seeds(random, seeds), world.draw_seeds(random, seeds)
    predictions = world.draw(random, [(*first, gain), (*(first if same else second), 0.0)])
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, resamples, seed=number)).to_table()
    return verdicts["verdict"].isin(["better", "worse"]).to_numpy()


def judge_study(number: int, world: World, seeds: Sequence[int], gaps: Sequence[float], resamples: int) -> np.ndarray:
    """How many verdicts of a study are false, and how many true: overall, and then by emotion.

    Each method has its number of seeds and its gap in points to the best. A verdict on methods without a gap between
    them is false, and so is one of the wrong sign.
    """
    random = np.random.default_rng([13, number])
    gains = [-FIVE_POINTS / 5 * gap for gap in gaps]
    models = [(*world.draw_seeds(random, own), gain) for own, gain in zip(seeds, gains, strict=True)]
    predictions = world.draw(random, models)
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, resamples, seed=number))
    return count_verdicts(predictions, verdicts, gains)


def judge_replicates(number: int, world: World, replicates: int, gaps: Sequence[float], resamples: int) -> np.ndarray:
    """The same for a study in which each method is trained on the same draws of training texts, with one seed on each;
    then the shares of pairs without a difference whose interval of macro-F1 lies above and below zero."""
    random = np.random.default_rng([17, number])
    gains = [-FIVE_POINTS / 5 * gap for gap in gaps]
    trained = world.draw_replicates(random, len(gains), replicates)
    predictions = world.draw(random, [(*own, gain) for own, gain in zip(trained, gains, strict=True)])
    predictions = replace(predictions, draws=tuple(map(str, range(replicates))) * len(gains))
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, resamples, seed=number))
    pairs = verdicts.overall
    gain_of = dict(zip(predictions.members, gains, strict=True))
    equal = pairs[pairs["first"].map(gain_of) == pairs["second"].map(gain_of)]
    missed = [(equal["low_95"] > 0).mean(), (equal["high_95"] < 0).mean()]
    return np.concatenate([count_verdicts(predictions, verdicts, gains), missed])


def count_verdicts(predictions: Predictions, verdicts: Verdicts, gains: Sequence[float]) -> np.ndarray:
    """(4,): false ones overall and by emotion, then true ones; `gains` are of the methods."""
    gain_of = dict(zip(predictions.members, gains, strict=True))
    false, true = [], []
    for rows in (verdicts.overall, verdicts.by_emotion):
        truth = np.sign(rows["first"].map(gain_of) - rows["second"].map(gain_of))
        told = rows["verdict"].map({"better": 1, "worse": -1}).fillna(0)
        false.append(((told != 0) & (told != truth)).sum())
        true.append(((told != 0) & (told == truth)).sum())
    return np.array([*false, *true])


def repeat(datasets: int, once: Callable[[int], np.ndarray], workers: int) -> np.ndarray:
    """(datasets, ...) of what `once` returns."""
    if workers == 1:
        return np.stack([once(number) for number in range(datasets)])
    with ProcessPoolExecutor(workers) as pool:
        return np.stack(list(pool.map(once, range(datasets), chunksize=20)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=1000)
    options = parser.parse_args()
    run = partial(repeat, options.datasets, workers=os.cpu_count() or 1)
    world = World()
    print(f"{options.datasets} data sets each, {world.texts} texts unless said otherwise")
    print("\n95 % intervals: macro-F1 held, truth below, truth above, width in t intervals | F1 held, of emotions")
    print(f"that {FEWEST_POSITIVES} texts or more have on average, the worst and the best")
    kinds = [("11 labels", World()), ("28, strong", goemotions_world()), ("28, weak", goemotions_world(weak=True))]
    for texts in SIZES:
        for kind, used in kinds:
            for seeds in (1, 3, 5):
                once = partial(cover_once, world=replace(used, texts=texts), seeds=seeds, resamples=FEW_RESAMPLES)
                cover = Coverage.of(run(once))
                macro = f"{cover.held:.3f} {cover.below:.3f} {cover.above:.3f} {cover.width:.2f}"
                frequent = cover.emotions[used.shares * texts >= FEWEST_POSITIVES]
                told = f"{frequent.min():.3f} to {frequent.max():.3f} of {len(frequent)}"
                print(f"{f'{kind}, {texts} texts, {seeds} seeds':>36}  {macro} | {told}", flush=True)
    print("\nbetter or worse: overall | any emotion | overall or any emotion")
    scenes = [("one model, other noise", 1, 0.0, True), ("one model, other noise", 3, 0.0, True)]
    scenes += [("seeds of one method", seeds, 0.0, False) for seeds in (1, 2, 3, 5)]
    scenes += [("5 points better", seeds, FIVE_POINTS, False) for seeds in (1, 2, 3, 5)]
    for name, seeds, gain, same in scenes:
        found = run(partial(compare_once, world=world, seeds=seeds, resamples=RESAMPLES, gain=gain, same=same))
        overall, emotions = found[:, 0], found[:, 1:].any(axis=1)
        rates = [overall.mean(), emotions.mean(), (overall | emotions).mean()]
        title = f"{name}, {seeds} against {seeds}"
        print(f"{title:>40}  " + " | ".join(f"{rate:.3f}" for rate in rates), flush=True)
    print(f"\n{world.texts} texts of {GROUPS['groups']} authors: macro-F1 held | F1 held, the worst and best emotion")
    print("then pairs of one model with other noise that get a verdict: overall | for any emotion")
    for seeds in (1, 3):
        for tells in (True, False):
            title = f"{seeds} seeds, groups {'resampled whole' if tells else 'not known'}"
            print(f"{title:>36}  {measure_groups(run, World(**GROUPS, tells_groups=tells), seeds)}", flush=True)
    print("\nstudies of five methods, with seeds that differ by 0.6 to 4.7 points of an emotion's F1")
    print("with a false verdict: overall | for any emotion | either; true verdicts per study: overall | by emotion")
    for texts in (TEXTS, 3_259):
        for name, own in SEEDS_OF_STUDIES.items():
            title = f"{texts} texts, {name}"
            print(f"{title:>24}  {measure_studies(run, World(texts=texts, seed_shift=SEED_SHIFTS), own)}", flush=True)
    print("\nthe same without differences, each method trained on the same draws of training texts")
    print("with a false verdict: overall | for any emotion | either; intervals of a pair above zero | below")
    for texts in (TEXTS, 3_259):
        for replicates in (3, 5):
            drawn_world = World(texts=texts, seed_shift=SEED_SHIFTS, **DRAWS)
            title = f"{texts} texts, {replicates} replicates"
            print(f"{title:>24}  {measure_replicates(run, drawn_world, replicates)}", flush=True)


def measure_groups(run: Callable[..., np.ndarray], world: World, seeds: int) -> str:
    """How often intervals hold, and how often the same model gets a verdict against itself."""
    cover = Coverage.of(run(partial(cover_once, world=world, seeds=seeds, resamples=FEW_RESAMPLES)))
    once = partial(compare_once, world=world, seeds=seeds, resamples=FEW_RESAMPLES, gain=0.0, same=True)
    found = run(once)
    emotions = f"{cover.emotions.min():.3f} to {cover.emotions.max():.3f}"
    return f"{cover.held:.3f} | {emotions} | {found[:, 0].mean():.3f} | {found[:, 1:].any(axis=1).mean():.3f}"


def measure_replicates(run: Callable[..., np.ndarray], world: World, replicates: int) -> str:
    """The same shares of studies without differences; then those of pairs whose interval lies above and below zero."""
    found = run(partial(judge_replicates, world=world, replicates=replicates, gaps=NO_GAPS, resamples=FEW_RESAMPLES))
    is_false = found[:, :2] > 0
    rates = [*is_false.mean(axis=0), is_false.any(axis=1).mean(), *found[:, 4:].mean(axis=0)]
    return " | ".join(f"{rate:.3f}" for rate in rates)


def measure_studies(run: Callable[..., np.ndarray], world: World, seeds: Sequence[int]) -> str:
    """Shares of studies without differences that have a false verdict, and true verdicts of studies with some."""
    equal, unequal = (
        run(partial(judge_study, world=world, seeds=seeds, gaps=gaps, resamples=RESAMPLES))
        for gaps in (NO_GAPS, REAL_GAPS)
    )
    is_false = equal[:, :2] > 0
    rates = [*is_false.mean(axis=0), is_false.any(axis=1).mean()]
    found = unequal[:, 2:].mean(axis=0)
    return " | ".join(f"{rate:.3f}" for rate in rates) + "; " + " | ".join(f"{count:.2f}" for count in found)


if __name__ == "__main__":
    main()
