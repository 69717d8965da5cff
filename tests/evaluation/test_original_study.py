"""The study decoded: the reconstruction is exact where it is possible, and refused where it is not."""

import math
import re

import numpy as np
import pytest
from inline_snapshot import snapshot
from sklearn.metrics import f1_score, precision_score, recall_score

from emocore.evaluation import original_study as study
from emocore.evaluation.audit import describe_audit, has_confound
from emocore.evaluation.original_study import CELLS, EMOTIONS, POSITIVE_SHARE, Reconstruction, reconstruct, study_table
from emocore.metrics import score_flattened, score_multilabel

RUNS = {run.series: run for run in study.STUDY_RUNS}


def draw(seed: int, share: float, recall: float, false_alarms: float) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction, both (300, 11)."""
    random = np.random.default_rng(seed)
    truth = (random.random((300, EMOTIONS)) < share).astype(np.int8)
    return truth, (random.random(truth.shape) < np.where(truth == 1, recall, false_alarms)).astype(np.int8)


def decode(truth: np.ndarray, predicted: np.ndarray) -> Reconstruction:
    flattened = score_flattened(truth, predicted)
    return reconstruct(flattened["f1_macro"], flattened["f1_micro"], float(truth.mean()), truth.size)


@pytest.mark.parametrize("share", [0.05, 0.2134, 0.4])
@pytest.mark.parametrize(("recall", "false_alarms"), [(0.54, 0.08), (0.9, 0.3), (0.2, 0.01), (1.0, 0.1), (0.5, 0.0)])
def test_flattened_scores_give_back_the_multi_label_ones(share: float, recall: float, false_alarms: float) -> None:
    truth, predicted = draw(1, share, recall, false_alarms)
    found = decode(truth, predicted)
    assert found.note == ""
    assert found.true_positives == (truth & predicted).sum()
    for value, score in (
        (found.f1_micro, f1_score), (found.precision_micro, precision_score), (found.recall_micro, recall_score),
    ):  # fmt: skip
        assert value == pytest.approx(score(truth, predicted, average="micro"), abs=1e-9)


def test_any_prediction_comes_back_or_is_said_to_be_ambiguous() -> None:
    """Only a predictor with hardly more right cells than there are positives can be ambiguous."""
    ambiguous = 0
    for seed in range(60):
        share, recall, false_alarms = np.random.default_rng(seed).random(3)
        truth, predicted = draw(seed, share, recall, false_alarms)
        found = decode(truth, predicted)
        if found.note:
            assert "do not say which class is 1" in found.note
            assert math.isnan(found.f1_micro)
            assert score_flattened(truth, predicted)["f1_micro"] <= 2 * truth.mean()
            ambiguous += 1
        else:
            assert found.f1_micro == pytest.approx(score_multilabel(truth, predicted)["f1_micro"], abs=1e-9)
    assert 0 < ambiguous < 30


def test_the_same_scores_stand_for_two_predictions_where_0_and_1_change_places() -> None:
    truth, predicted = draw(2, 0.45, 0.6, 0.4)
    assert score_flattened(truth, predicted) == pytest.approx(score_flattened(1 - truth, 1 - predicted))
    assert "do not say which class is 1" in decode(truth, predicted).note


def test_no_prediction_and_perfect_prediction_are_scored_as_by_scikit_learn() -> None:
    truth, _ = draw(3, POSITIVE_SHARE, 1, 0)
    silence, perfect = (decode(truth, predicted) for predicted in (np.zeros_like(truth), truth))
    assert (silence.f1_micro, silence.precision_micro, silence.recall_micro) == (0, 0, 0)
    assert (perfect.f1_micro, perfect.precision_micro, perfect.recall_micro) == pytest.approx((1, 1, 1))


def test_always_on_scores_as_one_that_finds_nothing_and_is_left_open() -> None:
    """All positives and nothing else right, or as many negatives and no positive: the flattened scores are the same."""
    truth, _ = draw(3, POSITIVE_SHARE, 1, 0)
    assert "do not say which class is 1" in decode(truth, np.ones_like(truth)).note


def test_a_case_worked_by_hand() -> None:
    """20 cells, 5 positive: 3 found, 2 missed, 1 false alarm, 14 rightly left out."""
    found = reconstruct((6 / 9 + 28 / 31) / 2, 17 / 20, 5 / 20, 20)
    assert found == Reconstruction(3, pytest.approx(6 / 9), pytest.approx(3 / 4), pytest.approx(3 / 5))


@pytest.mark.parametrize(
    ("macro", "micro", "share", "reason"),
    [
        (0.7, 0.8512, 0.25, "micro 0.8512 is not a whole number of 20 cells"),
        (0.86, 0.85, 0.25, "out of reach"),  # the mean of two F1 is never above the share of right cells
        (0.45, 0.85, 0.25, "out of reach"),  # silence has 0.459
        (0.7, 0.85, 0.25, "macro 0.7 is not a whole number of 20 cells"),
        ((6 / 9 + 28 / 31) / 2, 0.85, 0.9, "contradict each other"),
        (0.7, 1.0, 0.25, "not a whole number"),
    ],
)
def test_scores_that_fit_nothing_are_not_solved(macro: float, micro: float, share: float, reason: str) -> None:
    found = reconstruct(macro, micro, share, 20)
    assert reason in found.note
    assert np.isnan([found.true_positives, found.f1_micro, found.precision_micro, found.recall_micro]).all()


def test_the_study_s_own_numbers_are_whole_cells() -> None:
    table = study_table().set_index("series")
    assert table["exact_matches"].tolist() == [1023, 394, 64]
    assert table["exact_match"].tolist() == pytest.approx([1023 / 5871, 394 / 5871, 64 / 5871], abs=1e-6)
    for series, right, found in (("LoRA", 54_298, 7507), ("IA3", 50_739, 4939)):
        run = RUNS[series]
        assert run.f1_micro * CELLS == pytest.approx(right, abs=1e-7)
        assert reconstruct(run.f1_macro, run.f1_micro, POSITIVE_SHARE, CELLS).true_positives == found
    assert table["reconstructed_f1_micro"].tolist() == pytest.approx([0.5935, 0.4164, np.nan], abs=5e-5, nan_ok=True)
    assert table.loc["LoRA", "reconstructed_precision_micro"] == pytest.approx(0.65, abs=0.005)
    assert table.loc["LoRA", "reconstructed_recall_micro"] == pytest.approx(0.545, abs=0.005)


def test_qlora_s_numbers_fit_no_count_of_cells_and_are_not_changed() -> None:
    """Nor those of fewer rows with its accuracy, so another size of the validation split does not explain them."""
    run = RUNS["QLoRA"]
    assert study_table().set_index("series").loc["QLoRA", "note"] == snapshot(
        "micro 0.394021 is not a whole number of 64,581 cells"
    )
    sizes = [n for n in range(200, 9000) if abs(round(run.exact_match * n) / n - run.exact_match) <= run.tolerance]
    assert len(sizes) > 20
    for size in sizes:
        found = reconstruct(run.f1_macro, run.f1_micro, POSITIVE_SHARE, size * EMOTIONS, run.tolerance)
        assert "not a whole number" in found.note


def test_silence_at_the_study_s_share_scores_what_is_said_of_it() -> None:
    table = study.study_no_skill_table().set_index("series")
    assert table.loc["silence", "flattened_f1_micro"] == pytest.approx(0.7866, abs=5e-5)
    assert table.loc["silence", "flattened_f1_macro"] == pytest.approx(0.44, abs=5e-4)
    assert table.loc["silence", "f1_micro"] == 0
    assert table.loc["always-on", "f1_micro"] == pytest.approx(2 * 0.2134 / 1.2134)
    assert RUNS["IA3"].f1_micro < table.loc["silence", "flattened_f1_micro"]


def test_the_note_says_what_the_functions_compute() -> None:
    silence = study.study_no_skill_table().set_index("series").loc["silence"]
    computed = [f"{EMOTIONS}", f"{CELLS:,}", f"{100 * POSITIVE_SHARE:.1f} %", f"{RUNS['QLoRA'].steps} steps"]
    for run in (RUNS["LoRA"], RUNS["IA3"]):
        found = reconstruct(run.f1_macro, run.f1_micro, POSITIVE_SHARE, CELLS)
        computed += [f"{round(run.f1_micro * CELLS):,}", f"{found.true_positives:,}"]
        computed += [f"{value:.3f}" for value in (found.f1_micro, found.precision_micro, found.recall_micro)]
    computed += [f"{silence[name]:.3f}" for name in ("flattened_f1_micro", "flattened_f1_macro")]
    computed.append(f"{RUNS['IA3'].f1_micro:.3f}")
    for number in computed:
        assert number in study.STUDY_NOTE
    stated = re.findall(r"(?<![A-Za-z0-9])\d[\d,]*(?:\.\d+)?", study.STUDY_NOTE)
    assert {number.rstrip(",") for number in stated} - {"0", "1"} == {number.split()[0] for number in computed}
    assert len(study.STUDY_NOTE.split()) <= 120


def test_the_study_s_own_table_is_flagged_by_the_audit_of_ours() -> None:
    audit = study.study_audit().set_index("what")
    assert set(audit["severity"]) == {"confounds"}
    assert list(audit["values"].items()) == [
        ("metric", "flattened F1 (LoRA, IA3) against not known (QLoRA)"),
        ("base", "google/gemma-1.1-2b-it (LoRA, IA3) against Alibaba-NLP/gte-Qwen1.5-7B-instruct (QLoRA)"),
        ("optimizer steps", "not stated (LoRA, IA3) against 40 (QLoRA)"),
    ]
    assert has_confound(study.study_audit())
    assert "metric, base and optimizer steps" in describe_audit(study.study_audit())
