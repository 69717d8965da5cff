"""Whether simulated worlds are like the real one: the chance in finished runs beside that in simulated runs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.coverage.grid import MEASURED, POLICIES, VARIED
from benchmarks.coverage.studies import StudyCell
from emocore.errors import RunError
from emocore.evaluation.bootstrap import average_runs, resample, score
from emocore.evaluation.intervals import own_text_variance
from emocore.evaluation.predictions import POLICY_TITLES, Predictions, ThresholdPolicy, load_predictions
from emocore.evaluation.results import RunResult, load_result, shared_splits
from emocore.evaluation.series import name_series
from emocore.run.listing import look_at_runs
from tests.support.simulated import ALIKE, World

WORLDS = {"usual": VARIED, "as measured": MEASURED, "alike": World(**ALIKE)}
RESAMPLES = 500
STUDIES = 40
FEWEST_DRAWS = 3
# A standard deviation of a few draws is rough, so this part of the simulated ones is printed beside their root mean
# square: a real one should mostly lie within.
SPAN = (0.05, 0.95)
COLUMNS = ["macro-F1", "its run noise", "its shared noise", "emotion's F1", "its run noise"]
LEGEND = """\
Standard deviations in points of F1, of single runs and of differences between two runs on the same draw: between draws
of the training texts; run noise, by which chance in the evaluation texts moves runs apart (a part of the former); and
shared noise, by which it moves all runs of a method, or of both, alike. An emotion's: root mean square over emotions.
Simulated: root mean square over studies (5 to 95 % of them)."""


def check_runs(root: Path) -> str:
    """A report on all finished runs of a runs folder, under both threshold policies.

    Raises RunError if no method has runs on FEWEST_DRAWS draws of the training texts or more.
    """
    results = [load_result(run) for run in look_at_runs(root).finished]
    return "\n\n".join([LEGEND, *(_check(results, policy, root) for policy in POLICIES)])


def _check(results: Sequence[RunResult], policy: ThresholdPolicy, root: Path) -> str:
    split = shared_splits(results)[-1] if results else "test"
    groups = load_predictions(results, name_series(results), split, policy)
    real = max(groups, key=lambda group: len(group.runs), default=None)
    measured = measure_chance(real) if real else {}
    if not real or not measured:
        raise RunError(
            f"{root}: no method has finished runs on {FEWEST_DRAWS} draws of training texts; train a study with "
            f"`--replicates {FEWEST_DRAWS}` or more"
        )
    draws = {side: _count_draws(real, side) for side in measured}
    rows = {f"{' - '.join(side)}, {draws[side]} draws": _tell([variances]) for side, variances in measured.items()}
    usual = int(np.median(list(draws.values())))
    texts, simulated = len(real.truth), {}
    for name, world in WORLDS.items():
        for kind, found in simulate_chance(replace(world, texts=texts), usual, policy).items():
            simulated[f"simulated, {name}: {kind}, {usual} draws"] = _tell(found)
    table = pd.DataFrame.from_dict(rows | simulated, orient="index", columns=COLUMNS)
    return f"{POLICY_TITLES[policy]} thresholds, {texts:,} texts of the {split} split\n{table.to_string()}"


def measure_chance(predictions: Predictions) -> dict[tuple[str, ...], np.ndarray]:
    """(name,) of each series and (first, second) of each pair with enough draws -> the variances that COLUMNS names."""
    seen, drawn = score(predictions), resample(predictions, RESAMPLES)
    sides: dict[tuple[str, ...], list[list[list[int]]]] = {
        (name,): [list(draws.values())] for name, draws in predictions.draws_of.items()
    }
    sides |= {pair: both for pair in predictions.pairs if (both := predictions.share_draws(*pair))}
    found: dict[tuple[str, ...], np.ndarray] = {}
    for name, repetitions in sides.items():
        if len(repetitions[0]) < FEWEST_DRAWS:
            continue
        parts = []
        for scores, samples in (
            (seen.metrics["f1_macro"], drawn.metrics["f1_macro"]),
            (seen.emotions, drawn.emotions),
        ):
            by_draw, resampled = _subtract(scores, repetitions, axis=0), _subtract(samples, repetitions, axis=1)
            run_noise = own_text_variance(resampled)
            shared = resampled.mean(axis=1).var(axis=0, dtype=float) - run_noise / len(by_draw)
            parts.append([np.mean(part) for part in (by_draw.var(axis=0, ddof=1), run_noise, shared)])
        found[name] = np.array([*parts[0], *parts[1][:2]])
    return found


def simulate_chance(world: World, draws: int, policy: ThresholdPolicy) -> dict[str, list[np.ndarray]]:
    """The same variances in STUDIES simulated studies, of one method and of the difference of two."""
    cell = StudyCell(name="", world=world, runs=(draws, draws), gaps=(0, 0), is_by_draw=True, thresholds=policy)
    studies = [measure_chance(cell.draw(np.random.default_rng([19, number]))) for number in range(STUDIES)]
    names = {"a method": ("method 0",), "a difference": ("method 0", "method 1")}
    return {kind: [study[name] for study in studies] for kind, name in names.items()}


def _subtract(scores: np.ndarray, sides: Sequence[Sequence[Sequence[int]]], axis: int) -> np.ndarray:
    """The scores of each draw, or the differences between two series on each draw."""
    first, *others = (average_runs(scores, side, axis) for side in sides)
    return first - others[0] if others else first


def _count_draws(predictions: Predictions, side: tuple[str, ...]) -> int:
    shared = predictions.share_draws(*side) if len(side) == 2 else None
    return len(shared[0] if shared else predictions.draws_of[side[0]])


def _tell(variances: Sequence[np.ndarray]) -> list[str]:
    """Of each column the root mean square in points and, of many studies, the SPAN of the standard deviations."""
    points = 100 * np.sqrt(np.maximum(variances, 0))
    told = 100 * np.sqrt(np.maximum(np.mean(variances, axis=0), 0))
    if len(points) == 1:
        return [f"{value:.2f}" for value in told]
    low, high = np.quantile(points, SPAN, axis=0)
    return [f"{value:.2f} ({one:.2f} to {other:.2f})" for value, one, other in zip(told, low, high, strict=True)]
