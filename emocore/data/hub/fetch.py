"""Fetches the files of a dataset, which stay in the Hub's cache on this disk, and joins those of a split."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from emocore.data.hub.repository import PATIENCE_SECONDS, RemoteFile, Repository, explained
from emocore.data.reading.parquet import join_parquet
from emocore.data.registry.manifest import name_joined
from emocore.data.source import MOST_DATA_BYTES, DataFile
from emocore.errors import DataError
from emocore.system.files import read_bytes
from emocore.system.hub import hub_token
from emocore.text import format_bytes


class Transfer(NamedTuple):
    """How far a fetch is: `bytes` of `total_bytes` are here; `file` of `files`, counted from 1, is on its way."""

    bytes: int
    total_bytes: int
    file: int
    files: int


Progress = Callable[[Transfer], None]
"""Called as each file begins, as its parts arrive, and as it is here. An exception that it raises ends the fetch."""


class Fetcher:
    """Fetches the files of these splits of one repository, one after the other. `hashes` has the SHA-256 of each by its
    path. Raises DataError if the files of a split are too large."""

    def __init__(self, repository: Repository, splits: Sequence[Sequence[RemoteFile]], progress: Progress) -> None:
        self.hashes: dict[str, str] = {}
        self._repository, self._progress = repository, progress
        self._bytes, self._total_bytes = 0, _check_sizes(repository, splits)
        self._files = sum(map(len, splits))

    def fetch_split(self, files: Sequence[RemoteFile]) -> DataFile:
        """The rows of one or several parquet files as one file. Raises DataError."""
        if len(files) == 1:
            return self._fetch(files[0])
        return join_parquet(name_joined([file.path for file in files]), map(self._fetch, files))

    def _fetch(self, file: RemoteFile) -> DataFile:
        begun = self._bytes
        self._advance(0)
        content = fetch(self._repository, file.path, self._advance)
        sha256 = hashlib.sha256(content).hexdigest()
        if file.sha256 not in (None, sha256):
            raise DataError(
                f"{self._repository.id}: {file.path} is not what the Hub lists, so it was damaged on its way or here; "
                f"{_clear_cache(self._repository)}"
            )
        self._bytes = begun + file.bytes
        self._advance(0)
        self.hashes[file.path] = sha256
        return DataFile(file.path, content)

    def _advance(self, count: int) -> None:
        self._bytes += count
        self._progress(Transfer(self._bytes, self._total_bytes, 1 + len(self.hashes), self._files))


def fetch(repository: Repository, path: str, advance: Callable[[int], None] = lambda count: None) -> bytes:
    """The content of a file of the repository, which stays in the cache on this disk; `advance` gets the bytes of each
    part that is fetched. Raises DataError."""
    from huggingface_hub import hf_hub_download

    with explained(repository.id, repository.commit):
        found = hf_hub_download(
            repository.id,
            path,
            repo_type="dataset",
            revision=repository.commit,
            token=hub_token(),
            etag_timeout=PATIENCE_SECONDS,
            tqdm_class=_make_counter(advance),
        )
    try:
        return read_bytes(Path(found), MOST_DATA_BYTES)
    except FileNotFoundError:
        raise DataError(
            f"{repository.id}: {path} was fetched, but something removed it from the Hub's cache before it was read; "
            "fetch the dataset again"
        ) from None
    except OSError as error:
        raise DataError(
            f"{repository.id}: {path} cannot be read from the Hub's cache ({error.strerror}); "
            f"{_clear_cache(repository)}"
        ) from None


def _clear_cache(repository: Repository) -> str:
    """What to do if a file in the cache is wrong. The cache is not told by its path on this disk, which others may
    see."""
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=repository.id, repo_type="dataset")
    return (
        f"remove the folder {folder} from the Hub's cache (HF_HUB_CACHE, by default ~/.cache/huggingface/hub), and "
        "fetch the dataset again"
    )


def _check_sizes(repository: Repository, splits: Sequence[Sequence[RemoteFile]]) -> int:
    """The bytes of all files. Raises DataError before anything is fetched if those of a split are too many."""
    sizes = [sum(file.bytes for file in files) for files in splits]
    for files, size in zip(splits, sizes, strict=True):
        if size > MOST_DATA_BYTES:
            others = f"and the rest of its split ({len(files):,} files) have" if len(files) > 1 else "has"
            raise DataError(
                f"{repository.id}: {files[0].path} {others} {format_bytes(size)}; at most "
                f"{format_bytes(MOST_DATA_BYTES)} are read, so choose another config, or download what you need, and "
                "add it as a file"
            )
    return sum(sizes)


def _make_counter(advance: Callable[[int], None]) -> Any:
    """A class that huggingface_hub takes for a progress bar. It shows nothing, and tells `advance` the new bytes."""

    class Counter:
        def __init__(self, **options: object) -> None:
            pass

        def update(self, count: int) -> None:
            advance(count)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    return Counter
