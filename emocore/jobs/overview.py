"""A run at a glance: state, progress, time left, latest scores.

A damaged run is described as far as it can be read. A run without a readable state or settings is left out here;
`look_at_runs` names it.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from emocore.errors import EmocoreError, RunError
from emocore.run.folder import RunFolder
from emocore.run.index import opened_index
from emocore.run.listing import ListedRun
from emocore.run.records import MOST_READ
from emocore.run.state import RunState, RunStatus
from emocore.system.files import FileVersion, file_version
from emocore.text import first_line
from emocore.tracking.metrics_file import read_last_metrics

T = TypeVar("T")
SOURCES = ("config.json", "state.json", "result.json", "metrics.jsonl")  # the files that an overview is made from
OVERVIEW = "overview"  # the kind of content in the index
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


def describe_runs(runs: Sequence[ListedRun]) -> list[RunOverview]:
    """One overview per run of a folder, without runs that were just deleted and those whose settings are damaged."""
    found = []
    for run, state in runs:
        with contextlib.suppress(RunError):
            found.append(_describe(run, state))
    if runs and (index := opened_index(runs[0][0].path.parent)):
        index.save()
    return found


def describe_run(run: RunFolder) -> RunOverview:
    """The overview of a run. Raises RunError if its state or its settings cannot be read."""
    return _describe(run, run.stored_state)


def _describe(run: RunFolder, state: RunState) -> RunOverview:
    if state.status.is_final:
        return _describe_ended(str(run.path), tuple(file_version(f"{run.path}/{name}") for name in SOURCES))
    return _read_overview(run)


@lru_cache(maxsize=MOST_READ)
def _describe_ended(path: str, versions: tuple[FileVersion, ...]) -> RunOverview:
    """Cached by file versions: an ended run changes only if a file does, so a thousand of them cost little."""
    run = RunFolder(Path(path))
    index = opened_index(run.path.parent)
    if index and (kept := index.find(run.id, OVERVIEW, versions)):
        with contextlib.suppress(ValidationError):  # of a line that somebody changed
            known = _overviews().validate_json(kept)
            if known.id == run.id and known.status in set(RunStatus):
                return known
    overview = _read_overview(run)
    if index and not overview.problems and overview.status != RunStatus.IMPORTED:  # which another installation judges
        index.add(run.id, OVERVIEW, versions, _overviews().dump_json(overview).decode())
    return overview


@cache
def _overviews() -> TypeAdapter[RunOverview]:
    return TypeAdapter(RunOverview)


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
    if status == RunStatus.EVALUATING:  # patience may have ended the training long before its last step
        return 0.95
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
