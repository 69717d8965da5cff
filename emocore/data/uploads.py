"""Files in `uploads` in the runs folder: data that earlier versions took from the browser and that runs still name.

An upload now becomes a registered dataset (`emocore.data.registry`), so nothing is added here. Runs of other runs
folders that use an upload are not known here.
"""

import contextlib
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from emocore.errors import DataError
from emocore.system.files import FileVersion, file_version, read_bytes

UPLOADS = "uploads"  # below the runs folder
HASH_LENGTH = 12
OWN_NAME = re.compile(rf"\.?([0-9a-f]{{{HASH_LENGTH}}})-.*", re.DOTALL)
KEPT_SECONDS = 3600.0  # because a form of an earlier version that is still open may use the file


@dataclass(frozen=True)
class Upload:
    """A stored file. `runs` are the ids of runs that use it or whose settings cannot be read."""

    path: Path
    bytes: int
    age_seconds: float
    runs: tuple[str, ...]


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
def _find_hashes(path: Path, version: FileVersion) -> frozenset[str]:
    """Cached by `version`, since the page asks every two seconds."""
    return frozenset(re.findall(rf"{UPLOADS}/([0-9a-f]{{{HASH_LENGTH}}})-", read_bytes(path).decode(errors="replace")))


def _hash_of(path: Path) -> str:
    found = OWN_NAME.fullmatch(path.name)
    return found[1] if found else ""
