"""Decides which data files a page may read, because anyone who reaches the page reads with the rights of the app's
user.

Allowed are registered datasets in the datasets folder, and files with a data file's suffix below the home, the working
directory, a folder of EMOCORE_DATA_FOLDERS or the uploads, but not below a hidden folder, which may hold keys. The
command line reads any file.
"""

import os
from pathlib import Path
from typing import Any

from emocore.data.registry.store import datasets_root, find_dataset
from emocore.data.source import DATA_SUFFIXES, is_named_like_data, resolve_source
from emocore.data.uploads import UPLOADS
from emocore.errors import DataError
from emocore.run.config import STARTER
from emocore.run.settings import DATA_FILES

FOLDERS_VARIABLE = "EMOCORE_DATA_FOLDERS"


def allow_sources(settings: dict[str, Any], runs_root: Path) -> dict[str, Any]:
    """The settings with the checked path of each data file or registered dataset. Raises DataError if one may not be
    read, before reading any."""
    found = {
        name: str(find_allowed(source, runs_root))
        for name in DATA_FILES
        if (source := settings.get(name)) and source != STARTER
    }
    return settings | found


def find_allowed(source: str, runs_root: Path) -> Path:
    """The file, with links resolved, or the folder of a registered dataset. Raises DataError if it may not be read
    (even if it does not exist) or is missing."""
    if Path(source).parent in (Path(), datasets_root()) and (dataset := find_dataset(source)):
        return dataset.folder
    try:
        path = Path(source).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return resolve_source(source)  # its errors say what is wrong
    problem = _find_problem(path, _allowed_folders(runs_root))
    if problem:
        raise DataError(f"{source[:200]}: {problem}. The command line reads files from anywhere")
    return resolve_source(str(path))


def _find_problem(path: Path, folders: list[Path]) -> str | None:
    """Part of a sentence: why the path is not allowed, and what to do."""
    within = [path.relative_to(folder) for folder in folders if path.is_relative_to(folder)]
    if not within:
        return (
            "this page reads data files only below your home and the working directory; move it there, or start the "
            f"app with its folder in {FOLDERS_VARIABLE}"
        )
    if not is_named_like_data(path.name):
        return f"this page reads only files that end in {', '.join(DATA_SUFFIXES)}; rename it if it holds data"
    if not any(all(not part.startswith(".") for part in parts.parts) for parts in within):
        return f"this page reads nothing in hidden folders; move it out, or name its folder in {FOLDERS_VARIABLE}"
    return None


def _allowed_folders(runs_root: Path) -> list[Path]:
    """The allowed folders, resolved. The root of the disk counts only if EMOCORE_DATA_FOLDERS names it."""
    listed = [folder for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder.strip()]
    own = [folder for folder in map(_resolve, ("~", ".")) if folder and folder != Path(folder.anchor)]
    named = [folder for folder in map(_resolve, listed) if folder]
    return [*own, *named, runs_root.resolve() / UPLOADS]  # if it is a link, its target is not allowed


def _resolve(folder: str) -> Path | None:
    """The resolved folder; None for an impossible path, which allows nothing."""
    try:
        return Path(folder).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return None
