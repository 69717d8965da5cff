"""Series together: the mean of their probabilities, paired run by run, and compared like any other series."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot
from scipy.special import logit

from emocore.errors import DataError
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.costs import cost_table
from emocore.evaluation.results import RunResult, TeamResult
from emocore.evaluation.together import describe_joint
from emocore.export.repeat import repeat_command
from emocore.metrics import sigmoid
from emocore.thresholds import cross_fit, tune
from tests.support.audited_runs import finish
from tests.support.studies import SKILLS, draw_logits, draw_truth

VALIDATION, TEST = draw_truth(120, 3, 0), draw_truth(130, 3, 1)
BOTH = "LoRA + IA3 together"


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 300)


def train(method: str, seed: int = 1, draw: int = 1, truth: np.ndarray = VALIDATION, **given: Any) -> RunResult:
    number = 100 * seed + 10 * draw + list(SKILLS).index(method)
    test = TEST, draw_logits(TEST, SKILLS[method], number + 1000).astype(np.float32)
    origin = {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64}
    logits = draw_logits(truth, SKILLS[method], number).astype(np.float32)
    return finish(origin, truth, logits, test=test, method=method, seed=seed, **given)


def runs_of(comparison: Comparison, series: str = BOTH) -> list[int]:
    return comparison.groups[0].members[series]


def mean_logits(members: list[RunResult], split: str) -> np.ndarray:
    return np.asarray(logit(np.mean([sigmoid(member.logits(split)) for member in members], axis=0)))


def test_a_joint_run_has_the_mean_probability_of_its_members_and_thresholds_tuned_on_it() -> None:
    members = [train("lora"), train("ia3")]
    [predictions] = compare(members, "test", "tuned", [["lora", "ia3"]]).groups
    assert predictions.series == ("LoRA", "IA3", BOTH)
    assert predictions.probabilities[2] == pytest.approx(predictions.probabilities[:2].mean(axis=0))
    chosen = tune(VALIDATION, mean_logits(members, "validation"))
    assert predictions.thresholds[2] == pytest.approx(chosen)
    assert (predictions.predicted[2] == (predictions.probabilities[2] >= chosen)).all()


def test_on_the_validation_split_no_text_has_thresholds_of_its_own() -> None:
    members = [train("lora"), train("ia3")]
    [predictions] = compare(members, "validation", "tuned", [["lora", "ia3"]]).groups
    chosen = cross_fit(VALIDATION, mean_logits(members, "validation"))
    assert (predictions.predicted[2] == (predictions.probabilities[2] >= chosen)).all()


def test_a_fixed_threshold_is_the_mean_of_the_members_own() -> None:
    members = [train("lora", threshold=0.3), train("ia3", threshold=None)]
    [predictions] = compare(members, "test", "fixed", [["lora", "ia3"]]).groups
    assert predictions.thresholds[2].tolist() == pytest.approx([0.4] * 3)


def test_probabilities_of_exactly_0_and_1_have_a_mean_too() -> None:
    sure = np.where(VALIDATION == 1, 1e9, -1e9)
    members = [finish(None, VALIDATION, sure, method=method) for method in ("lora", "ia3")]
    for policy in ("fixed", "tuned"):
        comparison = compare(members, "validation", policy, [["lora", "ia3"]])
        assert comparison.ranking()["value"].tolist() == [1, 1, 1]


def test_a_joint_series_is_in_every_table_of_the_comparison() -> None:
    """Whose runs, audit and command to repeat them are the same as without it."""
    members = [train(method, seed) for method in ("lora", "ia3", "head") for seed in (1, 2)]
    plain, comparison = (compare(members, "test", "tuned", own) for own in ([], [["IA3", "lora"], ["lora", "ia3"]]))
    for table in (comparison.scores, comparison.emotions):
        rows = table[table["series"] == BOTH]
        assert set(rows["seeds"]) == {2} and set(rows["source"]) == {"here"} and set(rows["method"]) == {"together"}
        assert rows.drop(columns=["low", "high"]).notna().all(axis=None)
    assert len(comparison.verdicts.overall) == 6 and BOTH in comparison.tested
    assert comparison.verdicts.find(BOTH, "Head") == "better"
    assert comparison.results == plain.results and comparison.series == plain.series
    assert audit(comparison.results, "test").empty
    assert repeat_command(comparison.results) == repeat_command(plain.results)
    kept = comparison.scores[comparison.scores["series"] != BOTH].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, plain.scores)


def test_its_average_precision_is_that_of_the_mean() -> None:
    from sklearn.metrics import average_precision_score

    comparison = compare([train("lora"), train("ia3")], "test", together=[["lora", "ia3"]])
    own = comparison.emotions.query(f"series == '{BOTH}'").set_index("emotion")["average_precision"]
    for place, label in enumerate(comparison.groups[0].labels):
        known = average_precision_score(TEST[:, place], comparison.groups[0].probabilities[2][:, place])
        assert own[label] == pytest.approx(known)


def test_replicates_are_paired_draw_by_draw_and_by_the_seeds_in_a_draw() -> None:
    repetitions = [(1, 1), (2, 1), (3, 2), (4, 2)]  # seed and draw
    members = [train(method, seed, draw) for method in ("ia3", "lora") for seed, draw in repetitions]
    comparison = compare(members, "test", together=[["lora", "ia3"]])
    [predictions] = comparison.groups
    name = "IA3 + LoRA together"
    assert list(map(len, predictions.repetitions[name])) == [2, 2]
    assert comparison.notes == []
    for member in ("IA3", "LoRA"):
        shared = predictions.share_draws(name, member)
        assert shared and len(shared[0]) == 2, "it is compared with its members draw by draw"
    for place, (ia3, lora) in zip(runs_of(comparison, name), zip(members[:4], members[4:], strict=True), strict=True):
        means = sigmoid(mean_logits([ia3, lora], "test"))
        assert predictions.probabilities[place] == pytest.approx(means)


def test_what_not_all_members_have_is_left_out_and_named() -> None:
    members = [train("lora", seed) for seed in (1, 2, 3)] + [train("ia3", seed) for seed in (3, 4, 1)]
    comparison = compare(members, "test", together=[["lora", "ia3"]])
    assert [result.config.seed for result in comparison.joint] == [1, 3]
    assert comparison.notes == snapshot(
        ["LoRA + IA3 together: seed 2 of LoRA and seed 4 of IA3 left out, which not all of them have."]
    )


def test_series_that_learned_from_other_texts_are_paired_by_their_seeds() -> None:
    """Each has one draw; all of them were scored on the same texts."""
    members = [train("lora", seed, 1) for seed in (1, 2)] + [train("ia3", seed, 2) for seed in (1, 2)]
    comparison = compare(members, "test", together=[["lora", "ia3"]])
    assert len(comparison.joint) == 2
    assert len(comparison.groups[0].draws_of[BOTH]) == 1 and len(comparison.verdicts.overall) == 3


def test_costs_are_sums_and_the_largest_peak() -> None:
    costs = {
        "lora": {"train_seconds": 10.0, "peak_memory_bytes": 5000, "adapter_bytes": 70, "latency_seconds": 0.02},
        "ia3": {"train_seconds": 3.0, "peak_memory_bytes": 7000, "adapter_bytes": 9, "latency_seconds": 0.01},
        "head": {"train_seconds": 1.0},
    }
    members = [train(method, seed, cost=cost) for method, cost in costs.items() for seed in (1, 2)]
    comparison = compare(members, "test", together=[["lora", "ia3"], ["lora", "head"]])
    table = cost_table(comparison.scored, comparison.scores).set_index("series")
    assert table["f1_macro"].notna().all()
    expected = {
        "train_seconds": 13, "peak_memory_bytes": 7000, "adapter_bytes": 79, "latency_seconds": 0.03,
        "trainable_parameters": 1000, "samples_per_second": np.nan,
    }  # fmt: skip
    assert table.loc[BOTH, list(expected)].to_dict() == pytest.approx(expected, nan_ok=True)
    assert np.isnan(table.loc["LoRA + Head together", "latency_seconds"]), "the latency of one of them is unknown"


def test_a_joint_series_shared_the_device_if_a_member_did() -> None:
    alone, other = train("lora"), train("ia3")
    shared = replace(other, scores=other.scores.model_copy(update={"shared_device": True}))
    vars(shared)["predictions"] = other.predictions
    for members, expected in (((alone, other), False), ((alone, shared), True)):
        comparison = compare(list(members), "test", together=[["lora", "ia3"]])
        assert comparison.joint[0].scores.shared_device == expected


def test_a_joint_series_is_explained() -> None:
    comparison = compare([train("lora"), train("ia3")], "test", together=[["lora", "ia3"]])
    assert describe_joint(comparison.joint) == snapshot(
        [
            "LoRA + IA3 together is the mean of the probabilities of LoRA and IA3, of the runs with the same seed and "
            "draw of the training texts. Its thresholds are tuned on that mean or, if fixed, are the mean of theirs.",
            "Costs of series together are sums over one run of each member; peak memory is the largest of theirs, as "
            "they are trained and loaded one after the other.",
        ]
    )
    assert describe_joint([]) == []


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        (["ia3", "qlora"], "'qlora' is no series with predictions here, .*; there are LoRA .*, LoRA .* and IA3"),
        (["lora", "ia3"], r"'lora' may be LoRA \(.*\) or LoRA \(.*\); name one of them in full"),
        (["ia3", "IA3"], "a mean takes two or more series, not IA3; name another one"),
        ([], "a mean takes two or more series, not none"),
    ],
)
def test_what_cannot_be_averaged_is_refused(choice: list[str], problem: str) -> None:
    members = [train("lora", epochs=epochs) for epochs in (1, 2)] + [train("ia3")]
    with pytest.raises(DataError, match=problem):
        compare(members, "test", together=[choice])
    named = compare(members, "test", together=[["LoRA (epochs 1)", "ia3"]])
    assert named.joint[0].members == ("LoRA (epochs 1)", "IA3")


def test_runs_without_a_common_seed_draw_or_text_are_refused() -> None:
    with pytest.raises(DataError, match="LoRA and IA3 have no seed in common, so no mean; choose series of one study"):
        compare([train("lora", 1), train("ia3", 2)], "test", together=[["lora", "ia3"]])
    draws = [train("lora", 1, 1), train("lora", 1, 2), train("ia3", 1, 3)]
    with pytest.raises(DataError, match="no seed with the same draw of the training texts in common"):
        compare(draws, "test", together=[["lora", "ia3"]])
    other = [train("lora"), train("ia3", truth=1 - VALIDATION)]
    with pytest.raises(DataError, match="were not all scored on the same texts and emotions"):
        compare(other, "test", together=[["lora", "ia3"]])


def test_runs_of_wandb_have_no_part_in_a_mean() -> None:
    here, elsewhere = train("lora"), train("ia3")
    team = TeamResult("1", elsewhere.config, elsewhere.scores, elsewhere.provenance, "http://w/1")
    with pytest.raises(DataError, match="'ia3' is no series with predictions here"):
        compare([here, team], "test", together=[["lora", "ia3"]])
