"""How much chance in training moves a score: the spread between seeds, for series with few seeds or only one.

Two or three seeds say little about their own spread, so each series borrows from the others of the comparison. The
sample variance between the seeds of a series also contains text noise, since each seed errs on other texts; that part
is known from the bootstrap and is subtracted in the end.

*Emotions* (empirical Bayes, Smyth 2004): the sample variances of an emotion are pooled over all series to s_e^2 with
d_e degrees of freedom, and shrunk to (d_0 s_0e^2 + d_e s_e^2) / (d_0 + d_e). The prior's scale s_0e^2 follows the
number of texts that have the emotion, and d_0 says how much emotions with equally many texts differ; both come from the
moments of log s_e^2. As in robust empirical Bayes (Phipson et al. 2016), an emotion that varies more than its prior
says keeps its own variance: seeds move a few emotions far more than all others, and shrinking those gave false verdicts
in up to twice as many studies.

*Macro-F1*: each series' own sample variance is averaged with that of all series, which counts like POOLED_FREEDOM
degrees of freedom.

*Draws*: where two series learned from the same draws of the training texts, chance moves both alike in part. Their
spread is that of the differences by draw, and each pair counts as a series here. Of the pairs of n series, n - 1 are
independent.

*Halves*: scores of runs on all training texts n have no other draws. Runs on random halves of them show what draws do:
a half is a draw of n/2 texts from n, so scores on halves differ by (1 - 1/2) / (1/2) = 1 times the variance of scores
on n texts from draw to draw (the delete-d jackknife, Shao and Wu 1989, with d = n/2). That variance is therefore the
one between halves, whatever their number, which only says how well it is known. It is a little too large, since runs on
fewer texts depend more on them.

A series with one seed gets the spread of the others, and at least the assumed one, since a few seeds may be similar by
chance or because of their method. A series whose seeds all give the same scores has no spread and lends none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import scipy

from emocore.evaluation.intervals import own_text_variance

Key = TypeVar("Key")


@dataclass(frozen=True)
class Assumption:
    """The assumed standard deviation between seeds, and as how many degrees of freedom it counts."""

    deviation: float
    freedom: float


# Measured between seeds of adapters, heads and small networks on frozen bases: 0.3 to 0.7 points of macro-F1, and 0.5
# to 4.7 points of one emotion's F1, 2 in the root mean square. Which emotions vary most differs from model to model, so
# the assumption must bear the largest: among five methods that do not differ, with one seed each and 3,259 texts, 2.5
# points gave a false verdict on an emotion in 8 % of simulated studies, and 2 points that count as known in 35 %.
MACRO_ASSUMPTION = Assumption(0.007, 8)
EMOTION_ASSUMPTION = Assumption(0.03, 8)
# Methods differ in how much their seeds vary, so a series' own variance counts too.
POOLED_FREEDOM = 4
# A prior that says less is none.
LEAST_PRIOR_FREEDOM = 1.0
# Smaller variances are errors of rounding: one text among 100,000 moves F1 by more.
SMALLEST_VARIANCE = 1e-10


@dataclass(frozen=True)
class SampleVariance:
    """Of one series: the variance between its runs, and the part of it that is text noise; (columns,) each. The score
    is a mean over the runs or, with `are_halves`, that of another run, on all training texts."""

    between: np.ndarray
    own: np.ndarray
    runs: int
    are_halves: bool = False

    @classmethod
    def of(cls, scores: np.ndarray, samples: np.ndarray) -> "SampleVariance":
        """`scores` is (runs, columns) and `samples` (resamples, runs, columns)."""
        if len(scores) == 1:
            return cls(np.zeros(scores.shape[1]), np.zeros(scores.shape[1]), 1)
        return cls(scores.var(axis=0, ddof=1), own_text_variance(samples), len(scores))

    @property
    def averaged(self) -> int:
        """How many runs the score is the mean of."""
        return 1 if self.are_halves else self.runs

    @property
    def is_silent(self) -> np.ndarray:
        """(columns,): whether all runs predict the same, as for an emotion that none of them ever predicts."""
        return np.maximum(self.between, self.own) < SMALLEST_VARIANCE


@dataclass(frozen=True)
class SeedSpread:
    """What seeds add to the variance of a series' mean over its seeds; (columns,) each.

    `variance` is without text noise. It is estimated from the variance `sampled`, which contains text noise and has
    `freedom` degrees of freedom. Since the text noise is known, what `variance` may be off by is that of `sampled`.
    """

    variance: np.ndarray
    sampled: np.ndarray
    freedom: np.ndarray


def estimate_macro_spread(series: Mapping[Key, SampleVariance], independent: float) -> dict[Key, SeedSpread]:
    """The spread of macro-F1, which is the only column, of each series, of which this share is independent."""
    several = _find_lenders(series)
    if not several:
        return _assume(series, MACRO_ASSUMPTION)
    weights = [own.runs - 1 for own in several]
    pooled = np.average([own.between for own in several], axis=0, weights=weights)
    text_noise = np.average([own.own for own in several], axis=0, weights=weights)
    known = float(sum(weights)) * independent
    spreads = {}
    for name, own in series.items():
        if own.runs == 1:
            spreads[name] = _lend(pooled, text_noise, np.full_like(pooled, known), MACRO_ASSUMPTION)
        elif own.is_silent.all():
            spreads[name] = _no_spread(own)
        else:
            freedom = own.runs - 1
            share = POOLED_FREEDOM / (POOLED_FREEDOM + freedom)
            mixed = share * pooled + (1 - share) * own.between
            spreads[name] = _subtract(mixed, own, np.full_like(mixed, 1 / pooled_doubt(freedom, known)))
    return spreads


def pooled_doubt(freedom: float, pool_freedom: float) -> float:
    """Half the relative variance of a series' variance that is averaged with that of all series, with these degrees of
    freedom; the pool contains the series, so the two are correlated."""
    share = POOLED_FREEDOM / (POOLED_FREEDOM + freedom)
    return share * (2 - share) / pool_freedom + (1 - share) ** 2 / freedom


def estimate_emotion_spread(
    series: Mapping[Key, SampleVariance], support: np.ndarray, independent: float
) -> dict[Key, SeedSpread]:
    """The spread of F1 by emotion, the columns, of each series, of which this share is independent; `support`
    (emotions,) is how many texts have it."""
    several = _find_lenders(series)
    if not several:
        return _assume(series, EMOTION_ASSUMPTION)
    weights = np.stack([np.where(own.is_silent, 0, own.runs - 1) for own in several]).astype(float)
    every = np.maximum(weights.sum(axis=0), 1)
    pooled = (weights * [own.between for own in several]).sum(axis=0) / every
    text_noise = (weights * [own.own for own in several]).sum(axis=0) / every
    freedom = weights.sum(axis=0) * independent
    prior, prior_freedom = _fit_prior(pooled, freedom, np.log(np.maximum(support, 1)))
    shrunk = (prior_freedom * prior + freedom * pooled) / (prior_freedom + freedom)
    shrunk = np.maximum(shrunk, pooled)
    total = np.minimum(prior_freedom + freedom, freedom.sum())  # there is no more information than in all emotions
    spreads = {}
    for name, own in series.items():
        if own.runs == 1:
            spreads[name] = _lend(shrunk, text_noise, total, EMOTION_ASSUMPTION)
        elif own.is_silent.all():
            spreads[name] = _no_spread(own)
        else:
            spreads[name] = _subtract(shrunk, own, total)
    return spreads


def combined_freedom(total: np.ndarray, spreads: Sequence[SeedSpread], text_doubt: np.ndarray) -> np.ndarray:
    """Satterthwaite's (1946) degrees of freedom of a variance `total` that contains these spreads, (columns,).

    The rest of it is the variance over texts; `text_doubt` (columns,) is that variance over the root of its degrees of
    freedom, zero if it counts as known. Spreads of one comparison come from the same pool and are wrong in the same
    direction, so their standard errors are added instead of their squares.
    """
    of_training = sum(spread.sampled / np.sqrt(spread.freedom) for spread in spreads)
    doubt = np.hypot(of_training, text_doubt)
    doubt = np.broadcast_to(doubt, total.shape)
    return np.divide(total**2, doubt**2, out=np.full(total.shape, np.inf), where=doubt > 0)


def has_lenders(series: Mapping[Key, SampleVariance]) -> bool:
    """Whether a series with one seed gets the spread of others."""
    return bool(_find_lenders(series))


def describe_spread(points: float, is_of_others: bool) -> str:
    """Words for the spread of a series with one seed, from `assumed_spread` and `is_spread_of_others` of `Verdicts`."""
    return f"{'taken from the other methods, at least' if is_of_others else 'assumed,'} {points:.1f} points"


def _find_lenders(series: Mapping[Key, SampleVariance]) -> list[SampleVariance]:
    return [own for own in series.values() if own.runs > 1 and not own.is_silent.all()]


def _fit_prior(variances: np.ndarray, freedom: np.ndarray, log_support: np.ndarray) -> tuple[np.ndarray, float]:
    """Scale (emotions,) and degrees of freedom of the prior of `variances` (Smyth 2004, section 6.2).

    Emotions whose variance is 0 get only a scale. The scale is log-linear in the support.
    """
    is_known = variances >= SMALLEST_VARIANCE
    if not is_known.any():
        return np.zeros_like(variances), LEAST_PRIOR_FREEDOM
    half = freedom[is_known] / 2
    logs = np.log(variances[is_known]) - scipy.special.digamma(half) + np.log(half)
    inside = np.clip(log_support, log_support[is_known].min(), log_support[is_known].max())  # no extrapolation
    terms = np.stack([np.ones(len(freedom)), inside - inside[is_known].mean()], axis=1)
    weights, _, rank, _ = np.linalg.lstsq(terms[is_known], logs, rcond=None)
    fitted = terms @ weights
    left = len(logs) - rank
    if left < 1:
        return np.exp(fitted), LEAST_PRIOR_FREEDOM
    trigamma = partial(scipy.special.polygamma, 1)
    excess = ((logs - fitted[is_known]) ** 2).sum() / left - trigamma(half).mean()
    most = freedom.sum() / 2
    if excess <= trigamma(most):
        prior_half = most
    elif excess >= trigamma(LEAST_PRIOR_FREEDOM / 2):
        prior_half = LEAST_PRIOR_FREEDOM / 2
    else:
        prior_half = scipy.optimize.brentq(lambda h: trigamma(h) - excess, LEAST_PRIOR_FREEDOM / 2, most)
    return np.exp(fitted + scipy.special.digamma(prior_half) - np.log(prior_half)), 2 * prior_half


def _subtract(sampled: np.ndarray, own: SampleVariance, freedom: np.ndarray) -> SeedSpread:
    """The spread of a series with several seeds from the variance of one of its runs, which contains text noise."""
    return SeedSpread(np.maximum(sampled - own.own, 0) / own.averaged, sampled / own.averaged, freedom)


def _lend(sampled: np.ndarray, text_noise: np.ndarray, freedom: np.ndarray, least: Assumption) -> SeedSpread:
    """The spread of a series with one seed from that of others, and at least the assumed one."""
    lent, assumed = sampled - text_noise, least.deviation**2
    is_less = lent <= assumed
    variance = np.where(is_less, assumed, lent)
    return SeedSpread(variance, np.where(is_less, assumed, sampled), np.where(is_less, least.freedom, freedom))


def _assume(series: Mapping[Key, SampleVariance], assumption: Assumption) -> dict[Key, SeedSpread]:
    """The spread where no series shows one: none of several seeds, and the assumed one of one seed."""
    spreads = {}
    for name, own in series.items():
        variance = np.full(own.between.shape, assumption.deviation**2)
        assumed = SeedSpread(variance, variance, np.full(own.between.shape, assumption.freedom))
        spreads[name] = assumed if own.runs == 1 else _no_spread(own)
    return spreads


def _no_spread(own: SampleVariance) -> SeedSpread:
    nothing = np.zeros_like(own.between)
    return SeedSpread(nothing, nothing, np.full_like(nothing, np.inf))
