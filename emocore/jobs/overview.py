"""A run at a glance: state, progress, time left, latest scores.

A damaged run is described as far as it can be read. A run without a readable state or settings is left out here;
`list_damaged_runs` names it.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from emocore.errors import EmocoreError, RunError
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.files import file_version
from emocore.text import first_line
from emocore.tracking.metrics_file import read_last_metrics

T = TypeVar("T")
SOURCES = ("config.json", "state.json", "result.json", "metrics.jsonl")  # the files that an overview is made from
SCORES = ("f1_macro", "f1_micro")


@dataclass(frozen=True)
class RunOverview:
    """`progress` is 0 to 1; `remaining_seconds` is None while unknown. Scores are those of the validation split.

    `problems` has a sentence for each file of the run that cannot be read; `reason` includes them.
    """

    id: str
    study: str | None
    method: str
    base: str
    seed: int
    replicate: int
    learns_half: bool
    status: str
    reason: str | None
    device: str | None
    progress: float
    elapsed_seconds: float | None
    remaining_seconds: float | None
    f1_macro: float | None
    f1_micro: float | None
    created_at: float
    attempts: int
    disk_bytes: int | None
    problems: tuple[str, ...] = ()


def describe_runs(runs: Iterable[RunFolder]) -> list[RunOverview]:
    """One overview per run, without runs that were just deleted and those whose state or settings are damaged."""
    found = []
    for run in runs:
        with contextlib.suppress(RunError):
            found.append(describe_run(run))
    return found


def describe_run(run: RunFolder) -> RunOverview:
    """The overview of a run. Raises RunError if its state or its settings cannot be read."""
    if run.stored_state.status.is_final:
        return _describe_ended(run.path, tuple(file_version(run.path / name) for name in SOURCES))
    return _read_overview(run)


@lru_cache(maxsize=4096)
def _describe_ended(path: Path, versions: tuple[tuple[int, int], ...]) -> RunOverview:
    """Cached by file versions: an ended run changes only if a file does, so a thousand of them cost little."""
    return _read_overview(RunFolder(path))


def _read_overview(run: RunFolder) -> RunOverview:
    config, stored = run.config, run.stored_state
    problems: list[str] = []

    def read(look: Callable[[], T]) -> T | None:
        """Returns the result of `look`; if that cannot be read, adds a sentence to `problems` and returns None."""
        try:
            return look()
        except Exception as error:  # a folder may hold anything
            told = str(error) if isinstance(error, EmocoreError) else f"run {run.id} is damaged ({first_line(error)})"
            if told not in problems:
                problems.append(told)
            return None

    state = read(lambda: run.state) or stored
    last = read(lambda: read_last_metrics(run.metrics))
    scores = read(lambda: _read_scores(run)) or {}
    disk_bytes = read(run.disk_bytes)
    return RunOverview(
        id=run.id,
        study=config.study,
        method=config.method,
        base=config.base,
        seed=config.seed,
        replicate=config.replicate,
        learns_half=config.learns_half,
        status=str(state.status),
        reason="; ".join([*([state.reason] if state.reason else []), *problems]) or None,
        device=state.device,
        progress=_compute_progress(state.status, last),
        elapsed_seconds=state.elapsed_seconds,
        remaining_seconds=_guess_remaining(last) if state.status == RunStatus.RUNNING and last else None,
        f1_macro=scores.get("f1_macro"),
        f1_micro=scores.get("f1_micro"),
        created_at=state.created_at,
        attempts=state.attempts,
        disk_bytes=disk_bytes,
        problems=tuple(problems),
    )


def _compute_progress(status: RunStatus, last: dict[str, Any] | None) -> float:
    """The training steps count as 95 %, the final evaluation as the rest."""
    if status == RunStatus.FINISHED:
        return 1.0
    if not last or not last["total_steps"]:
        return 0.0
    return 0.95 * min(1.0, last["step"] / last["total_steps"])


def _guess_remaining(last: dict[str, Any]) -> float | None:
    """Seconds, at the speed so far; None before the first step."""
    if not last["step"]:
        return None
    return max(0.0, (last["total_steps"] - last["step"]) * last["seconds"] / last["step"])


def _read_scores(run: RunFolder) -> dict[str, float]:
    """The final scores, or those of the latest evaluated epoch. Raises RunError for a damaged file."""
    if scores := run.scores:
        return {name: getattr(scores.validation.multilabel, name) for name in SCORES}
    row = read_last_metrics(run.metrics, "validation/f1_macro") or {}
    return {name: row[f"validation/{name}"] for name in SCORES if 0 <= row.get(f"validation/{name}", -1) <= 1}
