"""Embeddings of texts by a frozen base on disk, so that each text is read by the base once for all runs.

They are in the folder `embeddings` of the cache, with a folder for each base and way of computing. A file holds records
of up to TEXTS_PER_FILE texts: the SHA-256 of a text's tokens, its embedding, and what it cost. The file's name is the
SHA-256 of its content, so a damaged or truncated file is known, and its texts are computed again. Files are mapped into
memory and never unpickled; texts are not stored. All files together have at most MOST_BYTES; those that were not used
for longest are removed first. The folder can be deleted at any time. Imports neither torch nor transformers.
"""

import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emocore.errors import BaseModelError
from emocore.system.files import cache_root, open_regular, write_atomically
from emocore.system.locks import open_lock, take_lock

FOLDER, LOCK_FILE, SUFFIX = "embeddings", ".lock", ".npy"
MOST_BYTES = 4 * 10**9
TEXTS_PER_FILE = 10_000  # a run that is stopped while it computes many loses no more than so many

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Embeddings:
    """Those of texts, in their order. `files` are arrays of records, and `places` is (texts, 2) int: the file of a text
    and its row there."""

    files: tuple[np.ndarray, ...]
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def take(self, texts: Sequence[int] | np.ndarray) -> np.ndarray:
        """(texts, hidden) float32: the embeddings of these texts, by their numbers."""
        return self._read("embedding", self.places[np.asarray(texts, dtype=np.int64)])

    def seconds(self, texts: int) -> float:
        """What the base needed to read the first so many texts, each distinct one once."""
        return float(self._read("seconds", np.unique(self.places[:texts], axis=0)).sum())

    @property
    def peak_memory_bytes(self) -> int:
        """The largest peak memory of the processes that computed them."""
        return int(self._read("peak_memory_bytes", self.places).max())

    def _read(self, field: str, places: np.ndarray) -> np.ndarray:
        kind, shape = self.files[0].dtype[field].base, self.files[0].dtype[field].shape
        found = np.empty((len(places), *shape), kind)
        for number in np.unique(places[:, 0]):
            here = places[:, 0] == number
            found[here] = self.files[number][field][places[here, 1]]
        return found

    def digest(self) -> str:
        """SHA-256 over all embeddings in their order, which changes with their last digit."""
        digest = hashlib.sha256()
        for start in range(0, len(self), TEXTS_PER_FILE):
            digest.update(self.take(range(start, min(start + TEXTS_PER_FILE, len(self)))).tobytes())
        return digest.hexdigest()


class EmbeddingCache:
    """Embeddings that were computed in one way, which `identity` describes: base, precision, machine and versions."""

    def __init__(self, identity: Mapping[str, object]) -> None:
        name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        self._folder = cache_root() / FOLDER / name[:32]
        self._files: dict[str, np.ndarray] = {}
        self._places: dict[bytes, tuple[int, int]] = {}

    def find_missing(self, texts: Sequence[bytes]) -> list[int]:
        """The numbers of the texts that are not there, each distinct one once. `texts` are from `hash_tokens`."""
        self._read_files()
        first = {text: number for number, text in reversed(list(enumerate(texts)))}
        return sorted(number for text, number in first.items() if text not in self._places)

    def get(self, texts: Sequence[bytes]) -> Embeddings:
        """The embeddings of texts none of which `find_missing` still names."""
        places = np.array([self._places[text] for text in texts], dtype=np.int64).reshape(-1, 2)
        names = list(self._files)
        for number in np.unique(places[:, 0]):
            _note_use(self._folder / names[number])
        return Embeddings(tuple(self._files.values()), places)

    def add(self, texts: Sequence[bytes], embeddings: np.ndarray, seconds: np.ndarray, peak_memory_bytes: int) -> None:
        """Keep the embeddings, (texts, hidden), of texts that were missing, and the seconds that each took, (texts,).
        The caller holds the lock. What cannot be written, as on a full disk, serves only this process."""
        records = np.empty(len(texts), _record_type(embeddings.shape[1]))
        records["text"] = np.frombuffer(b"".join(texts), np.uint8).reshape(-1, hashlib.sha256().digest_size)
        records["embedding"], records["seconds"] = embeddings, seconds
        records["peak_memory_bytes"] = peak_memory_bytes
        file = io.BytesIO()
        np.save(file, records, allow_pickle=False)
        content = file.getvalue()
        name = hashlib.sha256(content).hexdigest() + SUFFIX
        try:
            for left in self._folder.glob(".*.tmp"):  # of a process that was killed
                left.unlink(missing_ok=True)
            write_atomically(self._folder / name, content)
            remove_oldest(self._folder.parent, MOST_BYTES)
        except OSError as error:
            logger.info(
                "Note: embeddings could not be stored in %s (%s); later runs compute them again",
                self._folder, error.strerror,
            )  # fmt: skip
        self._register(name, records)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only the holder computes; others wait, and then find what it has stored. Raises BaseModelError if the folder
        cannot be made."""

        def explain(error: OSError) -> BaseModelError:
            return BaseModelError(
                f"the folder for embeddings, {self._folder}, cannot be used ({error.strerror}); make it writable, or "
                "name another one in EMOCORE_CACHE"
            )

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain(error) from None
        with open_lock(self._folder / LOCK_FILE, explain) as lock:
            take_lock(lock)
            yield

    def _read_files(self) -> None:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path.name not in self._files and (records := _read_file(path)) is not None:
                self._register(path.name, records)

    def _register(self, name: str, records: np.ndarray) -> None:
        number = len(self._files)
        self._files[name] = records
        for row, text in enumerate(np.ascontiguousarray(records["text"])):
            self._places.setdefault(text.tobytes(), (number, row))


def hash_tokens(token_ids: Sequence[int]) -> bytes:
    """The name of a text in the cache: the SHA-256 of its tokens, as the base reads them."""
    return hashlib.sha256(np.asarray(token_ids, dtype="<i8").tobytes()).digest()


def remove_oldest(folder: Path, most_bytes: int) -> None:
    """Remove the files of all caches below `folder` that were not used for longest, until the others have at most
    `most_bytes`. A process that has one open keeps it until it ends."""
    found = []
    for path in folder.glob(f"*/*{SUFFIX}"):
        try:
            state = path.stat()
        except OSError:  # another process has removed it
            continue
        found.append((state.st_mtime_ns, state.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size


def _record_type(hidden: int) -> np.dtype:
    digest = hashlib.sha256().digest_size
    return np.dtype(
        [
            ("text", np.uint8, (digest,)),
            ("seconds", "<f8"),
            ("peak_memory_bytes", "<i8"),
            ("embedding", "<f4", (hidden,)),
        ]
    )


def _read_file(path: Path) -> np.ndarray | None:
    """The records of a file, mapped into memory; None if it is damaged, and then removed, or cannot be read."""
    try:
        with open_regular(path, most_bytes=None) as file:
            is_whole = hashlib.file_digest(file, "sha256").hexdigest() + SUFFIX == path.name
        if is_whole:
            records: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
            return records
        logger.info("Note: %s is damaged; its embeddings are computed again", path)
        path.unlink(missing_ok=True)
    except OSError:  # removed meanwhile, or may not be read
        pass
    return None


def _note_use(path: Path) -> None:
    """Make a file the one that was used last."""
    try:
        os.utime(path)
    except OSError:  # removed meanwhile, in a folder that cannot be written, or in memory only
        return
