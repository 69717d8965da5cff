"""Cells about intervals: how often those of macro-F1 and of the emotions' F1 hold the truth."""

from dataclasses import dataclass

import numpy as np

from benchmarks.coverage.cells import Cell
from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.intervals import f1_interval, macro_interval, split_variance, t_interval

MACRO_COLUMNS = ("below", "above", "width", "plain_width")


@dataclass(frozen=True, eq=False, kw_only=True)
class IntervalCell(Cell):
    """One method with so many `seeds`. With one, the truth is that of the trained model; otherwise, that of all seeds
    there could be."""

    seeds: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Whether macro-F1 in the population is below and above its interval, the widths of that interval and of the t
        interval, and whether each emotion's interval holds the truth."""
        return *MACRO_COLUMNS, *(f"held {place}" for place in range(len(self.world.shares)))

    def simulate(self, number: int) -> list[float]:
        random, world = np.random.default_rng([7, number]), self.world
        shift, skill = world.draw_seeds(random, self.seeds)
        truth = world.true_f1(shift, skill)[0] if self.seeds == 1 else world.mean_f1
        predictions = world.draw(random, [(shift, skill, 0.0)])
        seen, drawn = score(predictions), resample(predictions, self.resamples, seed=number)
        freedom = predictions.text_freedom
        f1, variances = seen.emotions.mean(axis=0), split_variance(seen.emotions, drawn.emotions, freedom)
        either = (predictions.predicted | predictions.truth).sum(axis=1).mean(axis=0)
        macro = split_variance(seen.metrics["f1_macro"], drawn.metrics["f1_macro"], freedom)
        low, high = macro_interval(f1, variances, either, predictions.unit_support, macro)
        plain_low, plain_high = t_interval(f1.mean(), macro)
        lows, highs = f1_interval(f1, variances, either)
        held = (lows <= truth) & (truth <= highs)
        return [float(v) for v in (truth.mean() < low, truth.mean() > high, high - low, plain_high - plain_low, *held)]
