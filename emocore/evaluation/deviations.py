"""How far chance moves the differences between two series: p-values of differences, and the reach of their intervals.

The bootstrap over texts says how far resampled differences deviate from the observed one. Each deviation is mapped to
the t-distribution with the same tail probability, so that the variances of texts and of training are combined, with
heavier tails for few seeds or draws. The p-value is the share of resamples that deviate at least as much as zero does;
an interval of the level 1 - alpha excludes zero exactly if the p-value is at most alpha.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from emocore.evaluation.seed_spread import SeedSpread, combined_freedom

# Intervals have at least a level of 90 %, so only the largest tenth of the deviations is needed for them.
LARGEST_ALPHA = 0.1


@dataclass(frozen=True)
class Deviations:
    """What chance does to differences, each a column.

    `p_value`, `error` (standard error) and `freedom` (its degrees of freedom) are (columns,). `tails` (places, columns)
    are the largest deviations of the `resamples`, in their standard deviations, the largest first; they are infinite
    where no resample differs.
    """

    p_value: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    tails: np.ndarray
    resamples: int

    @classmethod
    def of(
        cls,
        difference: np.ndarray,
        moved: np.ndarray,
        least: np.ndarray,
        spreads: Sequence[SeedSpread],
        text_freedom: float = np.inf,
    ) -> "Deviations":
        """Of a `difference` (columns,), given the absolute deviations `moved` (resamples, columns) from it and the
        spreads of training; the variance of texts is taken to be at least `least` (columns,), and to have been seen
        with `text_freedom` degrees of freedom."""
        resamples, resampled = len(moved), (moved.astype(float) ** 2).mean(axis=0)
        total = np.maximum(resampled, least) + sum(spread.variance for spread in spreads)
        of_few = resampled / np.sqrt(text_freedom)
        # Noise that halves have and the runs on all texts have not must not take all freedom from the total.
        least_freedom = np.minimum.reduce([spread.freedom for spread in spreads] + [np.full(total.shape, text_freedom)])
        error, freedom = np.sqrt(total), np.maximum(combined_freedom(total, spreads, of_few), least_freedom)
        of_texts, differs = np.sqrt(resampled), resampled > 0
        beyond = scipy.special.stdtr(freedom, -np.abs(difference) / error)
        with np.errstate(invalid="ignore"):  # if no resample differs
            count = (moved >= -scipy.special.ndtri(beyond) * of_texts).sum(axis=0)
        p_value = (1 + count) / (1 + resamples)
        # Resamples cannot show p-values below one of them, and after correction for many pairs none would be
        # significant.
        p_value = np.where(count == 0, np.minimum(2 * beyond, p_value), p_value)
        kept = max(1, int(LARGEST_ALPHA * (1 + resamples)))
        largest = np.sort(np.partition(moved, resamples - kept, axis=0)[-kept:], axis=0)[::-1]
        tails = np.divide(largest, of_texts, out=np.full(largest.shape, np.inf), where=differs)
        return cls(np.where(differs, p_value, 2 * beyond), error, freedom, tails, resamples)

    @classmethod
    def join(cls, parts: Sequence["Deviations"]) -> "Deviations":
        """The columns of all parts in this order; there is at least one, and all have the same resamples."""
        names = ("p_value", "error", "freedom", "tails")
        joined = {name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names}
        return cls(**joined, resamples=parts[0].resamples)

    def reach(self, alpha: np.ndarray) -> np.ndarray:
        """(columns,) half the widths of intervals of the level 1 - alpha, for alphas (columns,) of at most
        LARGEST_ALPHA: how large a difference is that has this p-value."""
        normal = -scipy.special.ndtri(alpha / 2)
        place = np.floor(alpha * (1 + self.resamples) + 1e-9).astype(int)  # the alpha may be a product of rounded ones
        tail = self.tails[np.maximum(place, 1) - 1, np.arange(len(alpha))]
        quantile = np.where(np.isinf(tail), normal, np.where(place == 0, np.maximum(tail, normal), tail))
        return np.asarray(-scipy.special.stdtrit(self.freedom, scipy.special.ndtr(-quantile)) * self.error)
