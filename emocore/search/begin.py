"""A search begins, or goes on: its record, its texts, and the lock that lets one process carry it out."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

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
from emocore.system.keys import explain_refusal, may_have_key
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


def go_on(root: Path, name: str) -> SearchRecord:
    """The record of a search that has begun. Raises RunError if there is none, ConfigError if it names a W&B server
    that the user has not: a search may come from somebody else, and its trials would send the user's key there."""
    record = read_search_record(search_folder(root, name))
    if record is None or record.name != name:
        raise RunError(f"no search '{name}' has begun; say which --methods it is for, and how many --trials each gets")
    for address in _servers(record):
        if not may_have_key(address, "WANDB_API_KEY"):
            raise ConfigError(
                f"wandb_base_url: search '{name}' cannot go on by its name alone: {explain_refusal(address)}, or give "
                "all its settings again",
                field="wandb_base_url",
            )
    return record


def check_wishes(root: Path, wishes: Mapping[str, Any]) -> SearchRecord:
    """The record of the search that has begun with these fields of SearchRecord, or that of a new one, which is written
    by `begin`.

    Raises ConfigError if the search has begun with others, if they cannot work, or if a study has its name, and
    DataError.
    """
    record = _complete(wishes)
    if before := read_search_record(search_folder(root, record.name)):
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
    return record


def begin(folder: Path, record: SearchRecord) -> None:
    """Write the texts and the record of a new search; the caller holds it. The record comes last, so a search that was
    killed before has not begun. Raises RunError."""
    if read_search_record(folder) is None:
        write_texts(folder, divide_training_part(record)[0])
        write_search_record(folder, record)


def divide_training_part(record: SearchRecord) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The texts of a search by file, and the hashes of the files that they come from. Raises DataError."""
    config = build(RunConfig, record.settings)
    splits = load_splits(config.model_copy(update={"rows": None}))
    return divide(splits, config), splits.data_sha256


def configs_of_methods(record: SearchRecord) -> dict[str, RunConfig]:
    """By method, the settings that are given for it."""
    return {
        method: build(RunConfig, {**record.settings, **record.method_settings.get(method, {}), "method": method})
        for method in record.methods
    }


def _complete(wishes: Mapping[str, Any]) -> SearchRecord:
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
    frames, sha256 = divide_training_part(record)
    # The trials' part may have fewer rows than the study's runs learn from.
    train_rows = min(config.rows or len(frames[TEXTS]), len(frames[TEXTS]))
    return record.model_copy(update={"data_sha256": sha256, "train_rows": train_rows})


def _servers(record: SearchRecord) -> list[str]:
    """The W&B servers that its settings name."""
    named = [record.settings, *record.method_settings.values()]
    return [str(address) for settings in named if (address := settings.get("wandb_base_url"))]
