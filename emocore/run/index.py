"""`.index`: what was read from the files of ended runs, next to their folders, so that a new process need not read
thousands of small files again.

Each line has a run's name, the kind of content, the program's version with the versions of the files that the content
comes from, and the content as JSON, separated by tabs. Later lines replace earlier ones.

The index is never the truth. Content counts only while its files have the noted versions, and it is validated whenever
it is used. A line or a file that is missing or damaged is made again from the run folders, and where the runs folder is
read-only, there is none. Runs that have not ended are never in it, nor are runs of folders with fewer than LEAST_NEW.
"""

import contextlib
from collections.abc import Container
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from emocore import __version__
from emocore.system.files import FileVersion, open_regular, open_to_append, write_atomically

INDEX_FILE = ".index"
LEAST_NEW = 100  # contents that are worth a write; fewer are soon read again
MOST_INDEX_BYTES = 10**9
MOST_ROOTS = 8  # runs folders whose index one process keeps in memory

T = TypeVar("T", bound=BaseModel)
Key = tuple[str, str]  # run and kind
Kept = tuple[str, str]  # version and content


class RunIndex:
    """The index of one runs folder, read when it is made. It may be used by several threads, and several processes may
    write it. `ended` are the names of the runs that the last look at the folder found ended."""

    def __init__(self, root: Path) -> None:
        self.ended: Container[str] = ()
        self._path = root / INDEX_FILE
        self._lock = Lock()
        self._new: dict[Key, Kept] = {}
        lines = self._read_lines()
        self._lines = len(lines)
        self._kept: dict[Key, Kept] = {(run, kind): (version, content) for run, kind, version, content in lines}

    def find(self, run_id: str, kind: str, version: object) -> str | None:
        """The content that was read from the files of this version, if it was kept."""
        found = self._kept.get((run_id, kind))
        return found[1] if found and found[0] == _describe(version) else None

    def add(self, run_id: str, kind: str, version: object, content: str) -> None:
        """Keep a content, which is JSON in one line. It reaches the file with `save`."""
        with self._lock:
            self._kept[run_id, kind] = self._new[run_id, kind] = _describe(version), content

    def save(self) -> None:
        """Write what is new of the ended runs, if it is worth it; now and then, leave out what is not valid any more.
        Contents of other runs are not kept."""
        with self._lock:
            for key in [key for key in self._new if key[0] not in self.ended]:
                del self._kept[key], self._new[key]
            if len(self._new) < LEAST_NEW:
                return
            lines = "".join(map(_as_line, self._new.items()))
            self._lines += len(self._new)
            self._new = {}
            with contextlib.suppress(OSError):
                valid = sum(run_id in self.ended for run_id, _ in self._kept)
                if self._lines > 2 * valid + LEAST_NEW:
                    self._rewrite()
                else:
                    with open_to_append(self._path, self._path.parent) as file:
                        file.write(f"\n{lines}".encode())  # the first line end completes a line that was cut off

    def _rewrite(self) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in self.ended}
        self._lines = len(self._kept)
        write_atomically(self._path, "".join(map(_as_line, self._kept.items())))

    def _read_lines(self) -> list[list[str]]:
        try:
            with open_regular(self._path, MOST_INDEX_BYTES) as file:
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return []
        return [fields for line in text.split("\n") if len(fields := line.split("\t")) == 4]


def _describe(version: object) -> str:
    return f"{__version__} {version}"


def _as_line(item: tuple[Key, Kept]) -> str:
    return "\t".join((*item[0], *item[1])) + "\n"


_opened: dict[str, RunIndex] = {}  # by runs folder; the hash of a Path takes longer than that of its name


def open_index(root: Path) -> RunIndex:
    """The index of a runs folder, the same for all calls in this process."""
    if (index := _opened.get(str(root))) is None:
        index = RunIndex(root)
        for oldest in list(_opened)[: 1 - MOST_ROOTS]:
            _opened.pop(oldest, None)
        _opened[str(root)] = index
    return index


def opened_index(root: Path) -> RunIndex | None:
    """The index, if the runs folder was listed in this process. One that works on a single run does not read it."""
    return _opened.get(str(root))


def read_kept(file: str, version: FileVersion, model: type[T]) -> T | None:
    """The record that a file of a run holds, from the index; None if it is not there."""
    root, run_id, name = file.rsplit("/", 2)
    text = index.find(run_id, name, version) if (index := _opened.get(root)) else None
    try:
        return model.model_validate_json(text) if text else None
    except ValidationError:
        return None


def keep_record(file: str, version: FileVersion, record: BaseModel) -> None:
    """Add a record to the index."""
    root, run_id, name = file.rsplit("/", 2)
    if index := _opened.get(root):
        index.add(run_id, name, version, record.model_dump_json())
