"""What finished runs measured. Kept in memory, since the form asks at every keystroke and the scheduler several times a
second."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.records import MOST_READ
from emocore.run.result import Cost
from emocore.system.files import FileVersion, file_version

FILES = ("config.json", "result.json", "provenance.json")


class MeasuredRun(NamedTuple):
    """`device` is "cuda" or "cpu", and `precision` what the run computed in."""

    config: RunConfig
    device: str
    precision: str
    cost: Cost
    shared_device: bool


def read_measured(runs: Iterable[RunFolder]) -> list[MeasuredRun]:
    """Those of the runs that have a result and say where it was computed, in the same order."""
    versions = ((run.path, tuple(file_version(run.path / name) for name in FILES)) for run in runs)
    return [measured for item in versions if (measured := _read(*item))]


@lru_cache(maxsize=MOST_READ)
def _read(path: Path, versions: tuple[FileVersion, ...]) -> MeasuredRun | None:
    run = RunFolder(path)
    try:
        config, scores, provenance = run.config, run.scores, run.provenance
    except RunError:  # a damaged run is skipped here; the pages report it
        return None
    if not (scores and provenance and provenance.device):
        return None
    precision = provenance.precision or config.precision
    return MeasuredRun(config, provenance.device, precision, scores.cost, scores.shared_device)
