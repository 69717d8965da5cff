"""The processes of runs: forked from a warm parent where that is possible, otherwise new interpreters.

A warm parent has done the imports, which take most of a run's start. It serves one environment and one version of the
code, since libraries read their variables when they are loaded. Forked are runs of neural methods on the CPU of a Linux
machine. Not covered: runs on a GPU, since CUDA does not survive a fork; runs without a base, which need none of these
imports; other systems. They start in new interpreters, and so does all that was to be forked from a warm parent that
has died by itself: its error, if it is one, is then told by the run.
"""

import contextlib
import errno
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from emocore.errors import ConfigError, RunError
from emocore.jobs.slots import Environment
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.system.devices import Device
from emocore.system.files import FileVersion, file_version, open_to_append
from emocore.system.forks import adopting_orphans

REPOSITORY = Path(__file__).parent.parent.parent
FORK_SECONDS = 30.0  # far more than a fork takes on a busy machine
# Bytes for the command line of a run: two paths, which Linux limits to 4096 bytes each, and the names between.
COMMAND_ROOM = 2 * 4096 + 200

CodeVersion = tuple[tuple[str, FileVersion], ...]


def read_code_version() -> CodeVersion:
    """A value that changes with every change of Emocore's files and of the folders with installed packages. A change
    within an installed package that leaves its folder's list of files as it is goes unnoticed."""
    sources = sorted((REPOSITORY / "emocore").rglob("*.py"))
    packages = [folder for folder in map(Path, sys.path) if folder.resolve() != REPOSITORY]
    return tuple((str(path), file_version(path)) for path in [*sources, *packages])


class ForkedRun:
    """A run's process that was forked, as a child of this one; used like a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while the process lives."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode


RunProcess = subprocess.Popen[bytes] | ForkedRun


class WarmParent:
    """The scheduler's side of a warm parent, which is loading the libraries at first. Raises OSError if no process can
    be started."""

    def __init__(self, environment: Environment, code: CodeVersion) -> None:
        self.environment = environment
        self.code = code
        self.is_loading = True
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "emocore.jobs.warm_parent", str(orders.fileno()), "-" * COMMAND_ROOM],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=[orders.fileno()],
                    env=environment,
                    cwd=REPOSITORY,
                )
            except OSError:
                self._orders.close()
                raise

    def wait(self, seconds: float) -> None:
        """Wait until it has loaded the libraries or has died, but no longer than this."""
        if self.is_loading and select.select([self._orders], [], [], seconds)[0]:
            self.is_loading = False
            if not self._orders.recv(100):
                self.end()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, run: RunFolder, lock: int, log: int) -> ForkedRun:
        """Have a process forked for the run, which gets the lock and the log. Raises OSError if there is none.

        The process begins with the run only when this one knows its PID and sends it the lock. If one of the three
        processes dies before, the forked one ends and the run has not begun.
        """
        channel, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with channel, adopting_orphans():
            channel.settimeout(FORK_SECONDS)
            answer = b""
            with far_end, contextlib.suppress(ConnectionError):
                socket.send_fds(self._orders, [os.fsencode(run.path)], [far_end.fileno()])
            with contextlib.suppress(ConnectionError, TimeoutError):
                answer = channel.recv(100)
            if not answer:
                self.end()
                raise OSError(errno.ECHILD, "the process that had loaded the libraries for it has died")
            if (pid := int(answer)) <= 0:
                raise OSError(-pid, os.strerror(-pid))
            with contextlib.suppress(ConnectionError):  # it has died just now, and its exit status says how
                socket.send_fds(channel, [b"begin"], [lock, log])
            return ForkedRun(pid)

    def end(self) -> None:
        """End it. Runs that were forked from it go on."""
        self.is_loading = False
        self._orders.close()
        self._process.kill()
        self._process.wait()


class RunStarter:
    """Starts runs, and keeps a warm parent while runs wait that may be forked from it."""

    def __init__(self) -> None:
        self._parent: WarmParent | None = None
        self._loaded_for: set[str] = set()

    def is_ready(self, run: RunFolder, device: Device, environment: Environment) -> bool:
        """Whether a run can be started now; False while libraries are loaded for it or for another one. They are loaded
        once for a run: one that cannot be started would otherwise take turns with another for ever."""
        if not (device.name == "cpu" and _may_be_forked(run.config)):
            return True
        if self._parent and self._parent.is_loading:
            self._parent.wait(0)
            if self._parent.is_loading:
                return False
        code = read_code_version()
        is_other = not self._parent or (self._parent.environment, self._parent.code) != (environment, code)
        if is_other and run.id not in self._loaded_for:
            self._loaded_for.add(run.id)
            self._end_parent()
            with contextlib.suppress(OSError):  # the run's own start then says why
                self._parent = WarmParent(environment, code)
        return not (self._parent and self._parent.is_loading)

    def start(self, run: RunFolder, lock: int, device: Device, environment: Environment) -> RunProcess:
        """Start a process that inherits the lock and writes to the run's log. Raises OSError."""
        with open_to_append(run.log, run.path) as log:
            parent = self._parent if device.name == "cpu" and _may_be_forked(run.config) else None
            fits = parent and (parent.environment, parent.code) == (environment, read_code_version())
            if parent and fits and parent.is_alive:
                return parent.fork(run, lock, log.fileno())
            return subprocess.Popen(
                [sys.executable, "-m", "emocore.training", str(run.path), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock],
                env=environment,
                cwd=REPOSITORY,
            )

    def rest(self, waiting: Iterable[RunFolder]) -> None:
        """End the warm parent, which takes memory, unless a run waits that may be forked from it."""
        if self._parent and not any(map(_may_be_forked_later, waiting)):
            self._end_parent()

    def wait(self, seconds: float) -> None:
        """Wait until the warm parent has loaded the libraries, or until the time is up."""
        if self._parent and self._parent.is_loading:
            self._parent.wait(seconds)
        else:
            time.sleep(seconds)

    def _end_parent(self) -> None:
        if self._parent:
            self._parent.end()
        self._parent = None


def _may_be_forked(config: RunConfig) -> bool:
    """Whether a run with these settings may be forked if its device is the CPU."""
    try:
        return sys.platform == "linux" and find_method(config.method).needs_base
    except ConfigError:  # a method of another version; the run's own process says so
        return False


def _may_be_forked_later(run: RunFolder) -> bool:
    try:
        return run.config.device in ("auto", "cpu") and _may_be_forked(run.config)
    except RunError:  # it is damaged or was just deleted
        return False
