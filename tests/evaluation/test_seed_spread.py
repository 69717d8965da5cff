"""The spread between seeds that series with few seeds borrow from each other, where the truth is known."""

import numpy as np
import pytest

from emocore.evaluation.seed_spread import (
    EMOTION_ASSUMPTION,
    SampleVariance,
    SeedSpread,
    combined_freedom,
    estimate_emotion_spread,
    has_lenders,
)

SUPPORT = np.geomspace(20, 400, 400)
NO_NOISE = np.zeros(len(SUPPORT))


def draw(deviations: np.ndarray, series: int, runs: int = 3, noise: np.ndarray = NO_NOISE) -> dict[str, SampleVariance]:
    """Sample variances of normal scores with these standard deviations between seeds, one column each."""
    random = np.random.default_rng(3)
    scores = random.normal(0, np.sqrt(deviations**2 + noise), (series, runs, len(deviations)))
    return {
        f"method {number}": SampleVariance(own.var(axis=0, ddof=1), noise, runs) for number, own in enumerate(scores)
    }


def typical(spread: SeedSpread) -> np.ndarray:
    return np.sqrt(3 * spread.variance)  # of one of three seeds


def test_emotions_that_vary_alike_are_known_together() -> None:
    """The truth is a trend with the support. With two series, each emotion has only 4 degrees of freedom of its own."""
    truth = 0.1 / np.sqrt(SUPPORT)
    known = draw(truth, series=2)
    spread = estimate_emotion_spread(known, SUPPORT, 1.0)["method 0"]
    assert np.median(typical(spread) / truth) == pytest.approx(1, abs=0.1)
    assert (typical(spread) / truth >= 0.8).all()
    assert spread.freedom.min() > 40
    alone = np.sqrt((known["method 0"].between + known["method 1"].between) / 2)
    assert (alone / truth).min() < 0.3


def test_the_degrees_of_freedom_say_how_much_emotions_differ() -> None:
    """Variances are drawn from the prior: 6 degrees of freedom of its own and 8 of the data."""
    truth = 0.02 * np.sqrt(6 / np.random.default_rng(4).chisquare(6, len(SUPPORT)))
    spread = estimate_emotion_spread(draw(truth, series=4), SUPPORT, 1.0)["method 0"]
    assert spread.freedom[0] - 8 == pytest.approx(6, abs=1.5)


def test_an_emotion_that_varies_much_more_keeps_its_variance() -> None:
    truth = np.where(np.arange(len(SUPPORT)) == 7, 0.2, 0.01)
    known = draw(truth, series=4)
    spread = estimate_emotion_spread(known, SUPPORT, 1.0)["method 0"]
    pooled = np.mean([own.between[7] for own in known.values()])
    assert 3 * spread.variance[7] == pytest.approx(pooled)


def test_text_noise_is_subtracted_but_not_its_doubt() -> None:
    noise = np.full(len(SUPPORT), 0.03**2)
    spread = estimate_emotion_spread(draw(np.full(len(SUPPORT), 0.04), 4, noise=noise), SUPPORT, 1.0)["method 0"]
    assert np.median(typical(spread)) == pytest.approx(0.04, rel=0.1)
    assert 3 * (spread.sampled - spread.variance) == pytest.approx(noise)


def test_an_emotion_that_no_seed_predicts_gets_the_spread_of_the_others() -> None:
    truth = np.where(np.arange(len(SUPPORT)) == 7, 0, 0.02)
    spread = estimate_emotion_spread(draw(truth, series=3), SUPPORT, 1.0)["method 0"]
    assert typical(spread)[7] == pytest.approx(0.02, rel=0.1)


def test_one_seed_takes_the_spread_of_the_others_and_at_least_the_assumed_one() -> None:
    for deviation in (0.005, 0.06):
        known = draw(np.full(len(SUPPORT), deviation), series=3)
        known["one seed"] = SampleVariance(NO_NOISE, NO_NOISE, 1)
        assert has_lenders(known)
        lent = np.sqrt(estimate_emotion_spread(known, SUPPORT, 1.0)["one seed"].variance)
        assert np.median(lent) == pytest.approx(max(deviation, EMOTION_ASSUMPTION.deviation), rel=0.1)


def test_seeds_that_predict_the_same_have_no_spread_and_lend_none() -> None:
    known = {"TF-IDF": SampleVariance(NO_NOISE, NO_NOISE, 3), "LoRA": SampleVariance(NO_NOISE, NO_NOISE, 1)}
    spreads = estimate_emotion_spread(known, SUPPORT, 1.0)
    assert not has_lenders(known) and not spreads["TF-IDF"].variance.any()
    assert spreads["LoRA"].variance == pytest.approx(EMOTION_ASSUMPTION.deviation**2)


@pytest.mark.parametrize("emotions", [1, 2, 3])
def test_few_emotions_say_little_of_each_other(emotions: int) -> None:
    spread = estimate_emotion_spread(
        draw(np.full(emotions, 0.02), 2, noise=np.zeros(emotions)), SUPPORT[:emotions], 1.0
    )
    assert np.isfinite(spread["method 0"].variance).all()
    assert (spread["method 0"].freedom <= 4 * emotions).all()


def test_spreads_of_one_pool_are_wrong_together() -> None:
    """Two equal spreads from the same 4 degrees of freedom are known no better than one."""
    spread = SeedSpread(np.array([0.0002]), np.array([0.0002]), np.array([4.0]))
    assert combined_freedom(np.array([0.0004]), [spread, spread], np.zeros(1)) == pytest.approx(4)
    assert combined_freedom(np.array([0.0008]), [spread, spread], np.zeros(1)) == pytest.approx(16)
    assert combined_freedom(np.array([0.0004]), [], np.array([0.0002])) == pytest.approx(4)
