"""Keeps the record of a study in step with its runs: it is there before they are queued, and goes with the last one.
Later runs of a study are split as the first was.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emocore.errors import ConfigError, EmocoreError, RunError
from emocore.models.methods.catalogue import reads
from emocore.run.config import RunConfig
from emocore.run.listing import has_study, list_runs
from emocore.run.study import StudyConfig
from emocore.run.study_record import (
    Addition,
    StudyRecord,
    add_to_study,
    read_study_record,
    remove_study_record,
    study_file,
    write_study_record,
)
from emocore.system.locks import open_lock, take_lock

LOCK_FILE = ".launch.lock"


def keep_split(root: Path, study: str | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a launch into a study, with the version of the split that the study began with, unless they name
    one. Otherwise a later replicate would learn from texts that the others are scored on."""
    name = study.strip() if study else None
    for run in list_runs(root) if name else []:
        if run.config.study == name:
            return {"split_version": run.config.split_version, **settings}
    return dict(settings)


@contextlib.contextmanager
def hold_launches(root: Path) -> Iterator[None]:
    """Let no other process launch into a study meanwhile. Raises RunError if the runs folder cannot be written."""
    with open_lock(root / LOCK_FILE, lambda error: _unwritable(root, error)) as lock:
        take_lock(lock)
        yield


@contextlib.contextmanager
def recorded(
    root: Path, name: str, configs: Sequence[RunConfig], study: StudyConfig | None, is_clone: bool = False
) -> Iterator[None]:
    """Record that the block launches these runs of the study `name`; the caller holds the launches.

    The first launch of a `study` writes its plan, any later launch becomes an addition. Runs of version 0.1 have no
    plan; the next launch of a study writes one, in which they are not, but a clone or a single run does not. The record
    comes first, so that a launch which is killed half-way leaves no run that nobody planned. It is taken back if the
    block raises an EmocoreError.

    Raises:
        ConfigError: The study has another margin.
        RunError: The record is damaged or cannot be written.
    """
    is_there = has_study(root, name)
    if not is_there:
        remove_study_record(root, name)  # of a launch that was killed, or of runs that were removed by hand
    before = read_study_record(root, name) if is_there else None
    if before and study and study.margin_points != before.margin_points:
        raise ConfigError(
            f"margin_points: study '{name}' was launched with {before.margin_points:g}, which stays; set margin_points "
            f"to {before.margin_points:g}, or choose another name for the study",
            field="margin_points",
        )
    try:
        if before:
            add_to_study(root, before, _describe_addition(configs, study))
        elif study and not (is_clone and is_there):
            write_study_record(root, _describe_plan(name, configs, study))
        yield
    except EmocoreError:
        if before:
            with contextlib.suppress(RunError):  # the old record needs no more space than the one it replaces
                write_study_record(root, before)
        else:
            remove_study_record(root, name)
        raise


def forget_ended_study(root: Path, study: str) -> None:
    """Remove the record of a study that has no runs any more. Where that is not possible it stays and does no harm,
    because the next launch of this name removes it."""
    if study_file(root, study).exists():
        with contextlib.suppress(RunError), hold_launches(root):
            if not has_study(root, study):
                remove_study_record(root, study)


def _describe_plan(name: str, configs: Sequence[RunConfig], study: StudyConfig) -> StudyRecord:
    methods = tuple(dict.fromkeys(study.methods))
    return StudyRecord(
        name=name,
        launched_at=time.time(),
        thresholds="tuned" if any(config.threshold is None for config in configs) else "fixed",
        margin_points=study.margin_points,
        methods=methods,
        seeds=tuple(dict.fromkeys(study.seeds)),
        replicates=study.replicates,
        vary={setting: tuple(values) for setting, values in study.vary.items()},
        unvaried=tuple(method for method in methods if not all(reads(method, setting) for setting in study.vary)),
    )


def _describe_addition(configs: Sequence[RunConfig], study: StudyConfig | None) -> Addition:
    return Addition(
        launched_at=time.time(),
        methods=tuple(dict.fromkeys(config.method for config in configs)),
        seeds=tuple(dict.fromkeys(config.seed for config in configs)),
        replicates=tuple(dict.fromkeys(config.replicate for config in configs)),
        vary={setting: tuple(values) for setting, values in study.vary.items()} if study else {},
    )


def _unwritable(root: Path, error: OSError) -> RunError:
    return RunError(f"no run can be launched in {root} ({error.strerror}); free space or make it writable")
