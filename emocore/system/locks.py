"""Locks on files and folders by `flock`, which the kernel releases when their holder ends for whatever reason."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_lock(path: Path, explain: Callable[[OSError], Exception], is_folder: bool = False) -> Iterator[int]:
    """Open a folder, or a file that is created if needed, for `take_lock`; the end of the block releases the lock.

    Yields the descriptor that will hold the lock. If it cannot be opened, raises the error that `explain` returns.
    """
    flags = os.O_RDONLY if is_folder else os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise explain(error) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def take_lock(descriptor: int, wait: bool = True, shared: bool = False) -> bool:
    """Lock an open file. Without `wait`, returns False if the lock is held elsewhere.

    Several processes can hold a `shared` lock.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
