"""Ranks over datasets: which series are shared, how they rank, and what a test says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import scipy
from inline_snapshot import snapshot

from emocore.errors import DataError
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.datasets import Ranking, describe_ranking, rank_series
from tests.support.audited_runs import finish
from tests.support.studies import draw_truth

# How many of 100 texts a method gets wrong.
USUAL = {"lora": 5, "ia3": 20, "head": 35}


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


def comparison_of(dataset: int, wrong: Mapping[str, int] = USUAL, **settings: Any) -> Comparison:
    truth = draw_truth(100, 3, seed=dataset)
    results = []
    for method, count in wrong.items():
        is_wrong = np.arange(100)[:, None] < count
        logits = np.where((truth == 1) != is_wrong, 3.0, -3.0)
        own = {name: value[method] if isinstance(value, dict) else value for name, value in settings.items()}
        origin = {"data_sha256": {"data": f"{dataset}" * 64}}
        results.append(finish(origin, truth, logits, method=method, data=f"data {dataset}.csv", **own))
    return compare(results, "validation")


def rank(orders: Sequence[Mapping[str, int]]) -> Ranking:
    return rank_series({f"set {number}": comparison_of(number, wrong) for number, wrong in enumerate(orders)})


def wrong_of(*methods: str) -> dict[str, int]:
    """The methods from the best to the worst."""
    return {method: 5 + 10 * place for place, method in enumerate(methods)}


def test_series_are_ranked_on_each_dataset_and_the_ranks_averaged() -> None:
    ranking = rank([wrong_of("lora", "ia3", "head"), wrong_of("head", "lora", "ia3")])
    assert ranking.mean_ranks.to_dict() == {"LoRA": 1.5, "Head": 2.0, "IA3": 2.5}
    assert ranking.f1_macro.columns.tolist() == ["set 0", "set 1"]
    known = comparison_of(1, wrong_of("head", "lora", "ia3")).ranking().set_index("series")["value"]
    assert ranking.f1_macro["set 1"].to_dict() == pytest.approx(known.to_dict())
    assert ranking.test is None and ranking.notes == []
    scores = ranking.scores.set_index(["dataset", "series"])
    assert scores.loc["set 1", "rank"].to_dict() == {"LoRA": 2, "Head": 1, "IA3": 3}, "the best mean rank first"
    assert scores["value"].unstack(0).to_dict() == ranking.f1_macro.to_dict()
    assert (scores["low"] < scores["value"]).all() and (scores["value"] < scores["high"]).all()
    assert describe_ranking(ranking) == snapshot(
        "Over 2 datasets, LoRA has the best mean rank (1.50), before Head (2.00) and IA3 (2.50). So few datasets allow "
        "no test, only ranks; from 5 on, there is one."
    )


def test_equal_scores_share_the_mean_of_their_ranks() -> None:
    ranking = rank([{"lora": 5, "ia3": 5, "head": 9}] * 2)
    assert ranking.mean_ranks.to_dict() == {"LoRA": 1.5, "IA3": 1.5, "Head": 3.0}
    assert "LoRA and IA3 share the best mean rank (1.50), before Head (3.00)" in describe_ranking(ranking)


def test_the_same_order_on_five_datasets_is_a_difference() -> None:
    ranking = rank([USUAL] * 5)
    assert ranking.test and ranking.test.p_value == pytest.approx(6 / 6**5), "all permutations are counted"
    assert ranking.test.distance == pytest.approx(2.3437 * np.sqrt(3 * 4 / (6 * 5)), abs=1e-3)  # Demšar's table 5
    assert describe_ranking(ranking) == snapshot(
        "Over 5 datasets, LoRA has the best mean rank (1.00), before IA3 (2.00) and Head (3.00). Friedman's test "
        "(p < 0.001) finds differences; by Nemenyi's test, mean ranks 1.48 or more apart differ: LoRA ranks above Head."
    )


def test_other_orders_on_each_dataset_are_none() -> None:
    orders = [("lora", "ia3", "head"), ("ia3", "head", "lora"), ("head", "lora", "ia3")]
    ranking = rank([wrong_of(*order) for order in (*orders, *orders)])
    assert ranking.test and ranking.test.p_value == pytest.approx(1)
    assert describe_ranking(ranking).endswith("Friedman's test (p = 1.000) finds no difference.")


def test_p_is_that_of_published_tables() -> None:
    """Siegel (1956), table N: of three series on five datasets, chi-square 6.4 has p = 0.039."""
    orders = [*[("lora", "ia3", "head")] * 3, ("lora", "head", "ia3"), ("ia3", "lora", "head")]
    ranking = rank([wrong_of(*order) for order in orders])
    assert scipy.stats.friedmanchisquare(*ranking.f1_macro.to_numpy()).statistic == pytest.approx(6.4)
    assert ranking.test and ranking.test.p_value == pytest.approx(0.039, abs=0.0005)


@pytest.mark.parametrize(
    ("datasets", "told"),
    [
        (5, "(p = 0.062) cannot find a difference of two series with 5 datasets; it takes one more."),
        (6, "(p = 0.031) finds a difference."),
    ],
)
def test_two_series_are_compared_by_signed_ranks(datasets: int, told: str) -> None:
    ranking = rank([{"lora": 5 + number, "ia3": 20 + 3 * number} for number in range(datasets)])
    assert describe_ranking(ranking).endswith(f"Wilcoxon's signed-rank test {told}")
    assert ranking.test and ranking.test.distance is None


def test_two_series_that_are_equal_everywhere_do_not_differ() -> None:
    ranking = rank([{"lora": 5, "ia3": 5}] * 6)
    assert ranking.test and ranking.test.p_value == 1
    assert describe_ranking(ranking).endswith("finds no difference.")


def test_series_are_shared_by_their_settings_apart_from_the_data() -> None:
    first = comparison_of(1, rows=500, split_seed=1)
    second = comparison_of(2, rows=1000, epochs={"lora": 8, "ia3": 8, "head": 9})
    third = comparison_of(3, {"lora": 5, "ia3": 9, "tfidf": 20}, epochs={"lora": None, "ia3": None, "tfidf": None})
    with pytest.raises(DataError, match="first and second share no series with the same settings apart from data"):
        rank_series({"first": first, "second": second})
    ranking = rank_series({"first": first, "third": third})
    assert ranking.mean_ranks.index.tolist() == ["LoRA", "IA3"]
    assert ranking.notes == snapshot(
        [
            "first: Head left out; not every dataset has just one series with these settings.",
            "third: TF-IDF left out; not every dataset has just one series with these settings.",
        ]
    )


def test_several_series_of_one_recipe_are_left_out() -> None:
    truth = draw_truth(100, 3, seed=8)
    sweep = [finish(None, truth, method=method, rows=rows) for method in ("lora", "ia3", "head") for rows in (250, 500)]
    both = compare([*sweep[1:4], sweep[5]], "validation")  # two of IA3
    ranking = rank_series({"first": comparison_of(1), "sweep": both})
    assert ranking.mean_ranks.index.tolist() == ["LoRA", "Head"]
    assert all(f"IA3 (rows {rows})" in ranking.notes[1] for rows in (250, 500))


def test_what_is_not_one_dataset_each_is_refused() -> None:
    first = comparison_of(1)
    with pytest.raises(DataError, match="first and again have data in common, so they are not two datasets"):
        rank_series({"first": first, "again": comparison_of(1, {"lora": 9, "ia3": 9})})
    mixed = compare([*first.results, *comparison_of(2, seed=2).results], "validation")
    with pytest.raises(DataError, match="mixed was scored on 2 sets of texts here, so it is not one dataset"):
        rank_series({"first": comparison_of(3), "mixed": mixed})


def test_joint_series_are_ranked_too() -> None:
    comparisons = {
        name: compare(comparison_of(number).results, "validation", together=[["lora", "ia3"]])
        for number, name in enumerate(("first", "second"))
    }
    assert "LoRA + IA3 together" in rank_series(comparisons).mean_ranks
