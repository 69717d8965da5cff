"""Measures how often intervals hold and verdicts are wrong, on simulated comparisons with known truth.

    python -m benchmarks.coverage --datasets 1000

prints the figures in the README; `make coverage` calls it. tests/evaluation/test_coverage.py runs a short version.
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.intervals import f1_interval, macro_interval, split_variance
from emocore.evaluation.verdicts import compare_pairs
from tests.support.simulated import World

RESAMPLES = 2_000
FIVE_POINTS = 0.248  # the gain that moves the world's macro-F1 by 5.0 points


def cover_once(number: int, world: World, seeds: int, resamples: int) -> np.ndarray:
    """Whether the intervals of one data set hold the truth: macro-F1, then each emotion."""
    random = np.random.default_rng([7, number])
    shift, skill = world.draw_seeds(random, seeds)
    truth = world.true_f1(shift, skill)[0] if seeds == 1 else world.expected_f1()
    predictions = world.draw(random, [(shift, skill, 0.0)])
    seen, drawn = score(predictions), resample(predictions, resamples, seed=number)
    f1, variances = seen.emotions.mean(axis=0), split_variance(seen.emotions, drawn.emotions)
    either = (predictions.predicted | predictions.truth).sum(axis=1).mean(axis=0)
    ends = macro_interval(f1, variances, either, split_variance(seen.metrics["f1_macro"], drawn.metrics["f1_macro"]))
    lows, highs = f1_interval(f1, variances, either)
    return np.array([ends[0] <= truth.mean() <= ends[1], *((lows <= truth) & (truth <= highs))])


def compare_once(number: int, world: World, seeds: int, resamples: int, gain: float, same: bool) -> np.ndarray:
    """Whether two methods, the first better by `gain`, get a verdict overall and for each emotion. With `same`, both
    are the same trained model with different noise in its answers."""
    random = np.random.default_rng([11, number])
    first, second = world.draw_seeds(random, seeds), world.draw_seeds(random, seeds)
    predictions = world.draw(random, [(*first, gain), (*(first if same else second), 0.0)])
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, resamples, seed=number)).to_table()
    return (verdicts["verdict"] != "tie").to_numpy()


def repeat(datasets: int, once: Callable[[int], np.ndarray], workers: int) -> np.ndarray:
    """(datasets, 1 + labels) of what `once` returns."""
    if workers == 1:
        return np.stack([once(number) for number in range(datasets)])
    with ProcessPoolExecutor(workers) as pool:
        return np.stack(list(pool.map(once, range(datasets), chunksize=20)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=1000)
    options = parser.parse_args()
    run = partial(repeat, options.datasets, workers=os.cpu_count() or 1)
    world, small = World(), World(texts=150)
    print(f"{options.datasets} data sets each, {world.texts} texts unless said otherwise, {RESAMPLES} resamples")
    print("\n95 % intervals that hold the truth: macro-F1 | by emotion, commonest first")
    for name, used, seeds in (("1 seed", world, 1), ("3 seeds", world, 3), ("5 seeds", world, 5)):
        shares = run(partial(cover_once, world=used, seeds=seeds, resamples=RESAMPLES)).mean(axis=0)
        print(f"{name:>24}  {shares[0]:.3f} | {' '.join(f'{share:.3f}' for share in shares[1:])}")
    for seeds in (1, 3):
        shares = run(partial(cover_once, world=small, seeds=seeds, resamples=RESAMPLES)).mean(axis=0)
        told = " ".join(
            f"{share:.3f} ({n:.0f})" for share, n in zip(shares[1:], small.shares * small.texts, strict=True)
        )
        print(f"{f'{small.texts} texts, {seeds} seeds':>24}  {shares[0]:.3f} | {told}  (mean support)")
    print("\nverdicts other than 'tie': overall | any emotion | overall or any emotion")
    scenes = [("one model, other noise", 1, 0.0, True), ("one model, other noise", 3, 0.0, True)]
    scenes += [("seeds of one method", seeds, 0.0, False) for seeds in (1, 2, 3, 5)]
    scenes += [("5 points better", seeds, FIVE_POINTS, False) for seeds in (1, 2, 3, 5)]
    for name, seeds, gain, same in scenes:
        found = run(partial(compare_once, world=world, seeds=seeds, resamples=RESAMPLES, gain=gain, same=same))
        overall, emotions = found[:, 0], found[:, 1:].any(axis=1)
        rates = [overall.mean(), emotions.mean(), (overall | emotions).mean()]
        title = f"{name}, {seeds} against {seeds}"
        print(f"{title:>40}  " + " | ".join(f"{rate:.3f}" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
