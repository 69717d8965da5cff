"""Carries out one training as each side does it, in a fresh process."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.timing.processes import Ended, carry_out, script_environment
from benchmarks.timing.task import Task
from emocore.evaluation.predictions_file import read_predictions
from emocore.jobs.packing import Occupancy
from emocore.jobs.slots import find_slot
from emocore.metrics import score_multilabel, sigmoid
from emocore.run.listing import create_run
from emocore.run.state import RunStatus

THRESHOLD = 0.5  # of all sides, although Emocore also tunes one per emotion


@dataclass(frozen=True)
class Work:
    """See `benchmarks.timing.work`; `rates` are FLOP/s by precision."""

    flop_per_token: int
    emocore_tokens: int
    rates: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """One training. `tokens` are those of the training texts with their padding, over all epochs; `stored_seconds` is
    the time from the start of the process until the predictions were stored, `process_seconds` that until it ended.
    `peak_memory_bytes` is the process's largest resident set, on a GPU the allocator's peak in the training."""

    precision: str
    train_seconds: float
    tokens: int
    validation_f1_macro: float
    test_f1_macro: float
    peak_memory_bytes: int
    stored_seconds: float
    process_seconds: float


def measure_work(task: Task, method: str, folder: Path) -> Work:
    """What the training takes, and what this machine can do now."""
    config, work = folder / "config.json", folder / "work.json"
    config.write_text(task.configs[method].model_dump_json(), encoding="utf-8")
    options = [str(config), str(task.texts), str(work), *dict.fromkeys(["fp32", task.precision])]
    command = [sys.executable, "-m", "benchmarks.timing.work", *options]
    carry_out(command, folder / "work.log", script_environment(task.device))
    return Work(**json.loads(work.read_text(encoding="utf-8")))


def run_script(task: Task, method: str, folder: Path, padding: str, precision: str) -> Outcome:
    """The Hugging Face Trainer script."""
    folder.mkdir()
    config = folder / "config.json"
    config.write_text(task.configs[method].model_dump_json(), encoding="utf-8")
    options = [str(config), str(task.texts), str(folder), "--padding", padding, "--precision", precision]
    command = [sys.executable, "-m", "benchmarks.scripts.hf_trainer", *options]
    ended = carry_out(command, folder / "log", script_environment(task.device))
    told: dict[str, Any] = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    gpu_peak_bytes = told.pop("gpu_peak_bytes")
    return Outcome(precision=precision, **told, **_describe(ended, folder / "predictions.parquet", gpu_peak_bytes))


def run_usual(task: Task, method: str, folder: Path) -> Outcome:
    """The script as it is usually written."""
    return run_script(task, method, folder, "max_length", "fp32")


def run_tuned(task: Task, method: str, folder: Path) -> Outcome:
    """The script by somebody who knows what costs time."""
    return run_script(task, method, folder, "longest", task.precision)


def run_emocore(task: Task, method: str, folder: Path, work: Work) -> Outcome:
    """A run as the scheduler starts it."""
    folder.mkdir()
    run = create_run(folder, task.configs[method])
    slot = find_slot(run, Occupancy(folder, {}))
    assert slot, "nothing else takes a device here"
    device, environment = slot
    with run.lock() as lock:
        run.change_state(RunStatus.STARTING, device=device.name, attempts=1)
        command = [sys.executable, "-m", "emocore.training", str(run.path), str(lock)]
        ended = carry_out(command, run.log, environment, lock)
    scores = run.scores
    assert scores and scores.cost.train_seconds, "a run that ended well has its scores and costs"
    predictions = read_predictions(run, task.labels, ("validation", "test"))
    return Outcome(
        precision=task.precision,
        train_seconds=scores.cost.train_seconds,
        tokens=work.emocore_tokens,
        validation_f1_macro=_score(predictions, "validation", task.labels),
        test_f1_macro=_score(predictions, "test", task.labels),
        **_describe(ended, run.predictions, scores.cost.peak_memory_bytes if task.is_on_gpu else None),
    )


def make_sides(work: Work) -> Mapping[str, Callable[[Task, str, Path], Outcome]]:
    """The sides by name."""
    return {"usual": run_usual, "tuned": run_tuned, "emocore": partial(run_emocore, work=work)}


def _describe(ended: Ended, predictions: Path, gpu_peak_bytes: int | None) -> dict[str, Any]:
    return {
        "peak_memory_bytes": ended.peak_memory_bytes if gpu_peak_bytes is None else gpu_peak_bytes,
        "stored_seconds": predictions.stat().st_mtime - ended.began,
        "process_seconds": ended.seconds,
    }


def _score(predictions: pd.DataFrame, split: str, labels: tuple[str, ...]) -> float:
    rows = predictions[predictions["split"] == split]
    truth, logits = (rows[[f"{kind}.{label}" for label in labels]].to_numpy() for kind in ("true", "logit"))
    return score_multilabel(truth, (sigmoid(logits) >= THRESHOLD).astype(int))["f1_macro"]
