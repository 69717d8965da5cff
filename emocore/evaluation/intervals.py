"""95 % confidence intervals of a series' scores: its mean over seeds, on texts of this kind.

They count two sources of chance. *Texts*: the variance of the mean over a bootstrap of the texts. *Seeds*: the variance
between the runs, divided by their number, with Satterthwaite's (1946) degrees of freedom, since a few seeds say little
about their own spread. Part of the between-run variance is text noise that the first part already counts; OWN_SHARE of
it is subtracted. With one seed the interval is that of the trained model and counts only the texts. The choice of the
training texts is not counted.

F1 of one emotion gets Wilson's (1927) interval, which stays within 0 and 1 and holds for few texts: F1 = 2J / (1 + J),
where the Jaccard index J, the true positives among all texts labelled or predicted with the emotion, is a proportion.
For several seeds, J has an effective number of texts, J (1 - J) / variance, as in survey statistics (Korn and Graubard
1998). Macro-F1 is the mean over emotions. Each end of its interval uses the distances of the emotions' values to their
own ends instead of their variances, and takes the correlations between emotions from the bootstrap (MOVER, Zou and
Donner 2008). Other metrics get a t interval. `make coverage` measures how often these intervals hold.
"""

from dataclasses import dataclass

import numpy as np
import scipy

LEVEL = 0.95
NORMAL_QUANTILE = scipy.special.ndtri((1 + LEVEL) / 2)
# With fewer texts that have an emotion, even Wilson's interval of its F1 held in less than 93 % of simulations.
FEWEST_POSITIVES = 10
# Subtracting all of it is right on average. But as variances are cut at zero, with few seeds the intervals of macro-F1
# were then too narrow (they held in 93.5 % of simulations). Without subtracting, those by emotion were too wide (up to
# 97.3 %).
OWN_SHARE = 0.5


@dataclass(frozen=True)
class Variances:
    """Variances of a mean over seeds, as arrays of the shape of one run's score. `seeds` is 0 with only one seed."""

    texts: np.ndarray
    seeds: np.ndarray
    runs: int

    @property
    def total(self) -> np.ndarray:
        return np.asarray(self.texts + self.seeds)

    @property
    def t_quantile(self) -> np.ndarray:
        """Half the width of a 95 % interval, in standard errors."""
        return np.asarray(scipy.stats.t.ppf((1 + LEVEL) / 2, degrees_of_freedom([self])))


def split_variance(scores: np.ndarray, samples: np.ndarray) -> Variances:
    """Variance of the mean score of a series; `scores` is (runs, ...), `samples` (resamples, runs, ...)."""
    runs = len(scores)
    texts = samples.mean(axis=1).var(axis=0, dtype=float)
    if runs == 1:
        return Variances(texts, np.zeros_like(texts), runs)
    own = (samples - samples.mean(axis=1, keepdims=True)).var(axis=0, dtype=float).sum(axis=0) / (runs - 1)
    between = scores.var(axis=0, ddof=1)
    return Variances(texts, np.maximum(between - OWN_SHARE * own, 0) / runs, runs)


def degrees_of_freedom(parts: list[Variances]) -> np.ndarray:
    """Satterthwaite's degrees of freedom for the sum of the parts' variances; those over texts count as known."""
    total = sum(part.total for part in parts)
    uncertain = sum(part.seeds**2 / (part.runs - 1) for part in parts if part.runs > 1)
    uncertain = np.broadcast_to(uncertain, np.shape(total))
    return np.divide(total**2, uncertain, out=np.full(np.shape(total), np.inf), where=uncertain > 0)


def t_interval(value: np.ndarray, variances: Variances) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the t interval of a mean over seeds, cut at 0 and 1."""
    half = variances.t_quantile * np.sqrt(variances.total)
    return np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)


def f1_interval(f1: np.ndarray, variances: Variances, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for F1 by emotion; `texts` counts texts labelled or predicted with the emotion, mean over seeds."""
    share = f1 / (2 - f1)
    variance = variances.total * (2 / (2 - f1) ** 2) ** 2
    effective = np.divide(share * (1 - share), variance, out=np.array(texts, dtype=float), where=variance > 0)
    effective = np.maximum(effective, 1)  # 0 if no text is labelled or predicted with it; then it may be anything
    low, high = wilson_interval(share, effective, variances.t_quantile)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def wilson_interval(
    share: np.ndarray, count: np.ndarray, quantile: np.ndarray | float = NORMAL_QUANTILE
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wilson's (1927) interval of a share observed among `count` > 0 independent cells."""
    z2 = quantile**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = np.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def macro_interval(
    f1: np.ndarray, variances: Variances, texts: np.ndarray, macro: Variances
) -> tuple[np.ndarray, np.ndarray]:
    """The same for macro-F1; `f1`, `variances` and `texts` are by emotion as in `f1_interval`, `macro` is of their
    mean."""
    lows, highs = f1_interval(f1, variances, texts)
    together = macro.total - (variances.total / len(f1) ** 2).sum()

    def reach(distances: np.ndarray) -> np.ndarray:
        own = ((distances / variances.t_quantile / len(f1)) ** 2).sum()
        return macro.t_quantile * np.sqrt(np.maximum(together + own, 0))

    return np.clip(f1.mean() - reach(f1 - lows), 0, 1), np.clip(f1.mean() + reach(highs - f1), 0, 1)
