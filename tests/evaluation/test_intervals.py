"""Intervals: Wilson's and Student's where these are exact, hand-worked degrees of freedom, the ends of the scale."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, t

from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.intervals import (
    LEVEL,
    OWN_SHARE,
    Variances,
    f1_interval,
    is_macro_rough,
    macro_interval,
    split_variance,
    t_interval,
)
from tests.support.simulated import World


def known(texts: float, seeds: float = 0.0, runs: int = 1) -> Variances:
    return Variances(np.array([texts]), np.array([seeds]), runs)


def f1_of(share: Any) -> Any:
    """F1 = 2J / (1 + J) = 2h / (2h + e) of h hits and e errors, of which a share J are hits."""
    return 2 * share / (1 + share)


def variance_of_f1(hits: int, either: int) -> float:
    """That makes the variance of the share of hits J (1 - J) / n; F1 changes with J by 2 / (1 + J)²."""
    share = hits / either
    return share * (1 - share) / either * (2 / (1 + share) ** 2) ** 2


def wilson(hits: int, either: int) -> list[float]:
    ends = binomtest(hits, either).proportion_ci(LEVEL, method="wilson")
    return [f1_of(ends.low), f1_of(ends.high)]


@pytest.mark.parametrize(("hits", "either"), [(0, 20), (1, 20), (7, 20), (19, 20), (20, 20), (1, 1), (150, 300)])
def test_f1_of_one_seed_has_wilson_s_interval_of_the_share_of_hits(hits: int, either: int) -> None:
    f1 = np.array([f1_of(hits / either)])
    low, high = f1_interval(f1, known(variance_of_f1(hits, either)), np.array([either]))
    assert [*low, *high] == pytest.approx(wilson(hits, either), abs=1e-12)


def test_the_bootstrap_gives_wilson_s_interval_too() -> None:
    """Of 886 texts; the emotions' hits and errors are counted, their variance is resampled."""
    world = World()
    random = np.random.default_rng(1)
    predictions = world.draw(random, [(*world.draw_seeds(random, 1), 0.0)])
    hits = (predictions.predicted[0] & predictions.truth).sum(axis=0)
    either = (predictions.predicted[0] | predictions.truth).sum(axis=0)
    seen, drawn = score(predictions), resample(predictions, 4_000)
    ends = f1_interval(seen.emotions[0], split_variance(seen.emotions, drawn.emotions), either)
    exact = np.array([wilson(*counts) for counts in zip(hits, either, strict=True)])
    assert np.stack(ends, axis=1) == pytest.approx(exact, abs=0.01)


def test_intervals_are_never_inverted_and_never_leave_0_to_1() -> None:
    random = np.random.default_rng(0)
    f1 = np.concatenate([[0, 1], random.random(2_000)])
    # Up to more than any score between 0 and 1 can have.
    parts = random.choice([0, 1e-12, 1e-6, 1e-3, 0.05, 0.3], (2, len(f1)))
    for runs in (1, 2, 5):
        variances = Variances(parts[0], parts[1] if runs > 1 else np.zeros(len(f1)), runs)
        texts = random.integers(1, 500, len(f1))
        for low, high in (f1_interval(f1, variances, texts), t_interval(f1, variances)):
            assert (low >= 0).all() and (high <= 1).all()
            assert (low <= f1 + 1e-12).all() and (high >= f1 - 1e-12).all()


def test_an_emotion_that_no_text_has_and_none_is_said_to_have_gets_an_interval_without_a_warning() -> None:
    low, high = f1_interval(np.zeros(2), Variances(np.zeros(2), np.zeros(2), 1), np.array([0, 12]))
    assert low.tolist() == [0, 0]
    assert 0 < high[1] < high[0] <= 1


def test_degrees_of_freedom() -> None:
    """(4 + 2)² / (2² / (3 - 1)) = 18; texts without seeds are known exactly, seeds without texts leave runs - 1."""
    for texts, seeds, runs, freedom in ((4, 2, 3, 18), (0, 2, 3, 2), (4, 0, 1, np.inf), (4, 0, 3, np.inf)):
        assert known(texts / 10_000, seeds / 10_000, runs).degrees_of_freedom == pytest.approx(freedom)


def test_the_t_interval_is_student_s() -> None:
    """Without any chance in the texts: mean ± t(2) * sqrt(variance / 3). With only that: ± 1.96 standard errors."""
    runs = np.array([[0.50], [0.52], [0.57]])
    variances = Variances(np.zeros(1), runs.var(axis=0, ddof=1) / 3, 3)
    expected = t.interval(0.95, 2, runs.mean(), runs.std(ddof=1) / np.sqrt(3))
    assert np.ravel(t_interval(runs.mean(axis=0), variances)) == pytest.approx(np.array(expected))
    assert np.ravel(t_interval(np.array([0.5]), known(0.01**2))) == pytest.approx(
        [0.5 - 0.0196, 0.5 + 0.0196], abs=1e-5
    )


def test_variance_is_split_into_that_of_the_texts_and_that_between_seeds() -> None:
    """Both seeds rise by 0.2 from one resample to the other, so all of their difference is their own."""
    scores = np.array([0.5, 0.7])
    variances = split_variance(scores, np.array([[0.4, 0.6], [0.6, 0.8]]))
    assert variances.texts == pytest.approx(0.1**2)
    assert variances.seeds == pytest.approx(0.02 / 2)  # 0.1² + 0.1² over one degree of freedom, of two runs
    assert variances.runs == 2 and variances.total == pytest.approx(0.02)


def test_of_what_seeds_differ_by_chance_in_the_texts_a_share_is_taken_off() -> None:
    """The mean is the same in each resample, but the seeds lie up to 0.4 apart: variance 0.01 + 0.01 between them."""
    samples = np.array([[0.4, 0.8], [0.6, 0.6]])
    variances = split_variance(np.array([0.5, 0.7]), samples)
    assert variances.texts == pytest.approx(0)
    assert variances.seeds == pytest.approx((0.02 - OWN_SHARE * 0.02) / 2)
    assert split_variance(np.array([0.6, 0.6]), samples).seeds == 0  # never less than nothing


def test_one_seed_has_no_variance_between_seeds() -> None:
    variances = split_variance(np.array([0.5]), np.array([[0.4], [0.6]]))
    assert (variances.texts, variances.seeds, variances.runs) == (pytest.approx(0.01), 0, 1)


def test_more_seeds_make_it_narrower() -> None:
    """As far apart as before, on the same texts: two seeds reach 12.7 / sqrt(2) deviations, twelve 2.2 / sqrt(12)."""
    widths = []
    for pairs in (1, 2, 3, 6):
        scores = 0.5 + 0.02 * np.repeat([-1, 1], pairs) * np.sqrt((2 * pairs - 1) / (2 * pairs))
        variances = split_variance(scores, np.repeat([[0.499], [0.501]], 2 * pairs, axis=1))
        low, high = t_interval(scores.mean(), variances)
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] / widths[-1] == pytest.approx(8.98 / 0.635, rel=0.05)


def test_f1_is_too_low_on_average_by_what_its_variance_says() -> None:
    """F1 of binomial hits, the mean over all their numbers against F1 of the share that they have on average."""
    for either in (20, 60, 200):
        share, hits = 0.35, np.arange(either + 1)
        chance, f1 = binom.pmf(hits, either, share), f1_of(hits / either)
        mean = (chance * f1).sum()
        variance = (chance * (f1 - mean) ** 2).sum()
        assert f1_of(share) - mean == pytest.approx(variance / (2 - mean), rel=2 / either)


def test_macro_f1_of_frequent_emotions_has_a_t_interval_about_a_value_that_is_not_too_low() -> None:
    counts, support = [(20, 60), (150, 200)], np.array([40, 180])
    f1, variance = np.array([f1_of(h / n) for h, n in counts]), np.array([variance_of_f1(*count) for count in counts])
    macro = Variances(np.array(variance.sum() / 4), np.array(0.0001), 3)
    ends = macro_interval(f1, Variances(variance, np.zeros(2), 3), np.array([60, 200]), support, macro)
    middle, half = f1.mean() + (variance / (2 - f1)).mean(), macro.t_quantile * np.sqrt(macro.total)
    assert np.array(ends) == pytest.approx(np.array([middle - half, middle + half]))


def reach(hits: list[int], either: list[int], support: list[int]) -> tuple[float, float]:
    """How far the interval of macro-F1 reaches below and above the value, for one seed and independent emotions."""
    f1 = np.array([f1_of(h / n) if n else 0 for h, n in zip(hits, either, strict=True)])
    variance = np.array([variance_of_f1(h, n) if n else 0 for h, n in zip(hits, either, strict=True)])
    macro = Variances(variance.sum() / len(f1) ** 2, np.array(0.0), 1)
    low, high = macro_interval(f1, Variances(variance, 0 * f1, 1), np.array(either), np.array(support), macro)
    return float(f1.mean() - low), float(high - f1.mean())


def test_a_rare_emotion_without_hits_is_guessed_from_the_others_as_rare() -> None:
    """A model that finds most of one rare emotion may well find the other one, which two texts cannot show; a model
    that finds none of 9 texts of the one hardly will."""
    with_one = reach([300, 7, 0], [500, 9, 2], [400, 9, 2])
    with_none = reach([300, 0, 0], [500, 9, 2], [400, 9, 2])
    assert with_one[1] > 2 * with_none[1]
    assert with_one[1] > with_one[0] and with_none[1] > with_none[0]  # an F1 of 0 cannot be too high


def test_what_the_rare_emotions_are_guessed_from_are_not_the_frequent_ones() -> None:
    """However well a model finds those, one that never finds a rare one is not thought to."""
    assert reach([495, 0, 0], [500, 9, 9], [497, 9, 9])[1] < reach([250, 5, 0], [500, 9, 9], [400, 9, 9])[1]


@pytest.mark.parametrize("hits", [0, 1])
@pytest.mark.parametrize(("either", "support"), [(1, 1), (9, 9), (40, 40), (800, 800)])
def test_no_interval_has_a_width_of_zero(hits: int, either: int, support: int) -> None:
    """Not even where all answers are wrong, or all are right, so that no resample differs from another."""
    low, high = reach([hits * either] * 5, [either] * 5, [support] * 5)
    assert low + high > 0.001
    lows, highs = f1_interval(np.full(5, float(hits)), Variances(np.zeros(5), np.zeros(5), 1), np.full(5, either))
    assert (highs - lows > 0.001).all()


def test_macro_f1_lies_in_its_interval_which_lies_in_0_to_1() -> None:
    random = np.random.default_rng(0)
    for _ in range(500):
        either = random.integers(0, [3, 10, 30, 1000])
        support, hits = random.integers(0, either + 1), random.integers(0, either + 1)
        below, above = reach(list(np.minimum(hits, support)), list(either), list(support))
        value = np.mean([f1_of(min(h, s) / max(n, 1)) for h, s, n in zip(hits, support, either, strict=True)])
        assert below >= 0 and above >= 0
        assert value - below >= 0 and value + above <= 1


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_macro_f1_does_not_leave_0_to_1_where_emotions_rise_and_fall_together(share: float) -> None:
    f1, variance = np.full(11, f1_of(share)), np.full(11, 4 * variance_of_f1(round(20 * share), 20))
    many = np.full(11, 20)
    low, high = macro_interval(f1, Variances(variance, np.zeros(11), 1), many, many, known(variance[0]))
    assert 0 <= low < f1[0] < high <= 1


def test_macro_f1_is_rough_where_more_than_a_third_of_the_emotions_are_rare() -> None:
    assert not is_macro_rough(np.array([True, False, False]))
    assert is_macro_rough(np.array([True, True, False, False, False]))
