"""Runs that keep their best epoch: what they report, and that no kill changes the epoch or its weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocore.errors import ConfigError
from emocore.jobs.overview import describe_run
from emocore.jobs.queue import resume_run
from emocore.models.classifier import BaseStore, load_classifier
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import EXIT_STATUS
from emocore.system.files import read_json_object
from emocore.tracking.metrics_file import read_metrics
from emocore.training import process
from emocore.training.checkpoints import last_checkpoint, read_progress
from tests.support.live_runs import carry_out, describe, queue_run
from tests.support.outcomes import assert_same, outcome_of

pytestmark = pytest.mark.long

# 84 rows in batches of 8 are 11 steps per epoch. With such rates, macro-F1 peaks in the third epoch of LoRA.
PEAK = {"batch_size": 8, "epochs": 6, "threshold": 0.5, "learning_rate": 0.03, "head_learning_rate": 0.06}
TRAINED: dict[str, dict[str, Any]] = {
    "lora": {"method": "lora", "keep": "best", "patience": 2, **PEAK},
    "adalora": {"method": "adalora", "keep": "best", "patience": 2, **PEAK},
    "full": {"method": "full", "keep": "best", "patience": 2, **PEAK, "learning_rate": 0.003},
    "head": {"method": "head", "keep": "best", "patience": 2, **PEAK, "threshold": None},
    "last": {"method": "lora", "learning_rate": 1e-3, "head_learning_rate": 2e-3},
    "best is last": {
        "method": "lora", "learning_rate": 1e-3, "head_learning_rate": 2e-3, "keep": "best", "keep_metric": "loss",
    },
}  # fmt: skip
EVERY_STEP, EPOCHS_ONLY = {"checkpoint_minutes": 1e-6}, {"checkpoint_minutes": 1000}


@dataclass(frozen=True)
class Case:
    """Killed at `fault`, the run has `checkpoint` as its last one, with `best` as the step of the best epoch so far."""

    fault: str
    checkpoint: int
    best: int
    minutes: dict[str, float]
    training: str = "lora"


CASES = {
    "in the epoch after the best": Case("step.done:38", 37, 33, EVERY_STEP),
    "one epoch after the best": Case("step.done:50", 44, 33, EPOCHS_ONLY),
    "while the best is written": Case("checkpoint.draft:3", 22, 11, EPOCHS_ONLY),
    "as soon as the best is written": Case("checkpoint.complete:3", 33, 33, EPOCHS_ONLY),
    "when patience has ended it": Case("run.trained", 55, 33, EPOCHS_ONLY),
    "head, in the second epoch": Case("step.done:15", 14, 11, EVERY_STEP, "head"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_llama: Path) -> dict[str, RunFolder]:
    root = tmp_path_factory.mktemp("whole")
    runs = {name: queue_run(root, small_csv, base=str(tiny_llama), **own) for name, own in TRAINED.items()}
    assert carry_out(*runs.values()) == 0, "".join(map(describe, runs.values()))
    return runs


@pytest.fixture(scope="module")
def resumed(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_llama: Path
) -> dict[str, tuple[RunFolder, int, int, int]]:
    """Each killed run after its resume, with its exit status, and the steps of its checkpoint and of the best epoch in
    that."""
    root, found = tmp_path_factory.mktemp("killed"), {}
    for name, case in CASES.items():
        run = queue_run(root, small_csv, base=str(tiny_llama), **TRAINED[case.training], **case.minutes)
        status = carry_out(run, fault=case.fault)
        checkpoint = last_checkpoint(run.checkpoints)
        assert checkpoint, describe(run)
        progress = read_progress(checkpoint)
        assert progress.best
        found[name] = run, status, progress.step, progress.best.step
        resume_run(run)
    assert carry_out(*(run for run, *_ in found.values())) == 0
    return found


def evaluations(run: RunFolder) -> list[dict[str, Any]]:
    return [row for row in read_metrics(run.metrics) if "validation/loss" in row]


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_run_keeps_the_same_epoch_and_the_same_weights(
    resumed: dict[str, tuple[RunFolder, int, int, int]], whole: dict[str, RunFolder], name: str
) -> None:
    case, (run, *seen) = CASES[name], resumed[name]
    assert seen == [EXIT_STATUS, case.checkpoint, case.best]
    assert run.state.status == RunStatus.FINISHED, describe(run)
    assert_same(outcome_of(run), outcome_of(whole[case.training]))
    assert run.scores and (expected := whole[case.training].scores)
    assert (run.scores.kept, run.scores.splits) == (expected.kept, expected.splits)
    assert not run.checkpoints.exists()


@pytest.mark.parametrize("name", ["lora", "adalora", "full", "head"])
def test_the_reported_score_is_the_best_that_was_logged(whole: dict[str, RunFolder], name: str) -> None:
    rows, scores = evaluations(whole[name]), whole[name].scores
    assert scores and scores.kept
    logged = [row["validation/f1_macro"] for row in rows]
    assert scores.validation.multilabel.f1_macro == scores.kept.value == max(logged)
    assert scores.validation.multilabel.jaccard == rows[logged.index(max(logged))]["validation/jaccard"]
    assert scores.kept.epoch == 1 + logged.index(max(logged))
    assert scores.kept.trained_epochs == len(rows) == min(6, scores.kept.epoch + 2), "one evaluation an epoch"


def test_patience_ends_the_training_and_the_costs_are_those_of_what_was_trained(whole: dict[str, RunFolder]) -> None:
    run = whole["lora"]
    assert run.scores and (kept := run.scores.kept)
    assert (kept.epoch, kept.trained_epochs, kept.planned_epochs) == (3, 5, 6)
    cost = run.scores.cost
    assert cost.samples_per_second and cost.train_seconds
    assert cost.samples_per_second * cost.train_seconds == pytest.approx(84 * 5)
    assert str(kept) in run.log.read_text(encoding="utf-8")
    assert describe_run(run).progress == 1.0 and not run.checkpoints.exists()


@pytest.mark.parametrize("name", ["lora", "adalora", "full", "head"])
def test_the_saved_adapter_is_that_of_the_kept_epoch(whole: dict[str, RunFolder], name: str) -> None:
    """The stored logits are those by which the epoch was chosen; the adapter gives the same."""
    stored = pd.read_parquet(whole[name].predictions).query("split == 'validation'")
    found = load_classifier(whole[name].adapter, BaseStore("cpu")).logits(stored["text"].tolist())
    np.testing.assert_allclose(found, stored.filter(like="logit.").to_numpy(), atol=1e-5)


def test_an_epoch_before_the_last_removal_of_ranks_is_saved_with_all_of_them(whole: dict[str, RunFolder]) -> None:
    scores = whole["adalora"].scores
    assert scores and scores.kept and scores.kept.epoch <= 4, "ranks are removed until step 46 of 66"
    assert read_json_object(whole["adalora"].adapter / "adapter_config.json")["rank_pattern"] is None


def test_a_run_whose_last_epoch_is_the_best_is_that_of_keep_last(whole: dict[str, RunFolder]) -> None:
    best, last = whole["best is last"], whole["last"]
    assert best.scores and best.scores.kept and last.scores and last.scores.kept is None
    assert best.scores.kept.epoch == best.scores.kept.planned_epochs == 2
    assert_same(outcome_of(best), outcome_of(last))
    assert best.scores.splits == last.scores.splits


def test_a_choice_in_another_precision_than_that_of_the_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "computes_bf16", lambda device: False)
    assert process.choose_precision(RunConfig(keep="best"), "cpu") == "fp32"
    assert process.choose_precision(RunConfig(precision="bf16"), "cpu") == "bf16"
    with pytest.raises(ConfigError, match="keep: this device does not compute in bf16") as refused:
        process.choose_precision(RunConfig(keep="best", precision="bf16"), "cpu")
    assert refused.value.field == "keep"
