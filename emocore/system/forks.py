"""Forks from a Python process that has done its imports, and how such a fork becomes like a new interpreter.

Covered: Linux, with a process of one thread that has computed nothing. Not covered: other systems, and CUDA, which does
not survive a fork.
"""

import atexit
import contextlib
import ctypes
import errno
import gc
import importlib
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
# Apache Arrow's allocator starts a thread when it is loaded, unless this variable says otherwise.
ARROW_VARIABLE, ARROW_WITHOUT_THREADS = "JE_ARROW_MALLOC_CONF", "background_thread:false"
THREADS_END_SECONDS = 5.0
PRESENT, FILE_PAGE = 1 << 63, 1 << 61  # flags of an entry of /proc/PID/pagemap, see proc_pid_pagemap(5)


def import_for_forks(modules: Iterable[str]) -> None:
    """Import modules without a thread in the background. An import creates many objects and no garbage. Later searches
    for garbage leave these objects alone, so their memory remains shared between the forks."""
    gc.disable()
    own = os.environ.get(ARROW_VARIABLE)
    os.environ[ARROW_VARIABLE] = ARROW_WITHOUT_THREADS
    importlib.import_module("pyarrow")
    os.environ.pop(ARROW_VARIABLE)
    if own is not None:
        os.environ[ARROW_VARIABLE] = own
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


def end_idle_threads() -> bool:
    """Have the libraries end the threads that they started while they were loaded; returns whether one is left.

    OpenBLAS ends its threads before each fork, and starts them again, in whichever process, when it needs them. A fork
    takes over only the thread that calls it, so a lock that another one holds would be held for ever.
    """
    trial = os.fork()
    if trial == 0:
        os._exit(0)
    os.waitpid(trial, 0)
    deadline = time.monotonic() + THREADS_END_SECONDS
    while (count := len([*Path("/proc/self/task").iterdir()])) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread that has ended is listed for a moment longer
    return count == 1


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Meanwhile this process becomes the parent of descendants whose own parent ends. All other orphans are the
    system's, which does not leave them as zombies."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        _prctl(PR_SET_CHILD_SUBREAPER, 0)


def end_with_parent() -> None:
    """Have the system kill this process, but not its forks, when its parent ends for whatever reason."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def fork_orphan() -> bool:
    """Fork through a process that ends at once, so that the new process belongs to the nearest ancestor that is
    `adopting_orphans`. Returns whether this is the new process. Raises OSError if there cannot be one."""
    between = os.fork()
    if between == 0:
        own_pid = os.getpid()
        try:
            is_new = os.fork() == 0
        except OSError as error:
            os._exit(error.errno or 1)
        if not is_new:
            os._exit(0)
        while os.getppid() == own_pid:
            time.sleep(0.0005)
        return True
    status = os.waitstatus_to_exitcode(os.waitpid(between, 0)[1])
    if status < 0:
        raise OSError(errno.ECHILD, "it was killed")
    if status > 0:
        raise OSError(status, os.strerror(status))
    return False


def show_command(command: Sequence[str]) -> None:
    """Have the system show this command line for this process. It must be shorter than the one that the process, or
    the one from which it was forked, was started with. Raises OSError if it is not."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, see proc_pid_stat(5)
    shown = b"".join(os.fsencode(argument) + b"\0" for argument in command)
    if len(shown) > end - begin:
        raise OSError(f"there is no room for the command line: {end - begin} bytes for {len(shown)}")
    ctypes.memmove(begin, shown.ljust(end - begin, b"\0"), end - begin)


def list_library_pages() -> list[int]:
    """The addresses of the pages of files that this process has in memory, which are mostly its libraries' code."""
    size, wanted = os.sysconf("SC_PAGE_SIZE"), PRESENT | FILE_PAGE
    found: list[int] = []
    with Path("/proc/self/pagemap").open("rb") as table:
        for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            addresses, rights, _, _, inode, *_ = line.split()
            if inode == "0" or not rights.startswith("r"):
                continue
            begin, end = (int(address, 16) for address in addresses.split("-"))
            table.seek(begin // size * 8)
            entries = memoryview(table.read((end - begin) // size * 8)).cast("Q")
            found += [begin + index * size for index, entry in enumerate(entries) if entry & wanted == wanted]
    return found


def touch(pages: Iterable[int]) -> None:
    """Read a byte of each page. A fork does not take over the pages of files, so this process's memory would be
    counted without the libraries' code that a new interpreter has in memory after its imports (a seventh of the peak of
    a training of minilm-l6)."""
    read = ctypes.string_at
    for page in pages:
        read(page, 1)


def run_as_program(command: Sequence[str]) -> NoReturn:
    """`python -m MODULE ARGUMENTS` in this process, which ends with it. `command` includes the interpreter. The module
    must not have been imported, unless it is a package."""
    sys.argv = list(command[2:])
    leave(lambda: runpy.run_module(command[2], run_name="__main__", alter_sys=True))


def leave(act: Callable[[], object]) -> NoReturn:
    """Do it and end with its exit status as Python does, but for taking all that was imported apart, which would cost
    the most."""
    try:
        sys.exit(act())  # type: ignore[arg-type]
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # typeshed does not list what is private
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
