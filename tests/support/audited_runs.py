"""Finished runs with everything that an audit reads, made without models and without a disk."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emocore.evaluation.results import RunResult
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.provenance import Provenance
from emocore.run.result import RunScores
from emocore.thresholds import USUAL_THRESHOLD
from tests.support.tables import COST, make_origin, make_predictions, score

LABELS = ("anger", "joy", "trust")
# Supports 2, 3 and 1: joy is the commonest, trust the rarest.
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
PERFECT = np.where(TRUTH == 1, 3.0, -3.0)
ONE_MISS = np.where(np.arange(12).reshape(4, 3) == 0, -3.0, PERFECT)  # the first text's anger
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


def finish(origin: Any = None, truth: np.ndarray = TRUTH, logits: np.ndarray | None = None, **given: Any) -> RunResult:
    """A finished run; `origin` changes what it stored of its circumstances. `given` are its settings, and parts of
    `build_result`."""
    parts = {name: given.pop(name) for name in ("labels", "test", "cost") if name in given}
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m", "threshold": 0.5} | given))
    return build_result(config, origin, truth, logits, **parts)


def build_result(
    config: RunConfig,
    origin: Any = None,
    truth: np.ndarray = TRUTH,
    logits: np.ndarray | None = None,
    labels: tuple[str, ...] = LABELS,
    test: tuple[np.ndarray, np.ndarray] | None = None,
    cost: Mapping[str, float] = COST,
) -> RunResult:
    """`truth` and `logits` are those of the validation split, where all is right unless `logits` say otherwise; `test`
    those of the test split if there is one."""
    splits = {"validation": (truth, np.where(truth == 1, 3.0, -3.0) if logits is None else logits)}
    splits |= {"test": test} if test else {}
    scores = {split: score(*values, labels, config.threshold or USUAL_THRESHOLD) for split, values in splits.items()}
    result = RunResult(
        id=f"run-{next(numbers):06}",
        config=config,
        scores=RunScores.model_validate({"test": None, **scores, "cost": {**COST, **cost}}),
        provenance=Provenance.model_validate(make_origin(labels, **ORIGIN | (origin or {}))),
        run=RunFolder(Path("/nowhere")),
    )
    # As if they had been read.
    parts = [make_predictions(split, *values, labels) for split, values in splits.items()]
    vars(result)["predictions"] = pd.concat(parts, ignore_index=True)
    return result


def give_groups(result: RunResult, names: Sequence[str]) -> RunResult:
    """The same result with the group of each text of all its splits."""
    vars(result)["predictions"] = result.predictions.assign(group_name=list(names))
    return result
