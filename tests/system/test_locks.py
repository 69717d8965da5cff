"""Locks: a second process waits or is refused, and the end of the block releases the lock."""

import threading
from functools import partial
from pathlib import Path

import pytest

from emocore.system.locks import open_lock, take_lock


def explain(error: OSError) -> RuntimeError:
    return RuntimeError(f"no lock: {error.strerror}")


@pytest.mark.parametrize(("name", "is_folder"), [("a.lock", False), (".", True)])
def test_a_second_holder_is_told_until_the_first_has_gone(tmp_path: Path, name: str, is_folder: bool) -> None:
    open_it = partial(open_lock, tmp_path / name, explain, is_folder)
    with open_it() as first, open_it() as second:
        assert take_lock(first)
        assert not take_lock(second, wait=False)
        assert not take_lock(second, wait=False, shared=True)
    with open_it() as third:
        assert take_lock(third, wait=False)


def test_shared_locks_are_held_together(tmp_path: Path) -> None:
    with open_lock(tmp_path / "a.lock", explain) as first, open_lock(tmp_path / "a.lock", explain) as second:
        assert take_lock(first, shared=True)
        assert take_lock(second, wait=False, shared=True)


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    taken = threading.Event()

    def wait_for_it() -> None:
        with open_lock(tmp_path / "a.lock", explain) as lock:
            take_lock(lock)
            taken.set()

    with open_lock(tmp_path / "a.lock", explain) as lock:
        take_lock(lock)
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        assert not taken.wait(0.05)
    waiting.join(10)
    assert taken.is_set()


@pytest.mark.parametrize(
    ("name", "reason"), [("gone/a.lock", "No such file"), ("a" * 300, "File name too long"), (".", "Is a directory")]
)
def test_what_cannot_be_opened_is_explained_by_the_caller(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(RuntimeError, match=f"no lock: {reason}"), open_lock(tmp_path / name, explain):
        pass
