"""Locks on files and folders by `flock`, which the kernel frees at any death of their holder."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_lock(path: Path, explain: Callable[[OSError], Exception]) -> Iterator[int]:
    """Open a folder, or a file, which is made if it is not there, for `take_lock`; the end of the block frees the lock.

    Yields the descriptor that will carry it. Where it cannot be opened, it raises what `explain` makes of the error.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise explain(error) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def take_lock(descriptor: int, wait: bool = True, shared: bool = False) -> bool:
    """Lock an open file; False where somebody else holds the lock and nobody is to `wait`.

    A `shared` lock is one that others may share.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
