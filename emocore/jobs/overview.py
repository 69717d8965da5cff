"""What can be said of a run at a glance: state, progress, time left, last scores."""

import contextlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emocore.errors import RunError
from emocore.files import file_version
from emocore.folder import RunFolder
from emocore.states import RunStatus
from emocore.tracking.metrics_file import read_last_metrics

SOURCES = ("config.json", "state.json", "result.json", "metrics.jsonl")  # what an overview is made from
SCORES = ("f1_macro", "f1_micro")


@dataclass(frozen=True)
class RunOverview:
    """`progress` is 0 to 1; `remaining_seconds` is None until it can be told. Scores are validation's."""

    id: str
    study: str | None
    method: str
    base: str
    seed: int
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
    disk_bytes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def describe_runs(runs: Iterable[RunFolder]) -> list[RunOverview]:
    """One line a run, but for those that were deleted at this very moment."""
    found = []
    for run in runs:
        with contextlib.suppress(RunError):
            found.append(describe_run(run))
    return found


def describe_run(run: RunFolder) -> RunOverview:
    """Read a run's folder into one line. Raises RunError if its state or its settings cannot be read."""
    if run.stored_state.status.is_final:
        return _describe_ended(run.path, tuple(file_version(run.path / name) for name in SOURCES))
    return _read_overview(run)


@lru_cache(maxsize=4096)
def _describe_ended(path: Path, versions: tuple[tuple[int, int], ...]) -> RunOverview:
    """Nothing of an ended run changes but by another version of a file, so a thousand of them cost little."""
    return _read_overview(RunFolder(path))


def _read_overview(run: RunFolder) -> RunOverview:
    config, state = run.config, run.state
    last = read_last_metrics(run.metrics)
    progress = _progress(state.status, last)
    remaining = None
    if state.status == RunStatus.RUNNING and last and last["step"]:
        steps_left = last["total_steps"] - last["step"]
        remaining = steps_left * last["seconds"] / last["step"]
    reason = state.reason
    try:
        scores = _scores(run)
    except RunError as error:
        scores, reason = {}, str(error)
    return RunOverview(
        id=run.id,
        study=config.study,
        method=config.method,
        base=config.base,
        seed=config.seed,
        status=str(state.status),
        reason=reason,
        device=state.device,
        progress=progress,
        elapsed_seconds=state.elapsed_seconds,
        remaining_seconds=remaining,
        f1_macro=scores.get("f1_macro"),
        f1_micro=scores.get("f1_micro"),
        created_at=state.created_at,
        attempts=state.attempts,
        disk_bytes=run.disk_bytes(),
    )


def _progress(status: RunStatus, last: dict[str, Any] | None) -> float:
    """The steps are 95 % of the way; the final evaluation is the rest."""
    if status == RunStatus.FINISHED:
        return 1.0
    if not last or not last["total_steps"]:
        return 0.0
    return 0.95 * min(1.0, last["step"] / last["total_steps"])


def _scores(run: RunFolder) -> dict[str, float]:
    """The final scores, or those of the last evaluated epoch. Raises RunError for a damaged result."""
    result = run.read_json("result.json")
    if result is None:
        row = read_last_metrics(run.metrics, "validation/f1_macro") or {}
        return {name: row[f"validation/{name}"] for name in SCORES if f"validation/{name}" in row}
    try:
        return {name: float(result["validation"]["multilabel"][name]) for name in SCORES}
    except (KeyError, TypeError, ValueError):
        raise RunError(f"run {run.id}: result.json is damaged; run it again or delete the run") from None
