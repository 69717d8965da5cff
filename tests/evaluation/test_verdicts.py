"""Verdicts: pairs that must differ and pairs that must not, and the spread between seeds."""

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot
from scipy.stats import norm, t

from emocore.evaluation.bootstrap import Scores, resample, score
from emocore.evaluation.intervals import FEWEST_POSITIVES, NORMAL_QUANTILE
from emocore.evaluation.paired_tests import FEWEST_TEXTS
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.seed_spread import EMOTION_ASSUMPTION, MACRO_ASSUMPTION
from emocore.evaluation.verdicts import (
    COLUMNS,
    FURTHER_COLUMNS,
    OPPOSITES,
    UNDECIDED,
    Verdicts,
    adjust_holm,
    compare_pairs,
)
from tests.support.simulated import predictions_of


def judge(predictions: Predictions, resamples: int = 1_000, margin: float = 0.01, pairs: int = 0) -> pd.DataFrame:
    return compare_pairs(predictions, score(predictions), resample(predictions, resamples), margin, pairs).rows


def noisy(accuracies: dict[str, list[float]], texts: int = 400, labels: int = 4) -> Predictions:
    """Series -> for each of its seeds the share of cells that it gets right; two in five texts have each emotion."""
    random = np.random.default_rng(0)
    truth = random.random((texts, labels)) < 0.4
    series = tuple(name for name, own in accuracies.items() for _ in own)
    wrong = np.stack([random.random(truth.shape) > share for own in accuracies.values() for share in own])
    return predictions_of(truth, np.where(truth ^ wrong, 1.0, -1.0), series)


def turn(predictions: Predictions) -> Predictions:
    """The same runs in reverse order."""
    scores = predictions.predicted[::-1] - 0.5
    return predictions_of(predictions.truth, scores, predictions.series[::-1])


def test_each_pair_has_a_row_overall_and_then_one_an_emotion() -> None:
    table = judge(noisy({"A": [0.8], "B": [0.8], "C": [0.8]}))
    assert table.columns.tolist() == [*COLUMNS, *FURTHER_COLUMNS]
    targets = ["", "emotion 0", "emotion 1", "emotion 2", "emotion 3"]
    assert table["emotion"].tolist() == targets * 3
    pairs = table[["first", "second"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["A", "B"], ["A", "C"], ["B", "C"]]


def test_one_series_has_nobody_to_be_compared_with() -> None:
    table = judge(noisy({"A": [0.8, 0.7]}))
    assert table.empty and Verdicts(table).to_table().columns.tolist() == COLUMNS


def test_the_margin_survives_a_part_without_pairs() -> None:
    alone, both = noisy({"A": [0.8, 0.7]}), noisy({"A": [0.8, 0.7], "B": [0.7, 0.8]})
    parts = [compare_pairs(own, score(own), resample(own, 50), margin=0.05) for own in (alone, both)]
    joined = Verdicts.join(parts)
    assert joined.margin == Verdicts.join(parts[:1]).margin == 0.05
    assert joined.rows["difference"].dtype == float and len(joined.rows) == len(parts[1].rows)


def test_the_difference_is_that_of_the_means_over_seeds() -> None:
    predictions = noisy({"A": [0.9, 0.8], "B": [0.7, 0.75, 0.8]})
    seen, table = score(predictions), judge(predictions)
    overall = seen.metrics["f1_macro"]
    expected = [overall[:2].mean() - overall[2:].mean()]
    expected += [*(seen.emotions[:2].mean(axis=0) - seen.emotions[2:].mean(axis=0))]
    assert table["difference"].tolist() == pytest.approx(expected, abs=1e-12)
    assert table["support"].tolist() == [len(predictions.truth), *predictions.support]


def test_a_clear_winner_is_better_in_everything() -> None:
    table = judge(noisy({"A": [0.95, 0.94, 0.95], "B": [0.7, 0.72, 0.71]}))
    assert set(table["verdict"]) == {"better"}
    assert (table["low"] > 0.1).all() and (table["p_adjusted"] < 0.01).all()
    assert set(table["note"]) == {""}
    assert set(judge(noisy({"A": [0.7, 0.72, 0.71], "B": [0.95, 0.94, 0.95]}))["verdict"]) == {"worse"}


def test_runs_that_say_the_same_are_not_told_apart() -> None:
    predictions = noisy({"A": [0.8]})
    twice = predictions_of(predictions.truth, np.repeat(predictions.predicted - 0.5, 2, axis=0), ("A", "B"))
    table = judge(twice)
    assert (table["difference"] == 0).all() and (table["low"] == -table["high"]).all()
    assert (table[["p_value", "p_adjusted"]] == 1).all(axis=None) and (table["probability"] == 0.5).all()
    assert set(table["verdict"]) == {"open"}, "one seed of each leaves a spread of seeds that exceeds the margin"
    assert set(judge(twice, margin=0.2)["verdict"]) == {"equal"}


def test_what_no_resample_and_no_seed_changes_is_clear() -> None:
    """Every text has the one emotion; A always finds it, B never."""
    truth = np.ones((120, 1), dtype=bool)
    scores = np.repeat([1.0, -1.0], 3)[:, None, None] * np.ones((120, 1))
    table = judge(predictions_of(truth, scores, ("A",) * 3 + ("B",) * 3))
    assert table["verdict"].tolist() == ["better", "better"]
    one_text = NORMAL_QUANTILE * np.sqrt(((2 / 240) ** 2 + (2 / 120) ** 2) / 2)  # F1 = 2 hits / (predicted + true)
    assert table["low_95"].to_numpy() == pytest.approx(1 - one_text)
    assert (table["high_95"] == 1).all(), "no F1 is more than 1 above another"


@pytest.mark.parametrize(
    "accuracies",
    [
        {"A": [0.80], "B": [0.77]},
        {"A": [0.80, 0.82], "B": [0.77]},
        {"A": [0.80, 0.82, 0.81], "B": [0.77, 0.79], "C": [0.74]},
    ],
)
def test_the_order_of_the_runs_only_turns_the_signs(accuracies: dict[str, list[float]]) -> None:
    predictions = noisy(accuracies)
    straight = judge(predictions).set_index(["first", "second", "emotion"])
    turned = judge(turn(predictions)).set_index(["second", "first", "emotion"]).loc[straight.index]
    assert turned["difference"].to_numpy() == pytest.approx(-straight["difference"].to_numpy())
    assert turned["low"].to_numpy() == pytest.approx(-straight["high"].to_numpy(), rel=1e-5)
    for column in ("p_value", "p_adjusted"):
        assert turned[column].to_numpy() == pytest.approx(straight[column].to_numpy(), abs=1e-9)
    assert turned["verdict"].tolist() == straight["verdict"].map(OPPOSITES).tolist()


def test_p_values_are_corrected_for_the_pairs_overall_and_for_all_emotions_of_all_pairs() -> None:
    table = judge(noisy({"A": [0.80], "B": [0.79], "C": [0.75]}))
    overall = table["emotion"] == ""
    for part, size in ((table[overall], 3), (table[~overall], 12)):
        assert len(part) == size
        assert part["p_adjusted"].to_numpy() == pytest.approx(adjust_holm(part["p_value"].to_numpy()))
    assert table["verdict"].isin(["better", "worse"]).tolist() == (table["p_adjusted"] <= 0.05).tolist()


def test_few_texts_get_no_verdict_overall() -> None:
    accuracies = {"A": [0.95, 0.94], "B": [0.6, 0.6]}
    assert judge(noisy(accuracies, texts=FEWEST_TEXTS))["verdict"].iloc[0] == "better"
    row = judge(noisy(accuracies, texts=FEWEST_TEXTS - 1)).iloc[0]
    assert (row["verdict"], row["note"]) == ("open", snapshot("only 99 texts, which is too few"))
    unknown = ["low", "high", "low_90", "high_95", "p_value", "p_adjusted", "probability"]
    assert row[unknown].isna().all() and row["interval"] == "" and row["support"] == FEWEST_TEXTS - 1


def test_the_correction_for_hundreds_of_pairs_leaves_clear_differences_clear() -> None:
    accuracies = {f"method {number}": [0.9 - 0.2 * (number % 2)] for number in range(34)}
    table = judge(noisy(accuracies, texts=300, labels=2), resamples=200)
    overall = table[table["emotion"] == ""]
    assert len(overall) == 34 * 33 / 2
    assert overall["verdict"].isin(UNDECIDED).tolist() == (overall["difference"].abs() < 0.1).tolist()


@pytest.mark.parametrize("positives", [FEWEST_POSITIVES - 1, FEWEST_POSITIVES])
def test_an_emotion_with_few_texts_never_gets_a_verdict(positives: int) -> None:
    """The second emotion: one method finds every text that has it, the other none."""
    truth = np.zeros((300, 2), dtype=bool)
    truth[:150, 0] = truth[:positives, 1] = True
    predictions = predictions_of(truth, np.stack([truth - 0.5, np.where([1, 0], truth - 0.5, -1.0)]), ("A", "B"))
    row = judge(predictions).iloc[2]
    assert row["difference"] == 1 and row["support"] == positives
    if positives < FEWEST_POSITIVES:
        assert np.isnan(row["low"]) and np.isnan(row["high"])
        assert row["verdict"] == "open" and row[["p_value", "p_adjusted", "probability"]].isna().all()
        assert row["note"].startswith("only 9 texts have it, which is too few; one seed of A and of B")
    else:
        assert row["verdict"] == "better" and row["low"] > 0 and row["note"].startswith("one seed")


def test_an_interval_excludes_zero_where_the_p_value_is_at_most_5_in_100() -> None:
    predictions = noisy({"A": [0.82, 0.83], "B": [0.78, 0.79], "C": [0.75]}, labels=28)
    table = judge(predictions, resamples=999)
    is_apart = (table["low_95"] > 0) | (table["high_95"] < 0)
    assert (is_apart == (table["p_value"] <= 0.05)).all()
    assert 5 < is_apart.sum() < 80
    assert ((table["probability"] - 0.5).abs() >= 0.475).tolist() == is_apart.tolist()


def test_the_interval_next_to_a_word_is_the_one_that_decided() -> None:
    accuracies = {"A": [0.82, 0.83, 0.82], "B": [0.8, 0.81, 0.81], "C": [0.75, 0.76, 0.76], "D": [0.82, 0.82, 0.83]}
    table = judge(noisy(accuracies, texts=1_500), margin=0.02)
    assert {"better", "worse", "equal", "open"} < set(table["verdict"]) <= set(OPPOSITES)
    for _, row in table.iterrows():
        leaves_out_zero = row["low"] > 0 or row["high"] < 0
        if row["verdict"] in ("better", "worse"):
            assert leaves_out_zero and row["interval"] in ("corrected 95 %", "95 %")
            assert row["high"] - row["low"] >= row["high_95"] - row["low_95"]
        elif row["verdict"] == "equal":
            assert row["interval"] == "90 %" and -0.02 < row["low_90"] == row["low"] < row["high"] < 0.02
        else:
            assert row["interval"] == "95 %" and (row["low"], row["high"]) == (row["low_95"], row["high_95"])
            assert leaves_out_zero == row["verdict"].startswith("leans")


def test_what_only_the_correction_does_not_call_better_leans() -> None:
    """The same pair alone, and as one of the 400 that a study planned."""
    predictions = noisy({"A": [0.84, 0.84], "B": [0.8, 0.8]})
    alone, planned = (judge(predictions, pairs=pairs).iloc[0] for pairs in (0, 400))
    assert (alone["verdict"], alone["interval"]) == ("better", "95 %") and alone["p_adjusted"] == alone["p_value"]
    assert planned["verdict"] == "leans better" and planned["p_adjusted"] == min(1, 400 * alone["p_value"])
    assert planned["low"] == alone["low"] > 0


def test_a_lead_that_is_surely_smaller_than_the_margin_is_better_and_says_so() -> None:
    table = judge(noisy({"A": [0.84, 0.83, 0.84], "B": [0.8, 0.8, 0.8]}), margin=0.15)
    assert table.iloc[0]["verdict"] == "better"
    assert table.iloc[0]["note"] == "surely by less than 15 points"


# By hand: two series whose difference has a standard deviation of 0.01 over texts.
RESAMPLES = 20_000
ASSUMED = f"{100 * MACRO_ASSUMPTION.deviation:.1f} points"
VARIANCE, FREEDOM = MACRO_ASSUMPTION.deviation**2, MACRO_ASSUMPTION.freedom


def judge_known(first: list[float], second: list[float]) -> pd.Series:
    """The overall row; both lists are macro-F1 of each seed of A and of B."""
    random = np.random.default_rng(1)
    common, apart = random.normal(0, 0.03, (RESAMPLES, 1)), random.normal(0, 0.01, (RESAMPLES, 1))
    macro, places = np.array([*first, *second]), np.arange(len(first) + len(second))
    drawn = macro + common + apart * (places < len(first))
    predictions = noisy({"A": [0.8] * len(first), "B": [0.8] * len(second)}, texts=2_000, labels=1)
    seen = Scores(macro[:, None], {"f1_macro": macro})
    return compare_pairs(predictions, seen, Scores(drawn[..., None], {"f1_macro": drawn})).overall.iloc[0]


def check_reach(row: pd.Series, variance: float, freedom: float) -> None:
    """That the interval and p are Student's, as far as 20,000 resamples tell."""
    distribution = norm if np.isinf(freedom) else t(freedom)
    deviation, difference = np.sqrt(variance), row["difference"]
    reach = distribution.ppf(0.975) * deviation
    assert [row["low_95"], row["high_95"]] == pytest.approx([difference - reach, difference + reach], abs=0.04 * reach)
    assert row["p_value"] == pytest.approx(2 * distribution.sf(abs(difference) / deviation), rel=0.1, abs=0.001)


def test_single_seeds_get_an_assumed_spread_and_say_so() -> None:
    row = judge_known([0.52], [0.50])
    total = 0.01**2 + 2 * VARIANCE
    check_reach(row, total, FREEDOM * (total / (2 * VARIANCE)) ** 2)
    assert row["note"] == f"one seed of A and of B: its spread between seeds is assumed, {ASSUMED}"
    assert row[["assumed_spread", "is_spread_of_others"]].tolist() == [100 * MACRO_ASSUMPTION.deviation, False]


def test_several_seeds_share_their_spread_with_the_tails_of_few() -> None:
    """Sample variances 0.0004 and 0.0001 are pooled to 0.00025 with 4 degrees of freedom. Two thirds of that and one
    third of their own (2 degrees) are 0.0003 and 0.0002, of relative variance (2/3 * 4/3) / 4 + (1/9) / 2 = 1 / 3.6."""
    row = judge_known([0.51, 0.53, 0.55], [0.49, 0.50, 0.51])
    check_reach(row, 0.0001 * (1 + 5 / 3), 3.6 * (8 / 5) ** 2)
    assert row["note"] == "" and np.isnan(row["assumed_spread"])


def test_a_single_seed_takes_the_spread_of_the_others() -> None:
    """0.0004 / 3 of A's mean, and the whole 0.0004 of B's one seed, both from the same 2 degrees of freedom."""
    row = judge_known([0.51, 0.53, 0.55], [0.50])
    check_reach(row, 0.0001 * (1 + 4 / 3 + 4), 2 * (1 + 4 / 3 + 4) ** 2 / (4 / 3 + 4) ** 2)
    expected = f"one seed of B: its spread between seeds is taken from the other methods, at least {ASSUMED}"
    assert row["note"] == expected and row["is_spread_of_others"]


def test_a_method_without_any_spread_lends_none() -> None:
    """TF-IDF gives the same scores with every seed, which says nothing of how much LoRA's would vary."""
    row = judge_known([0.52, 0.52, 0.52], [0.50])
    total = 0.01**2 + VARIANCE
    check_reach(row, total, FREEDOM * (total / VARIANCE) ** 2)
    assert row["note"] == f"one seed of B: its spread between seeds is assumed, {ASSUMED}"


def test_the_spread_assumed_of_an_emotion_is_larger() -> None:
    row = judge(noisy({"A": [0.8], "B": [0.8]})).iloc[1]
    assert row["note"].endswith(f"assumed, {100 * EMOTION_ASSUMPTION.deviation:.1f} points")
    assert EMOTION_ASSUMPTION.deviation > MACRO_ASSUMPTION.deviation


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("others", [0.8, 1.0], ids=["seeds differ", "seeds predict the same"])
def test_no_interval_has_a_width_of_zero(seeds: int, others: float) -> None:
    """Both methods never predict the last emotion, which 30 of 300 texts have, so they differ in no text."""
    predictions = noisy({"A": [others] * seeds, "B": [others] * seeds}, texts=300)
    truth, scores = predictions.truth.copy(), predictions.predicted - 0.5
    truth[:, 3] = np.arange(300) < 30
    scores[..., 3] = -1
    table = judge(predictions_of(truth, scores, predictions.series))
    row = table.iloc[4]
    assert row["difference"] == 0 and row["p_value"] == 1
    assert -row["low_95"] == row["high_95"] >= NORMAL_QUANTILE * 2 / 30 - 1e-9  # one text of the 30
    assert (table["high"] - table["low"] > 0.001).all()
