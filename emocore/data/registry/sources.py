"""What has become of the files that a registered dataset was made from, and which runs need the dataset."""

import hashlib
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Literal

from emocore.data.registry.manifest import SourceFile
from emocore.data.registry.store import Dataset
from emocore.data.source import MOST_DATA_BYTES
from emocore.run.listing import list_runs
from emocore.run.settings import DATA_FILES
from emocore.system.files import FileVersion, file_version, read_bytes

Change = Literal["unchanged", "changed", "gone"]


def find_change(source: SourceFile) -> Change | None:
    """Whether a source file is as it was; None if it came from a browser. A file whose time has not changed is not
    read."""
    if source.path is None:
        return None
    path = Path(source.path)
    try:
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == (source.bytes, source.modified_ns):
            return "unchanged"
        same = found.st_size == source.bytes and _hash(path, file_version(path)) == source.sha256
    except OSError:
        return "gone"
    return "unchanged" if same else "changed"


def describe_changes(dataset: Dataset) -> list[str]:
    """A sentence for each source file that has changed since, or is not there any more."""
    words = {
        "changed": "has changed since this version was registered; add it again under the same name for a new version",
        "gone": "is not there any more; the dataset does not need it",
    }
    found = [(source, find_change(source)) for source in dataset.manifest.sources]
    return [f"{source.name} {words[change]}" for source, change in found if change in words]


def find_users(dataset: Dataset, runs_folder: Path) -> list[str]:
    """The ids of the readable runs that name this version."""
    return find_all_users(runs_folder).get(dataset.manifest.reference, [])


def find_all_users(runs_folder: Path) -> dict[str, list[str]]:
    """Name of a dataset's version (NAME@HASH) -> the ids of the readable runs that name it."""
    users: dict[str, list[str]] = defaultdict(list)
    for run in list_runs(runs_folder):
        for reference in {Path(value).name for name in DATA_FILES if (value := getattr(run.config, name))}:
            users[reference].append(run.id)
    return users


@lru_cache(maxsize=256)
def _hash(path: Path, version: FileVersion) -> str:
    """Cached by `version`, since pages ask often."""
    return hashlib.sha256(read_bytes(path, MOST_DATA_BYTES)).hexdigest()
