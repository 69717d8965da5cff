"""Heads are trained on embeddings that the base computes once for all runs, which later runs only read."""

import hashlib
import io
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from peft import PeftModel
from safetensors.numpy import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from emocore.data.encode import encode_texts
from emocore.data.split import load_splits
from emocore.evaluation.results import load_result
from emocore.jobs.queue import resume_run
from emocore.models.build import open_base
from emocore.models.classifier import BaseStore, load_classifier
from emocore.models.embedding_cache import hash_tokens
from emocore.models.quiet import quiet_libraries
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import read_metrics
from tests.conftest import SMALL_LABELS
from tests.support.live_runs import carry_out, describe, queue_run
from tests.support.outcomes import assert_same, outcome_of

# Code before a run: its base cannot read a text, or the digest of its embeddings is this one.
BASE_READS_NOTHING = "from emocore.models.embeddings import Embedder; Embedder.embed = None"
WITH_DIGEST = "from emocore.models.embedding_cache import Embeddings; Embeddings.digest = lambda self: {!r}"


class World:
    """A runs folder with a cache of its own."""

    def __init__(self, folder: Path, data: Path, base: Path) -> None:
        self.cache = folder / "cache"
        self._runs, self._data, self._base = folder / "runs", data, base

    def queue(self, **settings: Any) -> RunFolder:
        return queue_run(self._runs, self._data, method="head", **{"base": str(self._base), **settings})

    def train(self, prepare: str = "pass", **settings: Any) -> RunFolder:
        run = self.queue(**settings)
        assert carry_out(run, prepare=prepare) == 0, describe(run)
        return run

    @property
    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.cache.rglob("*.npy")}

    def edit(self, **fields: Any) -> None:
        """Change fields of all records on disk."""
        for path in list(self.files):
            records = np.load(path, allow_pickle=False)
            for name, change in fields.items():
                records[name] = change(records[name])
            content = io.BytesIO()
            np.save(content, records, allow_pickle=False)
            path.with_name(hashlib.sha256(content.getvalue()).hexdigest() + ".npy").write_bytes(content.getvalue())
            path.unlink()


@pytest.fixture
def world(tmp_path: Path, small_csv: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    return World(tmp_path, small_csv, tiny_llama)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> tuple[World, RunFolder]:
    """A run whose base is mean-pooled, and its world; only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    world = World(folder, small_csv, tiny_bert)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOCORE_CACHE", str(world.cache))
        return world, world.train()


def weights(run: RunFolder) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = load_file(run.adapter / "adapter_model.safetensors")
    return found


def test_later_runs_read_what_the_first_one_computed(world: World) -> None:
    first = world.train()
    stored = world.files
    assert "The base reads 120 of 120 texts" in first.tail_log(30)
    changes: tuple[dict[str, Any], ...] = (
        {}, {"seed": 8}, {"replicate": 2}, {"head_learning_rate": 0.05, "epochs": 3},
        {"loss": "asymmetric"}, {"positive_weight": "balanced"},
    )  # fmt: skip
    again, *others = [world.queue(**settings) for settings in changes]
    assert carry_out(again, *others, prepare=BASE_READS_NOTHING) == 0, describe(again)
    assert world.files == stored
    assert_same(outcome_of(first), outcome_of(again))
    for run in others:
        assert not any(np.array_equal(weights(run)[name], weight) for name, weight in weights(first).items())


def test_the_base_reads_only_texts_that_are_new(world: World) -> None:
    runs = [world.queue(**settings) for settings in ({"rows": 40}, {"rows": 60}, {"rows": 60, "max_length": 32})]
    assert carry_out(*runs) == 0
    log = runs[0].log.read_text(encoding="utf-8")
    assert re.findall("The base reads (.*) texts", log) == ["76 of 76", "20 of 96", "96 of 96"]


def test_the_scores_are_those_of_the_saved_adapter_on_its_base(trained: tuple[World, RunFolder]) -> None:
    _, run = trained
    result, splits = load_result(run), load_splits(run.config)
    classifier = load_classifier(run.adapter, BaseStore("cpu"))
    for name in ("validation", "test"):
        expected = classifier.logits(splits.frames[name]["text"].tolist())
        np.testing.assert_allclose(result.logits(name), expected, atol=1e-5)
    assert result.scores.cost.latency_seconds


def test_training_in_bf16_lowers_the_loss_and_is_evaluated_each_epoch(world: World) -> None:
    rows = read_metrics(world.train(precision="bf16").metrics)
    losses = [row["train/loss"] for row in rows if "train/loss" in row]
    assert len(losses) == 12
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert [row["epoch"] for row in rows if "validation/f1_macro" in row] == [1.0, 2.0]


def test_no_text_is_in_the_cache(trained: tuple[World, RunFolder]) -> None:
    world, run = trained
    splits = load_splits(run.config)
    content = b"".join(world.files.values())
    opened = open_base(run.config.base, splits.labels)
    for text in splits.frames["train"]["text"]:
        assert text.encode() not in content
        [ids] = encode_texts([text], opened.tokenizer, run.config.max_length)["input_ids"]
        assert hash_tokens(ids) in content


def test_the_cost_does_not_depend_on_the_order_of_runs(world: World) -> None:
    """A run counts what its training texts cost when they were computed, here 2 s each, whoever computed them."""
    first = load_result(world.train()).scores.cost
    world.edit(seconds=lambda seconds: seconds * 0 + 2, peak_memory_bytes=lambda peak: peak * 0 + 10**12)
    later = load_result(world.train(BASE_READS_NOTHING)).scores.cost
    assert 0 < first.train_seconds < 84 * 2 <= later.train_seconds < 84 * 2 + 60
    assert later.samples_per_second * later.train_seconds == pytest.approx(84 * 2, rel=0.01)
    assert later.peak_memory_bytes == 10**12


def test_answers_that_are_not_those_of_the_base_fail_the_run(world: World) -> None:
    world.train()
    world.edit(embedding=lambda embedding: embedding + 0.01)
    run = world.queue()
    assert carry_out(run) == 1
    assert run.state.status == RunStatus.FAILED
    assert "answers from stored embeddings differ" in (run.state.reason or "")
    assert run.scores is None


def test_runs_that_start_at_once_compute_each_text_once(world: World) -> None:
    runs = [world.queue(seed=seed) for seed in (1, 2)]
    threads = [threading.Thread(target=carry_out, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.state.status for run in runs] == [RunStatus.FINISHED] * 2
    texts = np.concatenate([np.load(path)["text"] for path in world.files])
    assert len(texts) == len(np.unique(texts, axis=0)) == 120


@pytest.mark.parametrize(
    ("began", "reason"),
    [(None, "dropout was active in its base"), ("0" * 64, "they differ in their last digits")],
    ids=["with dropout", "other embeddings"],
)
def test_a_run_that_began_otherwise_does_not_go_on(world: World, began: str | None, reason: str) -> None:
    run = world.queue(checkpoint_minutes=1e-6)
    carry_out(run, fault="step.done:9", prepare=WITH_DIGEST.format(began))
    resume_run(run)
    assert carry_out(run) == 1
    assert reason in (run.state.reason or "")
    assert "clone the run" in (run.state.reason or "")


def test_the_adapter_is_loaded_by_plain_peft(trained: tuple[World, RunFolder], tiny_bert: Path) -> None:
    quiet_libraries()
    _, run = trained
    base = AutoModelForSequenceClassification.from_pretrained(tiny_bert, num_labels=len(SMALL_LABELS))
    model = PeftModel.from_pretrained(base, str(run.adapter)).eval()
    assert model.peft_config["default"].base_model_name_or_path == str(tiny_bert)
    tokenizer = AutoTokenizer.from_pretrained(str(run.adapter))
    stored = pd.read_parquet(run.predictions)
    for _, row in stored.head(5).iterrows():
        inputs = tokenizer([row["text"]], return_tensors="pt", truncation=True, max_length=run.config.max_length)
        with torch.inference_mode():
            states = model.base_model.model.bert(**inputs).last_hidden_state
            logits = model.base_model.model.classifier(states.mean(1))[0].numpy()
        np.testing.assert_allclose(logits, row[[f"logit.{label}" for label in SMALL_LABELS]].to_numpy(float), atol=1e-4)
