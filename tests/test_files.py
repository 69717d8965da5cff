"""Files that are replaced in one step, and where the cache is."""

import threading
from pathlib import Path

import pytest

from emocore.files import cache_root, write_atomically


def test_a_file_is_replaced_without_leftovers(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    write_atomically(file, "new é")
    assert file.read_text(encoding="utf-8") == "new é"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "content"
    versions = {letter * 100_000 for letter in "ab"}
    write_atomically(file, "a" * 100_000)
    done = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(file.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for letter in "ab" * 20:
            write_atomically(file, letter * 100_000)
    finally:
        done.set()
        reader.join()
    assert seen <= versions


def test_converted_bases_are_kept_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    assert cache_root() == tmp_path / "cache"
    assert cache_root().is_dir()
