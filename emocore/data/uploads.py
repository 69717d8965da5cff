"""Files that came through the browser, kept beside the runs that use them.

A run of another runs folder that uses one of these is not known here.
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
KEPT_SECONDS = 3600.0  # for a form that is still being filled in


@dataclass(frozen=True)
class Upload:
    """A stored file. `runs` are the ids of those that use it, with all whose settings may not be read."""

    path: Path
    bytes: int
    age_seconds: float
    runs: tuple[str, ...]


def store_upload(
    root: Path, name: str, content: bytes, text_column: str | None = None, label_columns: list[str] | None = None
) -> Path:
    """Keep an uploaded file under `root/uploads`, by its hash: the same file is stored once.

    `name` is shown to people only; whatever could lead out of the folder is taken from it. Raises DataError, and keeps
    nothing, for a file that is no table of texts and labels, and where the folder cannot be written.
    """
    folder = root / UPLOADS
    safe_name = re.sub(r"[^\w.-]", "_", Path(name).name)[-60:]
    path = folder / f"{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}-{safe_name}"
    try:
        if path.is_file():
            if time.time() - path.stat().st_mtime > KEPT_SECONDS / 2:
                os.utime(path)  # somebody has it in a form again
            return path
    except OSError as error:
        raise _unwritable(folder, error) from None
    check_table(DataFile(safe_name, content), text_column, label_columns)
    try:
        folder.mkdir(exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return path


def list_uploads(root: Path) -> list[Upload]:
    """All uploads of a runs folder by name, with what stores that were cut off have left. Raises DataError where the
    folders cannot be read."""
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
    """Remove what no run uses and nobody has uploaded within the last hour; returns what is gone.

    Raises DataError where one cannot be removed; those before it are gone.
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
    """Name of each folder with a config -> the hashes in it, whatever else is wrong with it; None where it may not be
    read, so that it may use any upload."""
    found: dict[str, frozenset[str] | None] = {}
    for folder in root.iterdir():
        path = folder / "config.json"
        try:
            found[folder.name] = _find_hashes(path, file_version(path))
        except PermissionError:
            found[folder.name] = None
        except OSError:  # there is none, or what is there is none that Emocore wrote
            continue
    return found


@lru_cache(maxsize=4096)
def _find_hashes(path: Path, version: tuple[int, int]) -> frozenset[str]:
    """`version` makes a changed file a new question: the page asks every two seconds."""
    return frozenset(re.findall(rf"{UPLOADS}/([0-9a-f]{{{HASH_LENGTH}}})-", read_bytes(path).decode(errors="replace")))


def _hash_of(path: Path) -> str:
    found = OWN_NAME.fullmatch(path.name)
    return found[1] if found else ""


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(f"the upload cannot be kept ({error.strerror}: {folder}); free space, or make the folder writable")
