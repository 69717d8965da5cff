"""A resumed run gives exactly the result of an uninterrupted one: adapter, logits, metrics, bit for bit on a CPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emocore.jobs.queue import resume_run
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import EXIT_STATUS
from emocore.tracking.metrics_file import read_metrics
from emocore.training.checkpoints import last_checkpoint
from tests.support.live_runs import carry_out, describe, queue_run
from tests.support.outcomes import assert_same, outcome_of
from tests.support.tiny_models import save_tiny_bert

# 84 rows in batches of 8 are 11 steps per epoch, the last one short, and 33 in all. The loss is logged every third
# step, so that checkpoint 14 is in the middle of an epoch and between two logged losses.
PREPARE = "import emocore.training.trainer; emocore.training.trainer.LOGGED_ROWS = 11"
EVERY_STEP, EPOCHS_ONLY = {"checkpoint_minutes": 1e-6}, {"checkpoint_minutes": 1000}
DROPOUT = {"lora_dropout": 0.1}


@dataclass(frozen=True)
class Case:
    """Killed at `fault`, the run has `checkpoint` as its last one and goes on from there."""

    settings: dict[str, Any]
    fault: str
    checkpoint: int
    base: str = "llama"

    @property
    def training(self) -> str:
        """What sets its result apart."""
        return str((self.base, {name: value for name, value in self.settings.items() if name not in EVERY_STEP}))


MID = ("step.done:15", 14)
BOUNDARY = ("step.done:24", 22)
CASES = {
    "lora, mid-epoch": Case({"method": "lora", **DROPOUT, **EVERY_STEP}, *MID),
    "lora, epoch's end": Case({"method": "lora", **DROPOUT, **EPOCHS_ONLY}, *BOUNDARY),
    "ia3, mid-epoch": Case({"method": "ia3", **EVERY_STEP}, *MID),
    "ia3, epoch's end": Case({"method": "ia3", **EPOCHS_ONLY}, *BOUNDARY),
    "qlora, mid-epoch": Case({"method": "qlora", **DROPOUT, **EVERY_STEP}, *MID),
    "qlora, epoch's end": Case({"method": "qlora", **DROPOUT, **EPOCHS_ONLY}, *BOUNDARY),
    "head, mid-epoch": Case({"method": "head", **EVERY_STEP}, *MID),
    "head with dropout, mid-epoch": Case({"method": "head", **EVERY_STEP}, *MID, base="stock bert"),
    "bf16, mean pooling": Case({"method": "lora", "precision": "bf16", **DROPOUT, **EVERY_STEP}, *MID, base="bert"),
    "accumulation": Case({"method": "lora", "batch_size": 4, "gradient_accumulation_steps": 2, **EVERY_STEP}, *MID),
    "after the last step": Case({"method": "lora", **EPOCHS_ONLY}, "run.evaluating", 33),
    "after the last of max_steps": Case({"method": "lora", "max_steps": 14, **EPOCHS_ONLY}, "run.trained", 14),
    "while a checkpoint is written": Case({"method": "lora", **EVERY_STEP}, "checkpoint.draft:15", 14),
}


@dataclass(frozen=True)
class Outcome:
    resumed: RunFolder
    whole: RunFolder
    checkpoint: int
    killed_with: int


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_llama: Path, tiny_bert: Path
) -> dict[str, Outcome]:
    stock_bert = save_tiny_bert(tmp_path_factory.mktemp("bases") / "stock-bert", mean_pooling=False)
    bases = {"llama": str(tiny_llama), "bert": str(tiny_bert), "stock bert": str(stock_bert)}
    roots = {kind: tmp_path_factory.mktemp(kind) for kind in ("whole", "killed")}

    def queue(kind: str, case: Case, **changes: Any) -> RunFolder:
        settings = {"batch_size": 8, "epochs": 3, "base": bases[case.base], **case.settings, **changes}
        return queue_run(roots[kind], small_csv, **settings)

    # The frequency of checkpoints does not change the result, so cases that differ only in it share their whole run.
    whole = {}
    for case in CASES.values():
        if case.training not in whole:
            whole[case.training] = queue("whole", case, **EPOCHS_ONLY)
    assert carry_out(*whole.values(), prepare=PREPARE) == 0, describe(next(iter(whole.values())))
    found = {}
    for name, case in CASES.items():
        run = queue("killed", case)
        status = carry_out(run, fault=case.fault, prepare=PREPARE)
        checkpoint = last_checkpoint(run.checkpoints)
        step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
        found[name] = Outcome(run, whole[case.training], step, status)
        resume_run(run)
    killed = [outcome.resumed for outcome in found.values()]
    assert carry_out(*killed, prepare=PREPARE) == 0, "".join(map(describe, killed))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_run_ends_exactly_where_the_whole_one_does(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    run, whole = outcome.resumed, outcome.whole
    assert (outcome.killed_with, outcome.checkpoint) == (EXIT_STATUS, CASES[name].checkpoint)
    assert run.state.status == whole.state.status == RunStatus.FINISHED, describe(run)
    assert_same(outcome_of(run), outcome_of(whole))
    assert run.scores and whole.scores
    assert run.scores.splits == whole.scores.splits


def test_the_loss_was_logged_between_checkpoints(outcomes: dict[str, Outcome]) -> None:
    """Otherwise the cases above would not show that the part of it that was not logged yet survives."""
    rows = read_metrics(outcomes["lora, mid-epoch"].whole.metrics)
    losses = [row["step"] for row in rows if "train/loss" in row]
    assert losses == [1, *range(3, 34, 3)]


def test_the_cost_counts_all_attempts(outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        scores, rows = outcome.resumed.scores, read_metrics(outcome.resumed.metrics)
        assert scores and scores.cost.train_seconds and scores.cost.samples_per_second
        expected = 84 * rows[-1]["epoch"]
        assert scores.cost.samples_per_second * scores.cost.train_seconds == pytest.approx(expected, rel=0.01)
        seconds = [row["seconds"] for row in rows]
        assert seconds == sorted(seconds)


def test_the_log_says_where_it_went_on(outcomes: dict[str, Outcome]) -> None:
    log = outcomes["lora, mid-epoch"].resumed.log.read_text(encoding="utf-8")
    assert "Resuming from step 14 of 33" in log
