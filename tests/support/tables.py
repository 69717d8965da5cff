"""Small data files and finished runs for the tests, made without any model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emocore.metrics import score_logits
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.records import write_record
from emocore.run.result import RunScores
from emocore.run.state import RunStatus
from emocore.thresholds import USUAL_THRESHOLD
from emocore.training.process import tabulate_predictions
from tests.support.records import write_raw

LABELS = ("anger", "joy", "fear", "trust")
SHARES = (0.4, 0.3, 0.2, 0.05)  # the last one is rare, as trust and surprise are
COST = {
    "train_seconds": 10.0,
    "samples_per_second": 100.0,
    "peak_memory_bytes": 1_000_000,
    "trainable_parameters": 500,
    "adapter_parameters": 400,
    "head_parameters": 100,
    "adapter_bytes": 2_000,
}

KNOWN_SCORES: dict[Any, dict[str, Any]] = {}
# What keep=best stores: the second of four epochs that were trained, of six.
KEPT = {"metric": "f1_macro", "value": 0.75, "epoch": 2.0, "trained_epochs": 4.0, "planned_epochs": 6.0}


def make_table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """ID, Tweet (all different) and one 0/1 column per label; a text contains the name of each of its labels."""
    random = np.random.default_rng(seed)
    values = (random.random((rows, len(LABELS))) < SHARES).astype(int)
    values[:2] = [[0, 0, 0, 0], [1, 1, 1, 1]]  # both values of every label, however few rows
    filler = random.integers(0, 50, rows)
    words = [" ".join(f"so much {LABELS[i]}" for i in np.flatnonzero(row)) for row in values]
    table = pd.DataFrame({"ID": [f"m{seed}-{number}" for number in range(rows)]})
    table["Tweet"] = [f"message {seed}-{number} {word} word{filler[number]}" for number, word in enumerate(words)]
    table[list(LABELS)] = values
    return table


def write_csv(path: Path, table: pd.DataFrame, separator: str = ",") -> str:
    """The file's path, in the form of a `data` setting."""
    table.to_csv(path, index=False, sep=separator)
    return str(path)


def write_text(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def change_status(run: RunFolder, status: RunStatus, **changes: Any) -> None:
    with run.lock():
        run.change_state(status, **changes)


def finish_run(
    root: Path,
    config: RunConfig,
    truth: np.ndarray,
    logits: np.ndarray,
    labels: tuple[str, ...],
    cost: Mapping[str, float] = COST,
    provenance: Mapping[str, Any] | None = None,
    test: tuple[np.ndarray, np.ndarray] | None = None,
) -> RunFolder:
    """A finished run: the files that a comparison reads, as training writes them. `truth` and `logits` are those of the
    validation split, `test` those of the test split if there is one."""
    run = create_run(root, config)
    splits = {"validation": (truth, logits)} | ({"test": test} if test else {})
    parts = [make_predictions(split, *values, labels) for split, values in splits.items()]
    pd.concat(parts).to_parquet(run.predictions, index=False)
    write_raw(run, "provenance.json", make_origin(labels, **(provenance or {})))
    scores = {split: score(*values, labels, config.threshold or USUAL_THRESHOLD) for split, values in splits.items()}
    write_record(run.path / "result.json", RunScores.model_validate({"test": None, **scores, "cost": dict(cost)}))
    change_status(run, RunStatus.FINISHED)
    return run


def score(truth: np.ndarray, logits: np.ndarray, labels: tuple[str, ...], threshold: float) -> dict[str, Any]:
    """As `score_logits`; equal arguments are scored once, since many tests use the same study."""
    key = (truth.shape, truth.tobytes(), logits.tobytes(), labels, threshold)
    if key not in KNOWN_SCORES:
        KNOWN_SCORES[key] = score_logits(truth, logits, list(labels), threshold)
    return KNOWN_SCORES[key]


def make_predictions(split: str, truth: np.ndarray, logits: np.ndarray, labels: tuple[str, ...]) -> pd.DataFrame:
    start = {"validation": 0, "test": 100_000}[split]  # no row is in two splits
    rows = range(start, start + len(truth))
    texts = pd.DataFrame({"row_id": map(str, rows), "text": [f"text {row}" for row in rows]})
    return tabulate_predictions(split, texts.join(pd.DataFrame(truth, columns=list(labels))), logits)


def make_origin(labels: Sequence[str], **changes: Any) -> dict[str, Any]:
    """The content of `provenance.json`, with labels that a real one may not have, too."""
    return {"labels": list(labels), "split_sha256": "a" * 64, "device": "cpu", "precision": "fp32"} | changes


def make_place(**changes: Any) -> dict[str, Any]:
    """The content of `wandb.json` of a run that is online and has not ended."""
    place = {"mode": "online", "reason": None, "entity": "team", "project": "p", "id": "r", "complete": False}
    return place | {"url": "http://x", "base_url": "http://127.0.0.1:1"} | changes
