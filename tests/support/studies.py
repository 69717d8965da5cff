"""Complete finished studies for the tests, made without models: each test sets how good a method is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from emocore.emotions import LABEL_SETS
from emocore.evaluation.results import load_result
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.run.study_record import StudyRecord
from emocore.system.processes import Failure
from emocore.tracking.team import TeamRun
from tests.support.tables import COST, change_status, finish_run

# How far the mean logit of a true cell is above that of a false one.
SKILLS: Mapping[str, float] = MappingProxyType({"lora": 3.0, "qlora": 2.9, "ia3": 1.6, "head": 1.2, "tfidf": 1.0})


def draw_truth(texts: int, labels: int, seed: int) -> np.ndarray:
    """True labels, int8 (texts, labels): the first emotion is in 40 % of the texts, the last in 5 %."""
    shares = np.linspace(0.4, 0.05, labels)
    return (np.random.default_rng(seed).random((texts, labels)) < shares).astype(np.int8)


def draw_logits(truth: np.ndarray, skill: float, seed: int) -> np.ndarray:
    return skill * (truth - 0.5) + np.random.default_rng(seed).normal(size=truth.shape) - 0.3


def finish_study(
    root: Path,
    methods: Sequence[str] = ("lora", "ia3", "qlora"),
    seeds: Sequence[int] = (13, 42),
    texts: int = 120,
    labels: tuple[str, ...] = LABEL_SETS["semeval-11"].labels,
    study: str | None = "s",
    has_test: bool = True,
    data_seed: int = 0,
    absent: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    **settings: Any,
) -> list[RunFolder]:
    """Methods x seeds with validation and test split of `texts` texts each, launched with a threshold of 0.5.

    Other `data_seed`s are other texts; no text has the emotion `absent`; `provenance` and `settings` are the same in
    all runs.
    """
    root.mkdir(parents=True, exist_ok=True)
    truths = [draw_truth(texts, len(labels), 10 * data_seed + place) for place in range(2)]
    for truth in truths:
        truth[:, [label == absent for label in labels]] = 0
    origin = {"rows": {"train": 1000, "validation": texts, "test": texts}, "split_sha256": f"{data_seed}" * 64}
    origin |= provenance or {}
    runs = []
    for number, method in enumerate(methods):
        for seed in seeds:
            config = resolve(RunConfig(method=method, study=study, seed=seed, **{"threshold": 0.5} | settings))[0]
            splits = [(truth, draw_logits(truth, SKILLS[method], seed + number)) for truth in truths]
            cost = {**COST, "train_seconds": 60.0 * (number + 1), "adapter_bytes": 10_000 * 10**number}
            cost |= {"latency_seconds": 0.004 * (number + 1)}
            test = splits[1] if has_test else None
            runs.append(finish_run(root, config, *splits[0], labels, cost, origin, test))
    return runs


def make_plan(**changes: Any) -> StudyRecord:
    """The record of a study `s` of two methods with two seeds."""
    values: dict[str, Any] = {
        "name": "s",
        "launched_at": 1.5,
        "thresholds": "fixed",
        "margin_points": 1.0,
        "replicates": 1,
    }
    return StudyRecord(**values | {"methods": ("lora", "tfidf"), "seeds": (1, 2)} | changes)


def fail_run(root: Path, method: str, reason: str, study: str = "s", failure: Failure | None = None) -> RunFolder:
    run = create_run(root, resolve(RunConfig(method=method, study=study))[0])
    change_status(run, RunStatus.FAILED, reason=reason, failure=failure)
    return run


def as_team_runs(runs: Sequence[RunFolder]) -> list[TeamRun]:
    """The same runs as read from W&B: with their scores and without their predictions."""
    results = [load_result(run) for run in runs]
    return [TeamRun(r.id, f"http://w/{r.id}", r.config, r.scores, r.provenance) for r in results]
