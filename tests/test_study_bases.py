"""The study's two bases, at toy width and with random weights, from launch to playground with its three methods."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emocore.evaluation.results import load_result
from emocore.inference.classify import ClassifierPool, classify
from emocore.jobs.launch import launch, plan_study
from emocore.jobs.waiting import wait_until_final
from emocore.models.adapter import UNSAFE_SUFFIXES
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.run.study import StudyConfig
from emocore.tracking.metrics_file import read_metrics
from tests.conftest import SMALL_LABELS
from tests.support.damaged_folders import JSON_FILES
from tests.support.live_runs import (
    describe,
    end_processes,
    processes_of_root,
    quick_settings,
    start_scheduler,
    wait_for,
)
from tests.support.records import read_raw
from tests.support.tables import make_place
from tests.support.wandb_children import place_of

METHODS = ("lora", "ia3", "qlora")
CLASSES = {"gemma": "GemmaForSequenceClassification", "qwen2": "Qwen2ForSequenceClassification"}
RUN_FILES = {*JSON_FILES, "metrics.jsonl", "run.log", "adapter", "predictions.parquet"}
CASES = [(base, method) for base in CLASSES for method in METHODS]

# The scheduler must outlive its starter, so no code here waits for it.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture(scope="module")
def studies(
    tmp_path_factory: pytest.TempPathFactory, tiny_gemma: Path, tiny_qwen2: Path, small_csv: Path
) -> Iterator[dict[str, dict[str, RunFolder]]]:
    """Runs by base and method: a study a base, each with a scheduler of its own, both at the same time."""
    roots = {name: tmp_path_factory.mktemp(f"study-{name}") for name in CLASSES}
    bases = {"gemma": tiny_gemma, "qwen2": tiny_qwen2}
    found: dict[str, dict[str, RunFolder]] = {}
    try:
        for name, base in bases.items():
            settings = quick_settings(small_csv, base=str(base))
            del settings["seed"]
            study = StudyConfig(name=f"tiny {name}", methods=list(METHODS), settings=settings)
            start_scheduler(roots[name], idle_seconds=10)
            found[name] = dict(zip(METHODS, launch(plan_study(study), roots[name]), strict=True))
        everything = [run for runs in found.values() for run in runs.values()]
        ended = wait_until_final(everything, 200)
        assert ended, "\n".join(describe(run) for run in everything)
        yield found
    finally:
        for root in roots.values():
            end_processes(root)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request: pytest.FixtureRequest, studies: dict[str, dict[str, RunFolder]]) -> tuple[str, str, RunFolder]:
    base, method = request.param
    return base, method, studies[base][method]


def test_the_run_finishes_with_the_whole_folder(case: tuple[str, str, RunFolder]) -> None:
    _, _, run = case
    assert run.state.status == RunStatus.FINISHED, describe(run)
    names = {path.name for path in run.path.iterdir()}
    assert names >= RUN_FILES
    assert names <= RUN_FILES | {"run.lock", "wandb"}
    assert not run.checkpoints.exists()
    nowhere = {"entity": None, "url": None, "base_url": None}
    assert place_of(run) == make_place(mode="offline", project="emocore", id=run.id, **nowhere)
    assert "Traceback" not in run.log.read_text(encoding="utf-8")


def test_the_config_is_complete_and_of_its_study(case: tuple[str, str, RunFolder]) -> None:
    base, method, run = case
    config = run.config
    assert (config.method, config.study) == (method, f"tiny {base}")
    assert config.epochs and config.learning_rate and config.head_learning_rate
    assert (config.lora_rank is None) == (method == "ia3")


def test_the_result_has_the_agreed_form(case: tuple[str, str, RunFolder]) -> None:
    _, _, run = case
    assert set(read_raw(run, "result.json")) == {"format", "validation", "test", "cost"}
    assert run.scores and list(run.scores.splits) == ["validation", "test"]
    assert all(list(split.multilabel.per_emotion) == SMALL_LABELS for split in run.scores.splits.values())
    assert all(value > 0 for value in run.scores.cost.model_dump().values())


def test_the_adapter_is_plain_peft_for_the_real_class(case: tuple[str, str, RunFolder]) -> None:
    base, method, run = case
    config = json.loads((run.adapter / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["peft_type"] == ("IA3" if method == "ia3" else "LORA")
    assert config["task_type"] == "SEQ_CLS"
    assert "score" in config["modules_to_save"]
    assert config["base_model_name_or_path"] == run.config.base
    pool = ClassifierPool()
    info = pool.get(run).info
    assert type(pool.bases.get(info).model).__name__ == CLASSES[base]
    assert (info.method, info.labels, info.quantized) == (method, SMALL_LABELS, method == "qlora" and "nf4")


def test_the_adapter_holds_safetensors_a_tokenizer_and_a_card_but_no_pickle(case: tuple[str, str, RunFolder]) -> None:
    _, _, run = case
    names = {path.name for path in run.adapter.iterdir()}
    assert {"adapter_model.safetensors", "emocore.json", "tokenizer.json", "README.md"} <= names
    assert [path for path in run.path.rglob("*") if path.suffix in UNSAFE_SUFFIXES] == []


def test_the_training_moved_and_was_logged(case: tuple[str, str, RunFolder]) -> None:
    _, _, run = case
    rows = read_metrics(run.metrics)
    losses = [row["train/loss"] for row in rows if "train/loss" in row]
    assert len(losses) == 12
    assert losses[-1] < losses[0]
    assert [row["epoch"] for row in rows if "validation/f1_macro" in row] == [1.0, 2.0]


def test_a_study_ran_one_after_the_other_in_its_order(studies: dict[str, dict[str, RunFolder]]) -> None:
    for runs in studies.values():
        states = [runs[method].state for method in METHODS]
        times = [moment or 0.0 for state in states for moment in (state.started_at, state.ended_at)]
        assert times == sorted(times)


def test_a_study_is_fair_one_split_one_base_one_seed(studies: dict[str, dict[str, RunFolder]]) -> None:
    for runs in studies.values():
        results = [load_result(run) for run in runs.values()]
        assert len({result.provenance.split_sha256 for result in results}) == 1
        assert len({(result.config.base, result.config.seed) for result in results}) == 1


@pytest.mark.parametrize("base", CLASSES)
def test_the_playground_answers_with_the_adapters_side_by_side(
    studies: dict[str, dict[str, RunFolder]], base: str
) -> None:
    pool, runs = ClassifierPool(), list(studies[base].values())
    table = classify(pool, runs, ["so happy today", "I am afraid of what comes"])
    assert len(table) == 3 * 2 * len(SMALL_LABELS)
    assert table["probability"].between(0, 1).all()
    by_run = table.pivot(index=["text_index", "emotion"], columns="run", values="probability")
    assert not np.allclose(by_run[runs[0].id], by_run[runs[1].id], atol=0.01)
    assert len(pool.bases._bases) == 2  # LoRA and IA3 share the base in full, QLoRA has it in four bits


def test_the_playground_reproduces_what_was_stored(case: tuple[str, str, RunFolder]) -> None:
    _, _, run = case
    stored = pd.read_parquet(run.predictions).query("split == 'validation'")
    logits = ClassifierPool().get(run).logits(stored["text"].tolist())
    expected = stored[[f"logit.{label}" for label in SMALL_LABELS]].to_numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)


def test_both_schedulers_end(studies: dict[str, dict[str, RunFolder]]) -> None:
    for runs in studies.values():
        root = runs["lora"].path.parent
        wait_for(
            lambda root=root: all(p.status() == "zombie" for p in processes_of_root(root)), 30, "an idle scheduler"
        )
