"""Files on disk: replace them in one step, read only regular files, measure folders, and find the cache."""

import contextlib
import errno
import json
import os
import re
import shutil
import stat
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any

from emocore.errors import BaseModelError
from emocore.system.faults import reach

MOST_BYTES = 64 * 10**6  # of a file that is read as a whole; files that Emocore writes are much smaller
NO_FILE = (0, 0, 0)
LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

FileVersion = tuple[int, int, int]  # time of the last change in nanoseconds, inode, bytes


def write_atomically(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Replace the file in one step: a reader or a crash sees the old or the new content, never half.

    `mode` has the permissions before the user's umask. Raises OSError and keeps the old content if there is no space or
    no permission.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        reach("file.draft")
        temporary.replace(path)
    except BaseException:  # including an interrupt
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    reach("file.replaced")
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path, most_bytes: int | None = MOST_BYTES) -> BufferedReader:
    """Open a regular file for reading, and nothing else: a FIFO in its place would block the reader for ever.

    Raises OSError, whose `strerror` says what is there instead or that the file has more than `most_bytes`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            what = "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is not a regular file"
            raise OSError(errno.EINVAL, what, str(path))
        if most_bytes is not None and found.st_size > most_bytes:
            sizes = f"{found.st_size / 1e6:,.0f} MB, more than the {most_bytes / 1e6:,.0f} MB that are read"
            raise OSError(errno.EINVAL, f"it has {sizes}", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most `most_bytes`. Raises OSError as `open_regular` does."""
    with open_regular(path, most_bytes) as file:
        return file.read(most_bytes) or b""  # None if reading would block


def open_to_append(path: Path, folder: Path) -> BufferedWriter:
    """Open a file of `folder` for appending; it is created if needed.

    Raises OSError if the path is not a regular file, or is a link that leads out of the folder.
    """
    check_contained(path, folder)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "ab")


def check_contained(path: Path, folder: Path) -> None:
    """Raises OSError if `path`, which is below `folder`, is or is behind a link that leads out of the folder."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise OSError(errno.EINVAL, "it is a link that leads out of its folder", str(path))


def read_json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None if it holds anything else, so that the caller can name the damaged file.

    Raises OSError as `open_regular` does.
    """
    try:
        return parse_json_object(read_bytes(path).decode("utf-8"))
    except UnicodeDecodeError:
        return None


def parse_json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; None if it is anything else, nested too deeply, or contains lone surrogates."""
    try:
        content = json.loads(text)
        if LONE_SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def file_version(path: Path | str) -> FileVersion:
    """A value that changes whenever the file is replaced, and almost always when it is written in place."""
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands are asked for at once, and a Path takes longer to make
    except (OSError, ValueError):
        return NO_FILE
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def folder_bytes(path: Path) -> int:
    """Disk space of a folder in whole blocks; files that vanish meanwhile or cannot be read count as 0."""
    total, waiting = 0, [str(path)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def remove_folder(path: Path) -> None:
    """Remove a folder with its content, as far as permissions allow; of a link to a folder, only the link."""
    if path.is_symlink():
        with contextlib.suppress(OSError):
            path.unlink()
    else:
        with contextlib.suppress(RecursionError):  # folders within folders, a thousand deep
            shutil.rmtree(path, ignore_errors=True)


def cache_root() -> Path:
    """The folder of converted bases and of embeddings: EMOCORE_CACHE, otherwise ~/.cache/emocore. Raises BaseModelError
    if it cannot be created."""
    configured = os.environ.get("EMOCORE_CACHE") or "~/.cache/emocore"
    try:
        root = Path(configured).expanduser()
        root.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BaseModelError(
            f"the folder for converted bases and embeddings, {configured}, cannot be made ({reason}); name another one "
            "in EMOCORE_CACHE"
        ) from None
    return root
