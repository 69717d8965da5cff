"""Finished runs that say of themselves all that an audit reads, made without any model and without a disk."""

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from emocore.evaluation.results import RunResult
from emocore.metrics import score_logits
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.provenance import Provenance
from emocore.run.result import RunScores
from tests.support.tables import COST, make_origin, make_predictions

LABELS = ("anger", "joy", "trust")
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
VERSIONS = {"torch": "2.5.0", "peft": "0.14.0", "wandb": "0.18.0"}
ORIGIN = {
    "emocore": "0.1.0",
    "code": {"revision": "c" * 40, "dirty": False},
    "python": "3.11.7",
    "platform": "Linux-6",
    "packages": VERSIONS,
    "data_sha256": {"data": "d" * 64},
    "rows": {"train": 1000, "validation": 4},
}
numbers = count()


def finish(
    origin: Any = None, truth: np.ndarray = TRUTH, labels: tuple[str, ...] = LABELS, **settings: Any
) -> RunResult:
    """A finished run; `origin` changes what it stored of its circumstances."""
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m"} | settings))
    return build_result(config, origin, truth, labels)


def build_result(
    config: RunConfig, origin: Any = None, truth: np.ndarray = TRUTH, labels: tuple[str, ...] = LABELS
) -> RunResult:
    logits = np.where(truth == 1, 3.0, -3.0)
    validation = score_logits(truth, logits, list(labels), config.threshold)
    result = RunResult(
        id=f"run-{next(numbers)}",
        config=config,
        scores=RunScores.model_validate({"validation": validation, "test": None, "cost": COST}),
        provenance=Provenance.model_validate(make_origin(labels, **ORIGIN | (origin or {}))),
        run=RunFolder(Path("/nowhere")),
    )
    # As if they had been read.
    vars(result)["predictions"] = make_predictions("validation", truth, logits, labels)
    return result
