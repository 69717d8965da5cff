"""A run's process: the files of a successful run, and the messages of a failed one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from safetensors.numpy import load_file

from emocore.data.split import load_splits
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import load_result
from emocore.metrics import score_logits
from emocore.models.adapter import read_info
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.thresholds import cross_fit, tune
from emocore.tracking.metrics_file import read_metrics
from tests.conftest import SMALL_LABELS
from tests.support.live_runs import (
    FINISHED_RUNS,
    REPOSITORY,
    carry_out,
    describe,
    python,
    queue_run,
    wait_for,
    wait_for_training,
)
from tests.support.records import edit
from tests.support.tables import write_csv

NEURAL = [name for name, settings in FINISHED_RUNS.items() if settings["method"] != "tfidf"]

# Prints every file and folder in the order in which the kernel has put it on the disk, and what was loaded.
EXECUTE_AND_TELL = """
import os, sys
from pathlib import Path
from emocore.training.process import execute
flush, flushed = os.fsync, []
def traced_flush(descriptor):
    flush(descriptor)
    flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
os.fsync = traced_flush
execute(Path(sys.argv[1]))
print(*flushed, "Loaded:", *{"torch", "transformers", "peft"} & sys.modules.keys(), sep="\\n")
"""


@pytest.fixture(params=FINISHED_RUNS)
def finished(request: pytest.FixtureRequest, finished_runs: dict[str, RunFolder]) -> RunFolder:
    return finished_runs[request.param]


def test_a_finished_run_has_all_its_files_and_no_rubbish(finished: RunFolder) -> None:
    assert finished.state.status == RunStatus.FINISHED
    assert {path.name for path in finished.path.iterdir()} - {"wandb"} == {
        "config.json",
        "environment.json",
        "state.json",
        "provenance.json",
        "metrics.jsonl",
        "adapter",
        "predictions.parquet",
        "result.json",
        "wandb.json",
    } | ({"run.lock"} & {path.name for path in finished.path.iterdir()})
    unsafe = [p for p in finished.path.rglob("*") if p.suffix in (".bin", ".pkl", ".pickle", ".pt", ".pth", ".tmp")]
    assert unsafe == []


def test_the_times_are_in_order(finished: RunFolder) -> None:
    state = finished.state
    assert state.started_at and state.ended_at
    assert state.created_at <= state.started_at < state.ended_at
    assert state.reason is None


def test_the_predictions_are_of_every_held_out_row(finished: RunFolder) -> None:
    table = pd.read_parquet(finished.predictions)
    splits = load_splits(finished.config)
    assert list(table.columns) == [
        "split",
        "row_id",
        "text",
        *(f"{kind}.{label}" for label in SMALL_LABELS for kind in ("true", "logit")),
    ]
    for name in ("validation", "test"):
        own, frame = table[table["split"] == name], splits.frames[name]
        assert own["row_id"].tolist() == frame["row_id"].tolist()
        assert own["text"].tolist() == frame["text"].tolist()
        for label in SMALL_LABELS:
            assert own[f"true.{label}"].tolist() == frame[label].tolist()
            assert own[f"logit.{label}"].dtype == np.float32
            assert np.isfinite(own[f"logit.{label}"]).all()


def test_the_groups_of_the_held_out_rows_are_stored(tmp_path: Path, small_csv: Path) -> None:
    table = pd.read_csv(small_csv)
    table["author"] = [f"author {row // 3}" for row in range(len(table))]
    run = queue_run(
        tmp_path / "runs", Path(write_csv(tmp_path / "t.csv", table)), method="tfidf", group_column="author"
    )
    assert carry_out(run) == 0, run.log.read_text(encoding="utf-8")
    result, splits = load_result(run), load_splits(run.config)
    for name in ("validation", "test"):
        assert result.groups(name) == splits.frames[name]["group_name"].tolist()
    assert list(result.predictions.columns)[:4] == ["split", "row_id", "text", "group_name"]
    comparison = compare([result], "test")
    assert comparison.groups[0].units == splits.frames["test"]["group_name"].nunique()


def test_the_result_follows_from_the_predictions(finished: RunFolder) -> None:
    loaded = load_result(finished)
    truth, logits = loaded.truth("validation"), loaded.logits("validation")
    thresholds = {"validation": cross_fit(truth, logits), "test": tune(truth, logits)}
    for split, chosen in thresholds.items():
        expected = score_logits(loaded.truth(split), loaded.logits(split), SMALL_LABELS, chosen)
        assert loaded.scores.splits[split].model_dump() == expected


def test_the_adapter_keeps_the_thresholds_that_its_test_split_was_scored_with(finished: RunFolder) -> None:
    loaded, info = load_result(finished), read_info(finished.adapter)
    assert info.thresholds_from == "expected F1"
    tuned = tune(loaded.truth("validation"), loaded.logits("validation"))
    assert [info.thresholds[label] for label in SMALL_LABELS] == pytest.approx(tuned, rel=1e-4)


def test_the_cost_is_counted(finished: RunFolder) -> None:
    cost, weights = load_result(finished).scores.cost, list(finished.adapter.glob("*.safetensors"))
    assert cost.adapter_bytes == sum(file.stat().st_size for file in weights)
    assert cost.trainable_parameters == cost.adapter_parameters + cost.head_parameters
    assert cost.head_parameters >= 64 * len(SMALL_LABELS)
    assert (cost.adapter_parameters > 0) == (finished.config.method in ("lora", "ia3", "qlora"))
    assert 0 < cost.train_seconds < (finished.state.ended_at or 0) - (finished.state.started_at or 0)
    epochs = finished.config.epochs or 1
    assert cost.samples_per_second * cost.train_seconds == pytest.approx(84 * epochs, rel=0.01)
    assert 50e6 < cost.peak_memory_bytes < 8e9


@pytest.mark.parametrize("name", NEURAL)
def test_what_was_counted_as_trainable_is_what_was_saved(finished_runs: dict[str, RunFolder], name: str) -> None:
    tensors = load_file(finished_runs[name].adapter / "adapter_model.safetensors")
    cost = load_result(finished_runs[name]).scores.cost
    assert sum(tensor.size for tensor in tensors.values()) == cost.trainable_parameters


def test_ia3_is_smaller_than_lora(finished_runs: dict[str, RunFolder]) -> None:
    sizes = [load_result(finished_runs[name]).scores.cost.adapter_parameters for name in ("ia3", "lora")]
    assert sizes[0] * 10 < sizes[1]


def test_the_provenance_says_what_the_result_depends_on(finished: RunFolder) -> None:
    provenance, splits = load_result(finished).provenance, load_splits(finished.config)
    assert provenance.split_sha256 == splits.split_sha256
    assert provenance.data_sha256 == splits.data_sha256
    assert provenance.data_warnings == list(splits.warnings)
    assert provenance.labels == SMALL_LABELS
    assert provenance.rows == {"train": 84, "validation": 18, "test": 18}
    is_neural = finished.config.method != "tfidf"
    assert (provenance.device, provenance.threads) == ("cpu", 1 if is_neural else None)
    assert provenance.precision == finished.config.precision
    assert all(provenance.packages[name] for name in ("torch", "transformers", "peft", "scikit-learn"))


@pytest.mark.parametrize("name", NEURAL)
def test_every_step_is_in_the_metrics_file(finished_runs: dict[str, RunFolder], name: str) -> None:
    rows = read_metrics(finished_runs[name].metrics)
    losses = [row for row in rows if "train/loss" in row]
    scores = [row for row in rows if "validation/f1_macro" in row]
    assert [row["step"] for row in losses] == list(range(1, 13))  # 84 rows in batches of 16, twice
    assert {row["total_steps"] for row in rows} == {12}
    assert [row["epoch"] for row in scores] == [1.0, 2.0]
    assert all({"validation/loss", "validation/f1_micro", "validation/jaccard"} <= row.keys() for row in scores)
    assert all(np.isfinite(row["train/loss"]) and row["train/learning_rate"] >= 0 for row in losses)
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


def test_the_curve_ends_with_the_scores_of_the_saved_adapter(finished: RunFolder) -> None:
    last = read_metrics(finished.metrics)[-1]
    result = load_result(finished).scores.validation.multilabel
    assert last["step"] == last["total_steps"]
    assert (last["validation/f1_macro"], last["validation/f1_micro"]) == (result.f1_macro, result.f1_micro)
    assert 0 < last["validation/loss"] < 2


def test_training_lowers_the_loss(finished_runs: dict[str, RunFolder]) -> None:
    for name in NEURAL:
        losses = [row["train/loss"] for row in read_metrics(finished_runs[name].metrics) if "train/loss" in row]
        assert np.mean(losses[-3:]) < np.mean(losses[:3]), name


def test_a_seed_gives_the_same_adapter_and_another_seed_another(finished_runs: dict[str, RunFolder]) -> None:
    """Between the first and its repetition the process trained six other adapters."""
    first, again, other = (
        load_file(finished_runs[name].adapter / "adapter_model.safetensors")
        for name in ("lora", "lora_again", "lora_other_seed")
    )
    assert first.keys() == again.keys() == other.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first)
    stored = [pd.read_parquet(finished_runs[name].predictions) for name in ("lora", "lora_again")]
    pd.testing.assert_frame_equal(*stored, check_exact=True)


def test_the_floor_is_trained_without_torch_and_on_disk_before_its_result(tmp_path: Path, small_csv: Path) -> None:
    """The import takes several times as long as the whole run. And a run with a result is never computed again, so
    what a power cut left empty would stay so."""
    run = queue_run(tmp_path / "runs", small_csv, method="tfidf")
    printed = python("-c", EXECUTE_AND_TELL, str(run.path))
    assert run.state.status == RunStatus.FINISHED, describe(run)
    assert printed.endswith("Loaded:\n")
    flushed = [Path(line) for line in printed.splitlines()]
    result = next(number for number, path in enumerate(flushed) if path.name.startswith(".result.json."))
    assert {run.predictions, *run.adapter.iterdir(), run.adapter} <= set(flushed[:result])


FAILURES = {
    "the data is gone": ({"data": "gone.csv"}, r"gone\.csv: no such file"),
    "the base is gone": ({"base": "gone"}, "base '.*gone'"),
    "no such layer": ({"target_modules": ["no_such_layer"]}, "target_modules"),
    "more rows than there are": ({"rows": 100}, "rows=100"),
    "a GPU that is not there": ({"device": "cuda"}, "cannot use the GPU cuda:0: install its CUDA build"),
}


@pytest.fixture(scope="module")
def failed_runs(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_llama: Path
) -> dict[str, tuple[RunFolder, str]]:
    """Runs that cannot work though they could be queued, and the output of the process that tried."""
    root = tmp_path_factory.mktemp("failed")
    runs = {}
    for name, (settings, _) in FAILURES.items():
        run = queue_run(root, small_csv, base=str(tiny_llama), epochs=1)
        edit(run, "config.json", **settings)
        if "device" in settings:
            run.change_state(RunStatus.QUEUED, device="cuda:0")  # as a scheduler would that sees one
        runs[name] = run
    log = root / "log"
    assert carry_out(*runs.values(), log=log) == 1
    return {name: (run, log.read_text(encoding="utf-8")) for name, run in runs.items()}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_run_says_why_in_one_line(failed_runs: dict[str, tuple[RunFolder, str]], name: str) -> None:
    run, output = failed_runs[name]
    state = run.state
    assert state.status == RunStatus.FAILED
    assert state.reason and "\n" not in state.reason
    assert pd.Series([state.reason]).str.contains(FAILURES[name][1])[0], state.reason
    assert state.reason in output
    assert state.ended_at
    assert not (run.path / "result.json").exists()
    assert not run.adapter.exists()
    assert "Traceback" not in output, "the user can mend it"


def test_a_run_that_was_started_in_the_background_still_hears_that_it_should_stop(
    tmp_path: Path, small_csv: Path, tiny_bert: Path
) -> None:
    """A shell starts `command &` with SIGINT ignored, and everything below inherits that."""
    run = queue_run(tmp_path / "runs", small_csv, base=str(tiny_bert), epochs=1000)
    with run.lock() as lock, run.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "emocore.training", str(run.path)],
            cwd=REPOSITORY, stdout=log, stderr=log, pass_fds=[lock], start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )  # fmt: skip
    try:
        wait_for_training(run)
        run.stop_request.touch()
        for number in (signal.SIGINT, signal.SIGTERM):
            os.killpg(child.pid, number)
        wait_for(lambda: child.poll() is not None, 8, f"the process to end; {describe(run)}")
        assert run.state.status == RunStatus.STOPPED
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert not psutil.pid_exists(child.pid)
