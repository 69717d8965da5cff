"""A process that has done the imports of a training and forks each run from itself, which saves seconds per run.

It computes nothing, so that nothing is half done in the forked process, and it has a single thread. It belongs to one
scheduler and ends with it. Each run is a child of the scheduler, as if the scheduler had started an interpreter for it:
same session, lock, log, environment and exit status, and a command line that names the run.

Not covered: runs on a GPU, since CUDA does not survive a fork; runs without a base, which do not need these imports;
other systems than Linux. Those start in a new interpreter.
"""

import atexit
import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import NoReturn

import setproctitle

from emocore.models.methods import find_method
from emocore.run.folder import RunFolder
from emocore.system.devices import Device
from emocore.system.faults import forget_passings
from emocore.system.libraries import import_quickly, prepare_libraries
from emocore.system.processes import RUN_MODULE

# By name, since jobs import nothing of the training: it runs in other processes.
PRELOADED = (
    "emocore.training.process",
    "emocore.training.neural",
    "emocore.models.classifier",
    "iterstrat.ml_stratifiers",
    "sklearn.metrics",
    "wandb",
)
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
# Libraries that would start threads when they are loaded; a fork takes over only the thread that calls it.
SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def can_fork(run: RunFolder, device: Device) -> bool:
    """Whether a run on this device may be forked from a warm parent."""
    is_possible = sys.platform == "linux" and device.name == "cpu" and str(run.path).isprintable()
    return is_possible and find_method(run.config.method).needs_base


class WarmParent:
    """The scheduler's side. All runs of a warm parent have its environment; it starts one at a time."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._exit_status: int | None = None
        scheduler = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _serve(orders, scheduler, self.environment)
        orders.close()

    def start(self, run: RunFolder, lock: int, log: int) -> "ForkedRun":
        """Have a process forked for the run, which gets the lock and writes to the log. Raises OSError."""
        adopt_orphans(True)
        socket.send_fds(self._orders, [os.fsencode(run.path)], [lock, log])
        return ForkedRun(self)

    def read_pid(self) -> int | None:
        """The PID of the run that was started last; None while the warm parent is importing. Raises EOFError if it has
        died."""
        try:
            answer = self._orders.recv(100, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionError:
            answer = b""
        if not answer:
            raise EOFError
        adopt_orphans(False)  # what a killed run leaves behind is none of the scheduler's children
        return int(answer)

    def poll(self) -> int | None:
        """The exit status of the warm parent itself; None while it lives."""
        if self._exit_status is None:
            self._exit_status = _poll(self._pid)
        return self._exit_status

    def end(self) -> int:
        """End it, whatever it is doing; returns its exit status. Runs that it has forked go on."""
        self._orders.close()
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)
            self._exit_status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._exit_status or 0


class ForkedRun:
    """The process of a run, used like a `subprocess.Popen`. It is pending, without a PID, until it is forked."""

    def __init__(self, parent: WarmParent) -> None:
        self._parent = parent
        self.pid: int | None = None
        self.returncode: int | None = None

    @property
    def is_pending(self) -> bool:
        return self.poll() is None and self.pid is None

    def poll(self) -> int | None:
        """The exit status; None while the process is pending or lives."""
        if self.returncode is None and self.pid is None:
            try:
                self.pid = self._parent.read_pid()
            except EOFError:
                self.returncode = self._parent.end()
        if self.returncode is None and self.pid is not None:
            self.returncode = _poll(self.pid)
        return self.returncode

    def take_back(self) -> bool:
        """End the warm parent if the process is pending, so that it is not forked any more. Returns whether it was."""
        if was_pending := self.is_pending:
            self.returncode = self._parent.end()
        return was_pending


def adopt_orphans(adopt: bool) -> None:
    """Make this process the parent of descendants whose own parent ends, as a forked run's does at once; or not."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def _poll(pid: int) -> int | None:
    """The exit status of a child of this process; None while it lives."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _serve(orders: socket.socket, scheduler: int, environment: dict[str, str]) -> NoReturn:
    """The life of a warm parent. It never returns, since its callers are those of the scheduler."""
    try:
        for first, last in ((3, orders.fileno()), (orders.fileno() + 1, os.sysconf("SC_OPEN_MAX"))):
            os.closerange(first, last)  # also the scheduler's lock, which must end with the scheduler
        setproctitle.setproctitle("emocore.jobs.warm_parent")  # before the environment changes, or it finds no place
        os.environ.clear()
        os.environ.update(environment | SINGLE_THREADED)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a file
        while True:
            folder, descriptors, _, _ = socket.recv_fds(orders, 10_000, 2)
            if not folder:
                break
            lock, log = descriptors
            for number in (1, 2):  # what goes wrong from here on is in the run's log
                os.dup2(log, number)
            os.close(log)
            os.set_inheritable(lock, False)
            prepare_libraries()
            for name in PRELOADED:
                import_quickly(name)
            if os.getppid() != scheduler:
                break
            pid = fork_orphan()
            if pid == 0:
                _become(Path(os.fsdecode(folder)), orders)
            os.close(lock)
            orders.send(str(pid).encode())
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def fork_orphan() -> int:
    """Fork through a process that ends at once, so that the new process becomes a child of the next subreaper above
    this one. Returns its PID, or 0 in the new process."""
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        if pid := os.fork():
            os.write(writer, str(pid).encode())
            os._exit(0)
        os.close(reader)
    os.close(writer)
    if between == 0:
        return 0
    with os.fdopen(reader) as answer:
        pid = int(answer.read())
    os.waitpid(between, 0)
    return pid


def _become(folder: Path, orders: socket.socket) -> NoReturn:
    """Carry out the run, and end as an interpreter does, but without taking apart all that was imported."""
    orders.close()
    os.setsid()
    setproctitle.setproctitle(f"{RUN_MODULE.decode()} {folder}")
    forget_passings()
    try:
        status = importlib.import_module("emocore.training.start").carry_out(folder)
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as at the end of an interpreter
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status)
