"""Embeddings on disk: found again, told apart, computed again where they are damaged, and bounded in size."""

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from emocore.models.embedding_cache import EmbeddingCache, hash_tokens, remove_oldest

TOKENS = [[5, 6, 7], [8], [5, 6, 7], [9, 10]]
TEXTS = [hash_tokens(ids) for ids in TOKENS]
VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4) / 7
SECONDS = np.array([0.5, 0.25, 0.125])
IDENTITY = {"base": "one", "precision": "fp32"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "embeddings"


def fill(identity: dict[str, object] = IDENTITY) -> EmbeddingCache:
    """A cache with the three distinct texts."""
    cache = EmbeddingCache(identity)
    with cache.lock():
        missing = cache.find_missing(TEXTS)
        cache.add([TEXTS[number] for number in missing], VECTORS[: len(missing)], SECONDS[: len(missing)], 2**30)
    return cache


def test_each_distinct_text_is_missing_once_and_then_found_by_every_process(root: Path) -> None:
    assert EmbeddingCache(IDENTITY).find_missing(TEXTS) == [0, 1, 3]
    fill()
    later = EmbeddingCache(IDENTITY)
    assert later.find_missing(TEXTS) == []
    found = later.get(TEXTS)
    assert len(found) == 4
    np.testing.assert_array_equal(found.take(range(4)), VECTORS[[0, 1, 0, 2]])
    np.testing.assert_array_equal(found.take([3, 0]), VECTORS[[2, 0]])
    assert found.peak_memory_bytes == 2**30
    assert [found.seconds(texts) for texts in (1, 2, 3, 4)] == [0.5, 0.75, 0.75, 0.875]


def test_texts_that_come_later_join_those_that_are_there(root: Path) -> None:
    cache, other = fill(), hash_tokens([99])
    with cache.lock():
        cache.add([other], np.ones((1, 4), np.float32), np.array([2.0]), 2**31)
    later = EmbeddingCache(IDENTITY)
    assert later.find_missing([other, *TEXTS]) == []
    found = later.get([TEXTS[1], other])
    np.testing.assert_array_equal(found.take([0, 1]), [VECTORS[1], np.ones(4)])
    assert (found.seconds(2), found.peak_memory_bytes) == (2.25, 2**31)


def test_another_way_of_computing_finds_nothing(root: Path) -> None:
    fill()
    assert EmbeddingCache({**IDENTITY, "precision": "bf16"}).find_missing(TEXTS) == [0, 1, 3]


def test_the_digest_tells_the_last_digit_and_the_order(root: Path) -> None:
    cache = fill()
    digest = cache.get(TEXTS).digest()
    assert EmbeddingCache(IDENTITY).find_missing(TEXTS) == []
    assert cache.get(TEXTS).digest() == digest
    changed = EmbeddingCache({"base": "other"})
    with changed.lock():
        changed.add([TEXTS[0], TEXTS[1], TEXTS[3]], np.nextafter(VECTORS, np.float32(np.inf)), SECONDS, 1)
    assert len({digest, changed.get(TEXTS).digest(), cache.get(TEXTS[::-1]).digest()}) == 3


@pytest.mark.parametrize("damage", ["truncated", "a changed digit", "empty"])
def test_a_damaged_file_is_computed_again(root: Path, damage: str) -> None:
    fill()
    [path] = root.rglob("*.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"truncated": content[:-3], "a changed digit": content, "empty": b""}[damage])
    assert EmbeddingCache(IDENTITY).find_missing(TEXTS) == [0, 1, 3]
    np.testing.assert_array_equal(fill().get(TEXTS).take([3]), VECTORS[[2]])
    assert EmbeddingCache(IDENTITY).find_missing(TEXTS) == []
    assert len(list(root.rglob("*.npy"))) == 1


def test_what_a_killed_process_left_is_swept(root: Path) -> None:
    folder = next(fill()._folder.parent.iterdir())
    (folder / ".abc.npy.123.tmp").write_bytes(b"half")
    cache = EmbeddingCache(IDENTITY)
    assert cache.find_missing([hash_tokens([1])]) == [0]
    with cache.lock():
        cache.add([hash_tokens([1])], np.ones((1, 4), np.float32), np.ones(1), 1)
    assert not list(folder.glob(".*.tmp"))


def test_the_files_that_were_not_used_for_longest_are_removed(root: Path) -> None:
    paths = {}
    for age, base in enumerate(("new", "middle", "old")):
        fill({"base": base})
        [paths[base]] = set(root.rglob("*.npy")) - set(paths.values())
        os.utime(paths[base], (1e9 - age, 1e9 - age))
    size = paths["new"].stat().st_size
    remove_oldest(root, 2 * size)
    assert set(root.rglob("*.npy")) == {paths["new"], paths["middle"]}
    used = EmbeddingCache({"base": "middle"})
    assert used.find_missing(TEXTS) == []
    found = used.get(TEXTS)
    remove_oldest(root, size)
    assert set(root.rglob("*.npy")) == {paths["middle"]}
    remove_oldest(root, 0)
    np.testing.assert_array_equal(found.take([3]), VECTORS[[2]], "the process that has it open keeps it")


def test_embeddings_that_cannot_be_written_serve_this_process(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = EmbeddingCache(IDENTITY)
    assert cache.find_missing(TEXTS) == [0, 1, 3]
    caplog.set_level("INFO")
    with cache.lock():
        shutil.rmtree(root)
        cache.add([TEXTS[0], TEXTS[1], TEXTS[3]], VECTORS, SECONDS, 1)
    assert "could not be stored" in caplog.text
    np.testing.assert_array_equal(cache.get(TEXTS).take(range(4)), VECTORS[[0, 1, 0, 2]])


def test_one_computes_while_the_others_wait(root: Path) -> None:
    first, second, found = EmbeddingCache(IDENTITY), EmbeddingCache(IDENTITY), []
    assert first.find_missing(TEXTS) == second.find_missing(TEXTS) == [0, 1, 3]

    def wait() -> None:
        with second.lock():
            found.append(second.find_missing(TEXTS))

    with first.lock():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive() and not found
        first.add([TEXTS[0], TEXTS[1], TEXTS[3]], VECTORS, SECONDS, 1)
    waiting.join(10)
    assert found == [[]]
