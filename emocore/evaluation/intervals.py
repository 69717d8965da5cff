"""95 % confidence intervals of a series' scores: its mean over repetitions, on texts of this kind.

They count two sources of chance. *Texts*: the variance of the mean over a bootstrap of the texts. *Repetitions*: the
variance between the runs, divided by their number, with Satterthwaite's (1946) degrees of freedom, since a few runs say
little about their own spread. Repetitions are seeds or, if a study draws its training texts anew for each replicate,
draws; only then the choice of the training texts is counted. Where runs on halves of the training texts stand for other
draws (emocore.evaluation.seed_spread), the variance between them takes the place of that of the mean. Part of the
variance between runs is text noise that the first part already counts; OWN_SHARE of it is subtracted. With one run the
interval is that of the trained model and counts only the texts.

F1 of one emotion gets Wilson's (1927) interval, which stays within 0 and 1 and holds for few texts: F1 = 2J / (1 + J),
where the Jaccard index J, the true positives among all texts labelled or predicted with the emotion, is a proportion.
J has an effective number of texts, J (1 - J) / variance, as in survey statistics (Korn and Graubard 1998).

Macro-F1 is a mean over emotions, and so nearly normal: it gets a t interval with the variance of the bootstrap. With
few texts of an emotion that would be wrong in two ways. F1 is a concave function of J, so on average it is too low, by
about var(F1) / (2 - F1) (the Taylor expansion of second order); the middle of the interval is raised by that. And of an
emotion that hardly any text has, the texts show neither its F1 nor the variance, which is zero in the bootstrap if
there is no hit. J of such an emotion is estimated by empirical Bayes from all emotions that are as rare, with a beta
distribution (Robbins 1956, Morris 1983; see `_rare_f1`). So the value is not in the middle, and the width is never 0.

Texts that belong together in groups are resampled in whole groups, which the variance over texts follows, and so the
effective number of texts, also with one seed. That variance is known less well than that of many texts, so it has
degrees of freedom of its own (`Predictions.text_freedom`), and where texts that have an emotion are counted, as for
FEWEST_POSITIVES, groups that have one count.

Other metrics get a t interval. `make coverage` measures how often these intervals hold.
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
# How many texts the other rare emotions count for in the estimate of one of them, as how many hits and errors their
# common share is known before any text is seen, and how much larger the variance is taken, since that share is off for
# each of them in the same direction. With these, models of 28 labels that find some or next to none of the rare ones
# (886 or 3,259 texts) have macro-F1 above the interval in 1.0 to 5.2 % of simulations, and below it in 0.5 to 1.8 %.
PRIOR_TEXTS, PRIOR_HITS, COMMON_DOUBT = 2, 0.1, 2.0
# Of the second-order term of the mean of F1. All of it is right where J is known to this variance, and none where J is
# as likely to be over- as underestimated; a strong model needs less of it and a weak one more.
CURVATURE = 0.5
# With a larger share of rare emotions (28 labels, 150 or 300 texts), the interval of macro-F1 held in 89 to 100 % of
# simulations, and nearly all misses were on one side.
MOST_RARE = 1 / 3


@dataclass(frozen=True)
class Variances:
    """Variances of a mean over seeds, as arrays of the shape of one run's score. `seeds` is 0 with only one seed, and
    known from so many `runs`; `text_freedom` are the degrees of freedom of `texts` (see `Predictions.text_freedom`)."""

    texts: np.ndarray
    seeds: np.ndarray
    runs: int
    text_freedom: float = np.inf

    @property
    def total(self) -> np.ndarray:
        return np.asarray(self.texts + self.seeds)

    @property
    def degrees_of_freedom(self) -> np.ndarray:
        """Satterthwaite's degrees of freedom of the total; the variance over texts without groups counts as known."""
        doubt = np.asarray(self.seeds**2 / max(self.runs - 1, 1) + self.texts**2 / self.text_freedom)
        return np.divide(self.total**2, doubt, out=np.full(np.shape(self.total), np.inf), where=doubt > 0)

    @property
    def t_quantile(self) -> np.ndarray:
        """Half the width of a 95 % interval, in standard errors."""
        return np.asarray(scipy.special.stdtrit(self.degrees_of_freedom, (1 + LEVEL) / 2))


def split_variance(
    scores: np.ndarray,
    samples: np.ndarray,
    text_freedom: float = np.inf,
    halves: tuple[np.ndarray, np.ndarray] | None = None,
) -> Variances:
    """Variance of the mean score of a series; `scores` is (runs, ...), `samples` (resamples, runs, ...), and
    `text_freedom` that of the predictions. `halves` are the same two arrays of its runs on halves."""
    texts = samples.mean(axis=1).var(axis=0, dtype=float)
    averaged = 1 if halves else len(scores)
    scores, samples = halves or (scores, samples)
    runs = len(scores)
    if runs == 1:
        return Variances(texts, np.zeros_like(texts), runs, text_freedom)
    between = scores.var(axis=0, ddof=1)
    seeds = np.maximum(between - OWN_SHARE * own_text_variance(samples), 0) / averaged
    return Variances(texts, seeds, runs, text_freedom)


def own_text_variance(samples: np.ndarray) -> np.ndarray:
    """The part of the variance between several runs that is text noise; `samples` is (resamples, runs, ...)."""
    apart = samples - samples.mean(axis=1, keepdims=True)
    return np.asarray(apart.var(axis=0, dtype=float).sum(axis=0) / (samples.shape[1] - 1))


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
    f1: np.ndarray, variances: Variances, texts: np.ndarray, support: np.ndarray, macro: Variances
) -> tuple[np.ndarray, np.ndarray]:
    """The same for macro-F1, the mean of `f1`: two scalars, with the mean between them.

    `f1`, `variances` and `texts` (labels,) are by emotion as in `f1_interval`, `support` (labels,) counts the texts, or
    groups of texts, labelled with the emotion, and `macro` has the variances of the mean over emotions.
    """
    is_unsure = (support < FEWEST_POSITIVES) | (variances.total == 0)
    guess, spread = _rare_f1(f1, texts, support < FEWEST_POSITIVES)
    middle = np.where(is_unsure, guess, f1 + variances.total / (2 - f1)).mean()
    # What the bootstrap does not show of an emotion is not shared with the others, so it is added as if independent.
    hidden = np.where(is_unsure, np.maximum(spread - variances.total, 0), 0).sum() / len(f1) ** 2
    half = macro.t_quantile * np.sqrt(macro.total + hidden)
    value = f1.mean()
    return np.clip(np.minimum(middle - half, value), 0, 1), np.clip(np.maximum(middle + half, value), 0, 1)


def _rare_f1(f1: np.ndarray, texts: np.ndarray, is_rare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (labels,) of what F1 may be, given `texts` labelled or predicted with each emotion.

    The share of hits J has a beta distribution: the hits and errors seen, and PRIOR_TEXTS more, of which the share of
    all rare emotions together are hits. That share itself has a beta prior, PRIOR_HITS hits and as many errors, so it
    is never quite 0 or 1. Mean and variance of F1 = 2J / (1 + J) are its Taylor expansion about the mean of J, with
    CURVATURE of the second-order term.
    """
    hits = texts * f1 / (2 - f1)
    pooled = (hits[is_rare].sum() + PRIOR_HITS) / (texts[is_rare].sum() + 2 * PRIOR_HITS)
    count = texts + PRIOR_TEXTS
    share = (hits + PRIOR_TEXTS * pooled) / count
    variance = share * (1 - share) / (count + 1)
    mean = 2 * share / (1 + share) - CURVATURE * 2 * variance / (1 + share) ** 3
    return mean, COMMON_DOUBT * variance * (2 / (1 + share) ** 2) ** 2


def is_macro_rough(is_rare: np.ndarray) -> bool:
    """Whether the interval of macro-F1 is rough, given which emotions (labels,) have fewer than FEWEST_POSITIVES
    texts."""
    return bool(is_rare.mean() > MOST_RARE)
