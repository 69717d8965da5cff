"""The datasets folder: add, find, list and remove registered datasets.

It is EMOCORE_DATA or, by default, `.datasets` in the runs folder. A folder in it appears complete or not at all.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emocore.data.registry.content import hash_content, read_content, write_content
from emocore.data.registry.manifest import CONTENT, MANIFEST, NAME, REFERENCE, Manifest, SourceFile
from emocore.errors import DataError, RunError
from emocore.run.config import STARTER
from emocore.run.listing import runs_root
from emocore.run.records import read_record, write_record
from emocore.system.files import remove_folder, sync
from emocore.system.locks import open_lock, take_lock

VARIABLE, USUAL_FOLDER = "EMOCORE_DATA", ".datasets"
DRAFT, LOCK_FILE = ".draft-", ".lock"
AGAIN = "add the dataset again"


@dataclass(frozen=True)
class Dataset:
    """A registered dataset: its folder and what the manifest says."""

    folder: Path
    manifest: Manifest

    @property
    def title(self) -> str:
        """Name and version for people: tweets, version 2."""
        return f"{self.manifest.name}, version {self.manifest.version}"


def datasets_root() -> Path:
    """The datasets folder, which need not exist. Raises RunError if the runs folder cannot be made."""
    if configured := os.environ.get(VARIABLE):
        return Path(configured).expanduser().absolute()
    return runs_root() / USUAL_FOLDER


def list_datasets(root: Path) -> list[Dataset]:
    """All versions that can be read, by name and version; `list_damaged_datasets` names the others."""
    looks = map(_look_at, _folders(root))
    found = [look for look in looks if isinstance(look, Dataset)]
    return sorted(found, key=lambda dataset: (dataset.manifest.name.lower(), dataset.manifest.version))


def list_damaged_datasets(root: Path) -> list[str]:
    """One sentence for the user per dataset that cannot be read."""
    return [look for look in map(_look_at, _folders(root)) if isinstance(look, str)]


def find_dataset(source: str) -> Dataset | None:
    """The dataset that a `data` setting names: NAME is the latest version, NAME@HASH this one, and so is the path of
    its folder, wherever that is now. None if it names no dataset. Raises DataError if the dataset is damaged or gone.
    """
    if source == STARTER:
        return None
    path = Path(source)
    if os.path.lexists(path / MANIFEST):
        return _open(path)
    name, at, _ = path.name.partition("@")
    is_path = path.name != source
    if not NAME.fullmatch(name) or (is_path and not at):
        return None
    root = datasets_root()
    versions = [dataset for dataset in list_datasets(root) if dataset.manifest.name == name]
    if not at:
        _refuse_damaged(root, name)
    else:
        versions = [dataset for dataset in versions if dataset.manifest.reference == path.name]
    if versions:
        return versions[-1]
    if REFERENCE.fullmatch(path.name) and not path.exists():
        raise DataError(f"{path.name}: no such dataset in {datasets_root()}; {AGAIN}, or copy its folder there")
    return None


def add_dataset(
    root: Path, name: str, frame: pd.DataFrame, labels: Sequence[str], sources: Sequence[SourceFile], **told: object
) -> tuple[Dataset, bool]:
    """Store a table as a dataset, and return it with whether it is new: the same content is stored once per name, and
    again if what is stored is damaged.

    `told` are further fields of the manifest. Raises DataError if the name cannot be used or the folder not be written.
    """
    check_name(name)
    sha256 = hash_content(frame, labels)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root):
            versions = [dataset for dataset in list_datasets(root) if dataset.manifest.name == name]
            same = next((dataset for dataset in versions if dataset.manifest.sha256 == sha256), None)
            if same and _is_intact(same):
                return _note_licence(same, told.get("licence")), False
            for rest in root.glob(f"{DRAFT}*"):  # of a process that was killed; nobody else writes now
                remove_folder(rest)
            latest = max((dataset.manifest.version for dataset in versions), default=0)
            content = {
                "name": name,
                "version": same.manifest.version if same else 1 + latest,
                "sha256": sha256,
                "created_at": time.time(),
                "sources": tuple(sources),
                "labels": tuple(labels),
                "rows": count_rows(frame),
                "positives": {label: int(frame[label].sum()) for label in labels},
                **told,
            }
            manifest = Manifest.model_validate(content)
            return _write(root, manifest, frame), True
    except OSError as error:
        raise _unwritable(root, error) from None


def remove_dataset(dataset: Dataset) -> None:
    """Remove the folder of a version. Raises DataError if it cannot be removed."""
    folder = dataset.folder
    try:
        with _locked(folder.parent):
            _take_away(folder)
            sync(folder.parent)
    except OSError as error:
        raise _unwritable(folder.parent, error) from None


def check_name(name: str) -> None:
    """Raises DataError if a dataset cannot have this name."""
    if name == STARTER or not NAME.fullmatch(name):
        raise DataError(
            f"{name[:80]!r} cannot be the name of a dataset; use up to 60 letters, digits, '.', '_' and '-', beginning "
            f"with a letter or digit, and not '{STARTER}'"
        )


def count_rows(frame: pd.DataFrame) -> dict[str, int]:
    """Rows by split, or under "all" if the table has no splits."""
    if "split_name" not in frame:
        return {"all": len(frame)}
    counts = {split: int((frame["split_name"] == split).sum()) for split in ("train", "validation", "test")}
    return {split: count for split, count in counts.items() if count}


def _refuse_damaged(root: Path, name: str) -> None:
    """Raises DataError if a version of this name cannot be read, since that might be the latest one."""
    for folder in _folders(root):
        if folder.name.startswith(f"{name}@") and isinstance(look := _look_at(folder), str):
            raise DataError(f"{look}; or name a version of {name} that can be read, as NAME@HASH")


def _is_intact(dataset: Dataset) -> bool:
    manifest = dataset.manifest
    try:
        frame = read_content(dataset.folder / CONTENT, manifest.labels, manifest.reference)
    except DataError:
        return False
    return hash_content(frame, manifest.labels) == manifest.sha256


def _note_licence(dataset: Dataset, licence: object) -> Dataset:
    """The dataset with a note on the licence that was given later."""
    if not licence or licence == dataset.manifest.licence:
        return dataset
    noted = Manifest.model_validate(dataset.manifest.model_dump() | {"licence": licence})
    write_record(dataset.folder / MANIFEST, noted)
    return Dataset(dataset.folder, noted)


def _write(root: Path, manifest: Manifest, frame: pd.DataFrame) -> Dataset:
    """Store a version in place of a damaged one, if there is one."""
    folder = root / manifest.reference
    draft = root / f"{DRAFT}{manifest.reference}"
    try:
        draft.mkdir()
        write_content(draft / CONTENT, frame, manifest.labels)
        sync(draft / CONTENT)
        write_record(draft / MANIFEST, manifest)
        if os.path.lexists(folder):
            _take_away(folder)
        draft.rename(folder)
    except BaseException:
        remove_folder(draft)
        raise
    sync(root)
    return Dataset(folder, manifest)


def _take_away(folder: Path) -> None:
    """Remove a folder so that no half of it is ever seen."""
    gone = folder.with_name(f"{DRAFT}removed-{folder.name}")
    folder.rename(gone)
    remove_folder(gone)


def _folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if not path.name.startswith(".") and path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"the datasets in {root} cannot be listed ({error.strerror}); make it readable") from None


def _look_at(folder: Path) -> Dataset | str:
    try:
        return _open(folder)
    except DataError as error:
        return str(error)


def _open(folder: Path) -> Dataset:
    """Raises DataError if the folder is not that of a dataset of its name."""
    try:
        manifest = read_record(folder, MANIFEST, Manifest, AGAIN, owner=f"dataset {folder.name}")
    except RunError as error:
        raise DataError(str(error)) from None
    if manifest is None:
        raise DataError(f"dataset {folder.name}: it has no {MANIFEST}; {AGAIN}, or remove the folder")
    if manifest.reference != folder.name:
        raise DataError(f"dataset {folder.name}: its manifest is of {manifest.reference}; give the folder that name")
    return Dataset(folder.absolute(), manifest)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    with open_lock(root / LOCK_FILE, lambda error: _unwritable(root, error)) as lock:
        take_lock(lock)
        yield


def _unwritable(root: Path, error: OSError) -> DataError:
    return DataError(
        f"the datasets folder {root} cannot be written ({error.strerror}); free space, or name another in {VARIABLE}"
    )
