"""Predictions of runs, paired if they have the same texts, under each threshold policy."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logit

from emocore.errors import RunError
from emocore.evaluation.predictions import (
    POLICY_DESCRIPTIONS,
    POLICY_TITLES,
    Predictions,
    ThresholdPolicy,
    load_predictions,
)
from emocore.evaluation.results import RunResult
from emocore.metrics import sigmoid
from emocore.thresholds import cross_fit, tune
from tests.support.audited_runs import LABELS, PERFECT, TRUTH, finish, give_groups
from tests.support.studies import draw_logits, draw_truth


def load(results: list[RunResult], split: str = "validation", policy: ThresholdPolicy = "fixed") -> list[Predictions]:
    return load_predictions(results, {result.id: result.config.method for result in results}, split, policy)


def random_case(seed: int, texts: int = 150) -> tuple[np.ndarray, np.ndarray]:
    truth = draw_truth(texts, 3, seed)
    return truth, draw_logits(truth, 1.3, seed + 100)


def test_one_group_holds_what_every_run_said_of_every_text() -> None:
    runs = [finish(logits=sign * PERFECT, method=m, seed=1) for m, sign in (("lora", 1), ("ia3", -1))]
    runs.append(finish(method="lora", seed=2))
    [predictions] = load(runs)
    assert predictions.runs == tuple(run.id for run in runs)
    assert predictions.series == predictions.methods == ("lora", "ia3", "lora")
    assert predictions.labels == LABELS
    assert predictions.row_ids == ("0", "1", "2", "3") and predictions.texts[3] == "text 3"
    assert predictions.truth.dtype == bool and (predictions.truth == TRUTH).all()
    assert predictions.probabilities == pytest.approx(sigmoid(np.stack([PERFECT, -PERFECT, PERFECT])))
    assert (predictions.predicted == np.stack([TRUTH, 1 - TRUTH, TRUTH])).all()
    assert predictions.thresholds.tolist() == [[0.5] * 3] * 3
    assert predictions.members == {"lora": [0, 2], "ia3": [1]}
    assert predictions.method_of == {"lora": "lora", "ia3": "ia3"}
    assert predictions.support.tolist() == [2, 3, 1]


def test_runs_are_paired_only_where_texts_and_true_labels_are_the_same() -> None:
    first = finish()
    fewer = finish(truth=TRUTH[:3])
    relabelled = finish(None, 1 - TRUTH, PERFECT)
    renamed = finish(labels=("anger", "joy", "fear"))
    again = finish(logits=-PERFECT)
    groups = load([first, fewer, relabelled, renamed, again])
    assert [group.runs for group in groups] == [(first.id, again.id), (fewer.id,), (relabelled.id,), (renamed.id,)]


def test_each_run_keeps_the_threshold_that_it_was_launched_with() -> None:
    """A probability of exactly the threshold is a prediction."""
    logits = np.full(TRUTH.shape, float(logit(np.float32(0.5))))
    runs = [finish(logits=logits, threshold=cut) for cut in (0.5, 0.51)]
    [predictions] = load(runs)
    assert predictions.predicted.all(axis=(1, 2)).tolist() == [True, False]
    assert predictions.thresholds.tolist() == [[0.5] * 3, [0.51] * 3]


def test_a_run_launched_with_tuned_thresholds_is_scored_at_one_half_if_they_are_fixed() -> None:
    [predictions] = load([finish(threshold=None)])
    assert predictions.thresholds.tolist() == [[0.5] * 3]


def test_on_the_test_split_each_run_has_thresholds_of_its_own_validation_texts() -> None:
    (truth, logits), (other_truth, tested) = random_case(0), random_case(1)
    runs = [finish(None, truth, logits + shift, test=(other_truth, tested + shift)) for shift in (0.0, 1.0)]
    [predictions] = load(runs, "test", "tuned")
    for run, own, predicted in zip(runs, predictions.thresholds, predictions.predicted, strict=True):
        thresholds = tune(truth, run.logits("validation"))
        assert own == pytest.approx(thresholds)
        assert (predicted == (sigmoid(run.logits("test")) >= thresholds)).all()
    assert (predictions.thresholds[0] < predictions.thresholds[1]).all()  # else the test would show nothing


def test_on_the_validation_split_no_text_has_thresholds_of_its_own() -> None:
    truth, logits = random_case(2)
    result = finish(None, truth, logits)
    [predictions] = load([result], policy="tuned")
    chosen = cross_fit(truth, result.logits("validation"))
    assert (predictions.predicted[0] == (predictions.probabilities[0] >= chosen)).all()
    assert predictions.thresholds[0] == pytest.approx(chosen.mean(axis=0))


def test_fewer_texts_than_folds_are_no_error() -> None:
    [predictions] = load([finish()], policy="tuned")
    assert predictions.predicted.shape == (1, 4, 3)


def draw_of(draw: int, **settings: Any) -> RunResult:
    return finish({"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64}, **settings)


def test_repetitions_are_draws_with_their_seeds_or_the_seeds_of_one_draw() -> None:
    lora = [draw_of(draw, seed=seed) for draw, seed in ((1, 1), (1, 2), (2, 3))]
    ia3 = [draw_of(1, method="ia3", seed=seed) for seed in (1, 2)]
    [predictions] = load([*lora, *ia3])
    assert predictions.draws_of == {"lora": {"1" * 64: [0, 1], "2" * 64: [2]}, "ia3": {"1" * 64: [3, 4]}}
    assert predictions.repetitions == {"lora": [[0, 1], [2]], "ia3": [[3], [4]]}


def test_groups_are_numbered_and_counted() -> None:
    [predictions] = load([give_groups(finish(), ["b", "a", "b", "c"])])
    assert predictions.groups is not None and predictions.groups.tolist() == [0, 1, 0, 2]
    assert predictions.units == 3
    assert predictions.unit_support.tolist() == [2, 2, 1]  # b and a have anger and joy, and b has trust
    assert predictions.sum_units(TRUTH).tolist() == [[1, 2, 1], [1, 1, 0], [0, 0, 0]]
    assert predictions.text_freedom == pytest.approx(16 / (4 + 1 + 1) - 1)


def test_without_groups_every_text_stands_for_itself() -> None:
    [predictions] = load([finish()])
    assert predictions.groups is None and predictions.text_freedom == np.inf
    assert predictions.units == 4 and predictions.unit_support.tolist() == predictions.support.tolist()
    assert predictions.sum_units(TRUTH) is TRUTH


@pytest.mark.parametrize(
    ("known", "joined"),
    [
        ([None, "abac"], [0, 1, 0, 2]),  # one run knows them
        (["abac", "xyxz"], [0, 1, 0, 2]),  # other names
        (["aabc", "xyyz"], [0, 0, 0, 1]),  # the first three are together, directly or through the second
        (["aabb", "abab"], [0, 0, 0, 0]),
        (["abcd", "aacc", "abbd"], [0, 0, 0, 0]),
    ],
)
def test_runs_on_the_same_texts_are_paired_in_the_groups_of_all(known: list[str | None], joined: list[int]) -> None:
    runs = [finish(method=method) for method in ("lora", "ia3", "qlora")[: len(known)]]
    [predictions] = load([give_groups(run, names) if names else run for run, names in zip(runs, known, strict=True)])
    assert predictions.groups is not None and predictions.groups.tolist() == joined


def test_a_run_without_its_predictions_says_so() -> None:
    result = finish()
    del vars(result)["predictions"]
    with pytest.raises(RunError, match=r"predictions\.parquet is missing or damaged"):
        load([result])


def test_every_policy_has_a_title_and_a_description() -> None:
    assert tuple(POLICY_TITLES) == tuple(POLICY_DESCRIPTIONS) == ("tuned", "fixed")
