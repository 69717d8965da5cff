"""A search begins, or goes on: its record, its texts, and the lock that lets one process carry it out."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emocore.data.load import resolve_data
from emocore.data.split import load_splits
from emocore.errors import ConfigError, RunError
from emocore.jobs.launch import plan_study
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.listing import has_study
from emocore.run.search_record import (
    TEXTS,
    SearchRecord,
    read_search_record,
    search_folder,
    write_search_record,
)
from emocore.run.settings import DATA_FILES
from emocore.run.study import StudyConfig
from emocore.search.space import find_space
from emocore.search.texts import divide, write_texts
from emocore.system.locks import open_lock, take_lock

LOCK = ".lock"


@contextlib.contextmanager
def hold_search(root: Path, name: str) -> Iterator[Path]:
    """Let no other process carry out this search meanwhile; yields its folder. Raises RunError."""
    folder = search_folder(root, name)

    def explain(error: OSError) -> RunError:
        return RunError(f"search '{name}' cannot be carried out ({error.strerror}: {folder}); make it writable")

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error) from None
    with open_lock(folder / LOCK, explain) as lock:
        if not take_lock(lock, wait=False):
            raise RunError(f"search '{name}' is being carried out by another process; wait for it, or stop that one")
        yield folder


def go_on(folder: Path, name: str) -> SearchRecord:
    """The record of a search that has begun. Raises RunError if there is none."""
    record = read_search_record(folder)
    if record is None:
        raise RunError(f"no search '{name}' has begun; say which --methods it is for, and how many --trials each gets")
    return record


def begin_or_go_on(root: Path, folder: Path, wishes: Mapping[str, Any]) -> SearchRecord:
    """The record of the search in `folder`, which is written first if there is none; the caller holds the search.

    `wishes` are fields of SearchRecord. The record is written last, so a search that was killed before has not begun.
    Raises ConfigError if the search has begun with others, or if they cannot work, and DataError.
    """
    record = _complete(root, wishes)
    if before := read_search_record(folder):
        differing = [name for name in wishes if getattr(before, name) != getattr(record, name)]
        if differing:
            raise ConfigError(
                f"{differing[0]}: search '{record.name}' began with {getattr(before, differing[0])}, which stays; give "
                "only its name to go on, or choose another name",
                field=differing[0],
            )
        return before
    if has_study(root, record.name):
        raise ConfigError(
            f"name: study '{record.name}' has runs already, and what a search finds is to be launched under its name; "
            "choose another name",
            field="name",
        )
    config = build(RunConfig, record.settings)
    splits = load_splits(config.model_copy(update={"rows": None}))
    frames = divide(splits, config)
    train_rows = min(config.rows or len(frames[TEXTS]), len(frames[TEXTS]))
    record = record.model_copy(update={"data_sha256": splits.data_sha256, "train_rows": train_rows})
    write_texts(folder, frames)
    write_search_record(folder, record)
    return record


def configs_of_methods(record: SearchRecord) -> dict[str, RunConfig]:
    """By method, the settings that are given for it."""
    return {
        method: build(RunConfig, {**record.settings, **record.method_settings.get(method, {}), "method": method})
        for method in record.methods
    }


def _complete(root: Path, wishes: Mapping[str, Any]) -> SearchRecord:
    """The checked record; its data files have absolute paths, and the version of the split is told."""
    methods: Sequence[str] = list(dict.fromkeys(wishes["methods"]))
    study = build(
        StudyConfig,
        {
            "name": wishes["name"],
            "methods": methods,
            "settings": wishes["settings"],
            "method_settings": wishes["method_settings"],
        },
    )
    config = build(RunConfig, dict(study.settings))
    told = {name: getattr(config, name) for name in (*study.settings, "data", "split_version")}
    paths = {name: str(resolve_data(told[name])) for name in DATA_FILES if told.get(name) and told[name] != STARTER}
    own = {
        method: {name: getattr(build(RunConfig, dict(given)), name) for name in given}
        for method, given in study.method_settings.items()
    }
    checked = {"methods": methods, "settings": told | paths, "method_settings": own}
    record = build(SearchRecord, {**wishes, **checked, "data_sha256": {}, "train_rows": 1})
    for config in configs_of_methods(record).values():
        find_space(config)
    plan_study(study)
    return record
