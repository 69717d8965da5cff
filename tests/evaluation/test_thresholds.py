"""The effect of thresholds: the same runs under each policy, and whether a lead remains."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.predictions import POLICY_TITLES, ThresholdPolicy
from emocore.evaluation.thresholds import METRICS, chosen_thresholds, describe_tuning, threshold_table
from emocore.thresholds import tune
from tests.support.audited_runs import LABELS, finish
from tests.support.comparisons import Pairs, build
from tests.support.studies import draw_logits, draw_truth

LEAD, OPEN, LOSS = (0.05, 0.03, 0.07, "better"), (0.01, -0.01, 0.03, "open"), (-0.02, -0.03, -0.01, "worse")


def told(fixed: Pairs, tuned: Pairs, values: Any = ((0.5, 0.45), (0.54, 0.56)), **parts: Any) -> str:
    """Of LoRA and IA3, whose macro-F1 at fixed and at tuned thresholds are `values`."""
    policies: tuple[ThresholdPolicy, ...] = ("fixed", "tuned")
    comparisons = {
        policy: build(dict(zip(("LoRA", "IA3", "X"), macro, strict=False)), pairs, policy=policy, **parts)
        for policy, pairs, macro in zip(policies, (fixed, tuned), values, strict=True)
    }
    return describe_tuning(comparisons)


def pair(row: tuple[Any, ...], *others: tuple[Any, ...]) -> Pairs:
    return dict(zip([("LoRA", "IA3"), ("LoRA", "X")], (row, *others), strict=False))


def test_a_lead_that_survives_is_said_to() -> None:
    assert told(pair(LEAD), pair(LEAD), ((0.5, 0.45), (0.6, 0.54))) == snapshot(
        "Tuned thresholds move macro-F1 by +9.0 to +10.0 points. Every verdict on LoRA is the same at tuned and at "
        "fixed thresholds."
    )


def test_a_lead_that_is_lost_is_told_with_what_becomes_of_it() -> None:
    sentence = told({("IA3", "LoRA"): (-0.05, -0.07, -0.03, "worse")}, pair(LOSS))
    assert sentence.endswith(
        " Some verdicts depend on the thresholds: "
        "IA3 against LoRA (better, +2.0 points, at tuned thresholds, but worse, -5.0 points, at fixed ones)."
    )


def test_what_is_open_and_becomes_a_lead_is_told_too() -> None:
    assert told(pair(OPEN), pair(LEAD), ((0.5, 0.45), (0.6, 0.54))).endswith(
        "LoRA against IA3 (better, +5.0 points, at tuned thresholds, but open, +1.0 points, at fixed ones)."
    )


def test_what_leans_is_no_other_verdict_than_open() -> None:
    leans = (0.01, 0.001, 0.02, "leans better")
    assert "Every verdict on LoRA is the same" in told(pair(OPEN), pair(leans), ((0.5, 0.49), (0.54, 0.53)))


def test_what_all_gain_alike_is_one_number() -> None:
    assert "move macro-F1 by +3.0 points." in told(pair(LEAD), pair(LEAD), ((0.5, 0.45), (0.53, 0.48)))


def test_only_gains_are_told_where_nothing_was_tested() -> None:
    assert told({}, {}, ((0.5,), (0.55,))) == snapshot("Tuned thresholds move macro-F1 by +5.0 points.")


def test_a_better_run_of_w_and_b_hides_nothing() -> None:
    """It is not in the tuned comparison; the sentence is on the best of the tested series."""
    sentence = told(pair(LEAD), pair(OPEN), ((0.5, 0.45, 0.9), (0.54, 0.52)), elsewhere=["X"])
    assert sentence.startswith("Tuned thresholds move macro-F1 by +4.0 to +7.0 points.")
    assert sentence.endswith("(open, +1.0 points, at tuned thresholds, but better, +5.0 points, at fixed ones).")


@pytest.fixture(scope="module")
def tuned() -> dict[ThresholdPolicy, Comparison]:
    """Two seeds of LoRA, whose logits are all too low, and one of IA3; the test split has other texts."""
    results = []
    for number, (method, seed) in enumerate((("lora", 1), ("lora", 2), ("ia3", 1))):
        truths = [draw_truth(150, 3, split) for split in (0, 1)]
        logits = [draw_logits(truth, 2.5, 10 * (split + 1) + number) for split, truth in enumerate(truths)]
        low, test = [values - (1.2 if method == "lora" else 0) for values in logits]
        results.append(finish(None, truths[0], low, test=(truths[1], test), method=method, seed=seed))
    return {policy: compare(results, "test", policy) for policy in POLICY_TITLES}


def test_the_table_has_every_policy_next_to_the_others(tuned: dict[ThresholdPolicy, Comparison]) -> None:
    table = threshold_table(tuned)
    assert table.columns.tolist() == ["series", "method", "policy", "metric", "value", "low", "high"]
    keys = table[["policy", "series", "metric"]].itertuples(index=False, name=None)
    assert list(keys) == list(product(POLICY_TITLES, ("LoRA", "IA3"), METRICS))
    for policy, comparison in tuned.items():
        rows = table[(table["policy"] == policy) & (table["metric"] == "f1_macro")]
        assert rows["value"].tolist() == comparison.scores.query("metric == 'f1_macro'")["value"].tolist()
    gains = table[table["metric"] == "f1_macro"].pivot(index="series", columns="policy", values="value")
    assert gains.loc["LoRA", "tuned"] > gains.loc["LoRA", "fixed"] + 0.05


def test_chosen_thresholds_are_means_over_seeds(tuned: dict[ThresholdPolicy, Comparison]) -> None:
    for policy in POLICY_TITLES:
        table = chosen_thresholds(tuned[policy])
        assert table.columns.tolist() == ["LoRA", "IA3"] and table.index.tolist() == list(LABELS)
        chosen = {"LoRA": [], "IA3": []}
        for result in tuned[policy].local:
            own = tune(result.truth("validation"), result.logits("validation"))
            chosen[result.method_title].append(own if policy == "tuned" else np.full(3, 0.5))
        for name, thresholds in chosen.items():
            assert table[name].to_numpy() == pytest.approx(np.mean(thresholds, axis=0))
    assert chosen_thresholds(tuned["tuned"])["LoRA"].iloc[0] < 0.35  # 0.5 at 1.5 logits less: 0.18
