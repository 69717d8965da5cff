"""Files uploaded in the browser, which are stored in the runs folder.

Runs of other runs folders that use an upload are not known here.
"""

import contextlib
import hashlib
import os
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from emocore.data.source import DataFile
from emocore.data.table import check_table
from emocore.errors import DataError
from emocore.system.files import file_version, read_bytes, write_atomically

UPLOADS = "uploads"  # below the runs folder
HASH_LENGTH = 12
OWN_NAME = re.compile(rf"\.?([0-9a-f]{{{HASH_LENGTH}}})-.*", re.DOTALL)
KEPT_SECONDS = 3600.0  # because a form that is still open may use the file


@dataclass(frozen=True)
class Upload:
    """A stored file. `runs` are the ids of runs that use it or whose settings cannot be read."""

    path: Path
    bytes: int
    age_seconds: float
    runs: tuple[str, ...]


def store_upload(
    root: Path,
    name: str,
    content: bytes,
    text_column: str | None = None,
    label_columns: list[str] | None = None,
    group_column: str | None = None,
) -> Path:
    """Store an uploaded file under `root/uploads` by its hash, so that the same file is stored only once.

    `name` is only for people; parts that could lead out of the folder are removed. Raises DataError and stores nothing
    if the file is not a table of texts and labels, or the folder cannot be written.
    """
    folder = root / UPLOADS
    safe_name = re.sub(r"[^\w.-]", "_", Path(name).name)[-60:]
    path = folder / f"{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}-{safe_name}"
    try:
        if path.is_file():
            if time.time() - path.stat().st_mtime > KEPT_SECONDS / 2:
                os.utime(path)  # it is in use in a form again
            return path
    except OSError as error:
        raise _unwritable(folder, error) from None
    check_table(DataFile(safe_name, content), text_column, label_columns, group_column)
    try:
        folder.mkdir(exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return path


def list_uploads(root: Path) -> list[Upload]:
    """All uploads of a runs folder by name, including rests of interrupted uploads. Raises DataError if the folders
    cannot be read."""
    try:
        files = sorted((path for path in (root / UPLOADS).iterdir() if OWN_NAME.fullmatch(path.name)), key=str)
        runs = _find_users(root) if files else {}
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror}); make the folder readable") from None
    uploads = []
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            found = path.lstat()
            users = tuple(run for run, hashes in runs.items() if hashes is None or _hash_of(path) in hashes)
            uploads.append(Upload(path, found.st_size, time.time() - found.st_mtime, users))
    return uploads


def remove_unused_uploads(root: Path) -> list[Upload]:
    """Remove uploads that no run uses and that are more than an hour old; returns the removed ones.

    Raises DataError if one cannot be removed; those before it are removed.
    """
    removed = []
    for upload in list_uploads(root):
        if not upload.runs and upload.age_seconds > KEPT_SECONDS:
            try:
                upload.path.unlink(missing_ok=True)
            except OSError as error:
                raise DataError(
                    f"{upload.path}: cannot be removed ({error.strerror}); make its folder writable"
                ) from None
            removed.append(upload)
    return removed


def _find_users(root: Path) -> dict[str, frozenset[str] | None]:
    """Name of each folder with a config -> the hashes of uploads in it, even if the config is damaged; None if it
    cannot be read, since it may then use any upload."""
    found: dict[str, frozenset[str] | None] = {}
    for folder in root.iterdir():
        path = folder / "config.json"
        try:
            found[folder.name] = _find_hashes(path, file_version(path))
        except PermissionError:
            found[folder.name] = None
        except OSError:  # there is no config, or it was not written by Emocore
            continue
    return found


@lru_cache(maxsize=4096)
def _find_hashes(path: Path, version: tuple[int, int]) -> frozenset[str]:
    """Cached by `version`, since the page asks every two seconds."""
    return frozenset(re.findall(rf"{UPLOADS}/([0-9a-f]{{{HASH_LENGTH}}})-", read_bytes(path).decode(errors="replace")))


def _hash_of(path: Path) -> str:
    found = OWN_NAME.fullmatch(path.name)
    return found[1] if found else ""


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(f"the upload cannot be stored ({error.strerror}: {folder}); free space, or make it writable")
