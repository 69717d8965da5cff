"""Pairs of series that learned from several draws of training texts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emocore.evaluation.bootstrap import resample, score
from emocore.evaluation.paired_tests import _count_independent, measure_draws
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.verdicts import compare_pairs
from tests.support.simulated import DRAWS, World

PER_RUN = ("runs", "series", "methods", "draws")
WORLD = World(texts=2_000, seed_skill=0.005, seed_shift=0.01, **DRAWS | {"draw_skill": 0.2})


def study(first: str, second: str, gain: float = 0.0) -> Predictions:
    """Two methods with one run on each of these draws; a draw moves both by several points."""
    random = np.random.default_rng(0)
    names = sorted({*first, *second})
    trained = WORLD.draw_replicates(random, 2, len(names))
    models = []
    for (shift, skill), draws, own_gain in zip(trained, (first, second), (gain, 0.0), strict=True):
        places = [names.index(draw) for draw in draws]
        models.append((shift[places], skill[places], own_gain))
    return replace(WORLD.draw(random, models), draws=tuple(first + second))


def judge(predictions: Predictions) -> pd.Series:
    """The verdict on macro-F1 of the only pair."""
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, 500))
    return verdicts.overall.iloc[0]


def width(row: pd.Series) -> float:
    return float(row["high"] - row["low"])


def test_what_a_draw_does_to_both_methods_cancels() -> None:
    shared = study("abcde", "abcde")
    assert width(judge(replace(shared, draws=tuple("abcdefghij")))) > 2 * width(judge(shared))


def test_a_difference_on_shared_draws_is_found() -> None:
    row = judge(study("abcde", "abcde", gain=0.15))
    assert row["verdict"] == "better" and row["note"] == ""
    macro = score(study("abcde", "abcde", gain=0.15)).metrics["f1_macro"]
    assert row["difference"] == pytest.approx(macro[:5].mean() - macro[5:].mean())


def test_how_far_a_draw_moves_a_score_is_its_spread_between_draws_without_text_noise() -> None:
    predictions = study("abcde", "abcde")
    seen, drawn = score(predictions), resample(predictions, 500)
    macro = seen.metrics["f1_macro"].reshape(2, 5)
    of_both = float(np.sqrt(macro.var(axis=1, ddof=1).mean()))
    assert 0.9 * of_both < measure_draws(predictions, seen, drawn) < of_both
    assert np.isnan(measure_draws(replace(predictions, draws=("",) * 10), seen, drawn)), "seeds of one draw"


def test_a_joint_series_changes_nothing_about_its_members() -> None:
    plain = study("abcde", "abcde", gain=0.15)
    joint = replace(
        plain,
        **{name: getattr(plain, name) + getattr(plain, name)[:5] for name in ("runs", "draws", "series", "methods")},
        **{name: np.concatenate([array, array[:5]]) for name in ("probabilities", "predicted", "thresholds")
           if (array := getattr(plain, name)) is not None},
    )  # fmt: skip
    joint = replace(joint, series=plain.series + ("A + B together",) * 5)

    joint = replace(joint, methods=("lora",) * 10 + ("together",) * 5)
    pair = judge(plain)[["low_95", "high_95", "p_value"]]
    with_joint = compare_pairs(joint, score(joint), resample(joint, 500)).between("method 0", "method 1")
    assert with_joint[pair.index].tolist() == pytest.approx(pair.tolist())


def test_only_draws_that_both_have_are_compared() -> None:
    predictions = study("abcd", "cdae", gain=0.15)
    macro = score(predictions).metrics["f1_macro"]
    row = judge(predictions)
    assert row["difference"] == pytest.approx(macro[[0, 2, 3]].mean() - macro[[4, 5, 6]].mean())
    assert row["note"] == "compared by the 3 draws of training texts that both have"


def test_seeds_of_one_draw_are_not_compared_with_several_draws() -> None:
    predictions = study("aaa", "abc", gain=0.5)
    verdicts = compare_pairs(predictions, score(predictions), resample(predictions, 500))
    assert verdicts.rows.empty and verdicts.find("method 0", "method 1") is None


@pytest.mark.parametrize(
    ("pairs", "independent"),
    [("AB", 1), ("AB AC BC", 2), ("AB CD", 2), ("AB CB", 2), ("AB CD BC AD AC BD", 3)],
)
def test_of_the_pairs_of_series_that_share_draws_one_fewer_than_series_are_independent(
    pairs: str, independent: int
) -> None:
    assert _count_independent([tuple(pair) for pair in pairs.split()]) == independent


def test_seeds_of_one_draw_that_both_share_are_compared_as_seeds() -> None:
    predictions = study("aaa", "aaa", gain=0.5)
    row, named_otherwise = judge(predictions), judge(replace(predictions, draws=("",) * 6))
    assert row["verdict"] == "better" and row.equals(named_otherwise)


def take(predictions: Predictions, places: list[int]) -> Predictions:
    """The runs at these places, which may occur twice."""
    words = {name: tuple(getattr(predictions, name)[p] for p in places) for name in PER_RUN}
    arrays = {name: getattr(predictions, name)[places] for name in ("probabilities", "predicted", "thresholds")}
    return replace(predictions, **words, **arrays)


def test_several_seeds_of_a_draw_count_once_in_any_order() -> None:
    """With copies of its runs, a study knows no more."""
    predictions = study("abc", "abc")
    once, copied = judge(predictions), judge(take(predictions, [2, 0, 1, 0, 5, 4, 3, 5]))
    assert copied["difference"] == pytest.approx(once["difference"])
    assert width(copied) == pytest.approx(width(once), rel=1e-3)
