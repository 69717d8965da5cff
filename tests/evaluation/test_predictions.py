"""What runs predicted, paired where they had the same texts, under each threshold policy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logit

from emocore.errors import RunError
from emocore.evaluation.predictions import (
    FOLDS,
    POLICY_DESCRIPTIONS,
    POLICY_TITLES,
    Predictions,
    ThresholdPolicy,
    load_predictions,
)
from emocore.evaluation.results import RunResult, load_result
from emocore.metrics import sigmoid
from emocore.run.config import RunConfig
from emocore.thresholds import tune_by_emotion, tune_common
from tests.support.tables import finish_run

LABELS = ("anger", "joy", "trust")
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
PERFECT = np.where(TRUTH == 1, 3.0, -3.0)
POLICIES: tuple[ThresholdPolicy, ...] = ("launch", "common", "by_emotion")


def finish(root: Path, truth: np.ndarray = TRUTH, logits: np.ndarray = PERFECT, **settings: Any) -> RunResult:
    test = settings.pop("test", None)
    labels = settings.pop("labels", LABELS)
    return load_result(finish_run(root, RunConfig(**settings), truth, logits, labels, test=test))


def load(results: list[RunResult], split: str = "validation", policy: ThresholdPolicy = "launch") -> list[Predictions]:
    return load_predictions(results, {result.id: result.config.method for result in results}, split, policy)


def random_case(seed: int, texts: int = 150) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = (random.random((texts, 3)) < (0.5, 0.3, 0.1)).astype(np.int8)
    return truth, np.where(truth == 1, 0.3, -1.0) + random.normal(size=truth.shape)


def test_one_group_holds_what_every_run_said_of_every_text(tmp_path: Path) -> None:
    runs = [finish(tmp_path, logits=sign * PERFECT, method=m, seed=1) for m, sign in (("lora", 1), ("ia3", -1))]
    runs.append(finish(tmp_path, method="lora", seed=2))
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


def test_runs_are_paired_only_where_texts_and_true_labels_are_the_same(tmp_path: Path) -> None:
    first = finish(tmp_path)
    fewer = finish(tmp_path, TRUTH[:3], PERFECT[:3])
    relabelled = finish(tmp_path, 1 - TRUTH)
    renamed = finish(tmp_path, labels=("anger", "joy", "fear"))
    again = finish(tmp_path, logits=-PERFECT)
    groups = load([first, fewer, relabelled, renamed, again])
    assert [group.runs for group in groups] == [(first.id, again.id), (fewer.id,), (relabelled.id,), (renamed.id,)]


def test_each_run_keeps_the_threshold_that_it_was_launched_with(tmp_path: Path) -> None:
    """A probability of exactly the threshold is a prediction."""
    logits = np.full(TRUTH.shape, float(logit(np.float32(0.5))))
    runs = [finish(tmp_path, logits=logits, threshold=cut) for cut in (0.5, 0.51)]
    [predictions] = load(runs)
    assert predictions.predicted.all(axis=(1, 2)).tolist() == [True, False]
    assert predictions.thresholds.tolist() == [[0.5] * 3, [0.51] * 3]


def test_on_the_test_split_thresholds_come_from_validation(tmp_path: Path) -> None:
    (truth, logits), test = random_case(0), random_case(1)
    run = finish(tmp_path, truth, logits, test=test)
    [common] = load([run], "test", "common")
    [by_emotion] = load([run], "test", "by_emotion")
    probabilities = sigmoid(logits.astype(np.float32))
    one, own = tune_common(truth, probabilities), tune_by_emotion(truth, probabilities)
    assert len({0.5, one, *own}) > 3  # else the test would show nothing
    tested = sigmoid(test[1].astype(np.float32))
    for predictions, thresholds in ((common, np.full(3, one)), (by_emotion, own)):
        assert predictions.thresholds[0] == pytest.approx(thresholds)
        assert (predictions.predicted[0] == (tested >= thresholds)).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_labels_of_the_test_split_choose_nothing(tmp_path: Path, policy: ThresholdPolicy) -> None:
    """With every true label turned round, thresholds and predictions stay what they were."""
    validation, (truth, logits) = random_case(0), random_case(1)
    runs = [finish(tmp_path, *validation, test=(labels, logits)) for labels in (truth, 1 - truth)]
    seen, turned = load(runs, "test", policy)
    assert (seen.truth != turned.truth).all()
    assert (seen.thresholds == turned.thresholds).all()
    assert (seen.predicted == turned.predicted).all()


def test_on_the_validation_split_a_fifth_is_scored_with_thresholds_of_the_others(tmp_path: Path) -> None:
    truth, logits = random_case(2)
    [predictions] = load([finish(tmp_path, truth, logits)], policy="by_emotion")
    probabilities = predictions.probabilities[0]
    folds = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    assert np.bincount(folds).tolist() == [len(truth) // FOLDS] * FOLDS
    chosen = [tune_by_emotion(truth[folds != fold], probabilities[folds != fold]) for fold in range(FOLDS)]
    assert (predictions.predicted[0] == (probabilities >= np.array(chosen)[folds])).all()
    assert predictions.thresholds[0] == pytest.approx(np.mean(chosen, axis=0))
    assert len({tuple(thresholds) for thresholds in chosen}) > 1  # else the test would show nothing


@pytest.mark.parametrize("policy", ["common", "by_emotion"])
def test_no_text_has_a_part_in_its_own_threshold(tmp_path: Path, policy: ThresholdPolicy) -> None:
    """Whatever a text's own labels are, it is predicted alike: they could only have moved the others' thresholds."""
    truth, logits = random_case(3, texts=60)
    turned = [truth.copy() for _ in range(20)]
    for text, labels in enumerate(turned):
        labels[text] = 1 - labels[text]
    seen, *others = load([finish(tmp_path, labels, logits) for labels in (truth, *turned)], policy=policy)
    for text, predictions in enumerate(others):
        assert (predictions.predicted[0, text] == seen.predicted[0, text]).all()
    assert any((predictions.predicted != seen.predicted).any() for predictions in others)


def test_each_run_is_tuned_on_its_own_predictions(tmp_path: Path) -> None:
    """What the second run adds to every logit, its thresholds take back."""
    truth, logits = random_case(4)
    runs = [finish(tmp_path, truth, logits + shift, test=(truth, logits + shift)) for shift in (0.0, 1.0)]
    [predictions] = load(runs, "test", "common")
    low, high = predictions.thresholds[:, 0]
    assert logit(high) - logit(low) == pytest.approx(1, abs=0.2)  # thresholds are hundredths
    [launched] = load(runs, "test", "launch")
    assert launched.predicted[1].sum() > 1.2 * launched.predicted[0].sum()


@pytest.mark.parametrize("policy", ["common", "by_emotion"])
def test_fewer_texts_than_folds_are_no_error(tmp_path: Path, policy: ThresholdPolicy) -> None:
    [predictions] = load([finish(tmp_path)], policy=policy)
    assert predictions.predicted.shape == (1, 4, 3)


def test_a_run_without_its_predictions_says_so(tmp_path: Path) -> None:
    result = finish(tmp_path)
    result.run.predictions.unlink()
    with pytest.raises(RunError, match=r"predictions\.parquet is missing or damaged"):
        load([result])


def test_every_policy_has_a_title_and_a_description() -> None:
    assert tuple(POLICY_TITLES) == tuple(POLICY_DESCRIPTIONS) == POLICIES
