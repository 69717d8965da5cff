"""Python processes that begin with their imports done, since those take longer than what most tests do with them.

`ForkedPython` is used like `subprocess.Popen` for `python -c CODE ARGUMENTS`. Its process is forked from one that did
the imports once and has a single thread. What such a process starts with `python -m emocore...` is forked from it in
turn, if its code calls `fork_what_is_started`. Tests of the start itself use new interpreters, as do the command line,
the tests that start the app as a user does, and all that the app and the command line start.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from emocore.system import faults
from emocore.system.libraries import prepare_libraries
from tests.support.fuzzing.forks import leave
from tests.support.repository import REPOSITORY

MODULES = (
    "emocore.training.process",
    "emocore.training.neural",
    "emocore.training.tfidf",
    "emocore.export.gather",
    "emocore.models.classifier",
    "emocore.jobs.queue",
    "iterstrat.ml_stratifiers",
    "peft.tuners.lora.bnb",
    "peft.utils.transformers_weight_conversion",
    "requests",
    "sklearn.metrics",
    "streamlit.web.cli",
    "transformers.conversion_mapping",
    "transformers.models.bert.modeling_bert",
    "transformers.models.llama.modeling_llama",
    "wandb.apis.public",
)
INTERPRETER = sys.executable  # which a test may change
LONGEST_COMMAND = 6000  # bytes; what the command lines of forked processes have room for
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
# Libraries that would start threads when they are loaded; a fork takes over only the thread that calls it.
SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


class ForkServer:
    """The process that does the imports. What is forked from it becomes a child of this process."""

    def __init__(self) -> None:
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(orders.fileno()), "-" * LONGEST_COMMAND],
                cwd=REPOSITORY,
                env=os.environ | SINGLE_THREADED,
                pass_fds=[orders.fileno()],
                start_new_session=True,
            )
        self._is_taken = threading.Lock()

    def fork(self, order: dict[str, Any], *streams: int) -> int:
        """Returns the PID."""
        with self._is_taken:
            adopt_orphans(True)
            socket.send_fds(self._orders, [json.dumps(order).encode()], streams)
            pid = int(self._orders.recv(100))
            adopt_orphans(False)  # all others are the system's, which does not leave them as zombies
            return pid

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


def adopt_orphans(adopt: bool) -> None:
    """Make this process the parent of descendants whose own parent ends, or not."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


@cache
def fork_server() -> ForkServer:
    server = ForkServer()
    atexit.register(server.close)
    return server


def read_start(others: Sequence[Any]) -> tuple[list[int], str, dict[str, str], list[int], list[int]]:
    """What `Popen._execute_child` is given besides the command: descriptors to pass on, folder, environment, ends of
    pipes, and those of them that are the standard streams (-1 for one that is not redirected)."""
    _, _, _, pass_fds, folder, environment, _, _, _, *pipes = others[:15]
    own = os.environ if environment is None else environment
    return list(pass_fds), str(folder or Path.cwd()), dict(own), pipes, [pipes[0], pipes[3], pipes[5]]


class ForkedPython(subprocess.Popen):
    """`[sys.executable, "-c", CODE, *ARGUMENTS]`, in a session of its own."""

    def _execute_child(self, args: list[str], *others: Any) -> None:
        """In place of starting a program."""
        pass_fds, folder, environment, pipes, streams = read_start(others)
        assert args[:2] == [sys.executable, "-c"] and not pass_fds
        order = {"args": args[2:], "cwd": folder, "env": environment}
        nowhere = os.open(os.devnull, os.O_RDWR)
        streams = [nowhere if number < 0 else number for number in streams]
        self.pid = fork_server().fork(order, *streams)
        os.close(nowhere)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # typeshed does not list what is private


class ForkedModule(subprocess.Popen):
    """`[sys.executable, "-m", MODULE, *ARGUMENTS]`, forked from this process; other commands are started as usual."""

    def _execute_child(self, args: list[str], *others: Any) -> None:
        pass_fds, folder, environment, pipes, streams = read_start(others)
        if args[:2] != [INTERPRETER, "-m"]:
            super()._execute_child(args, *others)  # type: ignore[misc]  # as above
            return
        self.pid = os.fork()
        if self.pid == 0:
            streams = [number if number >= 0 else place for place, number in enumerate(streams)]
            for place, number in enumerate([os.dup(number) for number in streams]):
                os.dup2(number, place)
            kept = sorted([2, *pass_fds, os.sysconf("SC_OPEN_MAX")])
            for before, after in pairwise(kept):
                os.closerange(before + 1, after)
            become(args, folder, environment)
            leave(lambda: run_as_program(args[2]))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def fork_what_is_started() -> None:
    """From now on, this process and those that are forked from it fork what they would start."""
    subprocess.Popen = ForkedModule  # type: ignore[misc]


def serve(orders: socket.socket) -> dict[str, Any]:
    """Fork a process for each order; returns the order, in the forked process."""
    while True:
        message, streams, _, _ = socket.recv_fds(orders, 200_000, 3)
        if not message:
            sys.exit()
        reader, writer = os.pipe()
        between = os.fork()  # ends at once, so that the process becomes a child of the subreaper
        if between == 0 and (pid := os.fork()):
            os.write(writer, str(pid).encode())
            os._exit(0)
        os.close(writer)
        if between:
            with os.fdopen(reader) as answer:
                pid = int(answer.read())
            os.waitpid(between, 0)
            for stream in streams:
                os.close(stream)
            orders.send(str(pid).encode())
            continue
        os.close(reader)
        orders.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return dict(json.loads(message))


def load_libraries() -> None:
    prepare_libraries()
    gc.disable()
    for module in MODULES:
        importlib.import_module(module)
    # Transformers compiles a thousand patterns when it first loads a model.
    sys.modules["transformers.conversion_mapping"].get_checkpoint_conversion_mapping("llama")
    gc.freeze()
    gc.enable()


def become(args: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be like a new interpreter that was started with these arguments."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    show_command(args)
    faults._passings.clear()
    sys.argv = ["-c", *args[3:]] if args[1] == "-c" else args[2:]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def run_as_program(module: str) -> None:
    """`python -m MODULE`, which must not have been imported before unless it is a package."""
    if not hasattr(sys.modules.get(module), "__path__"):
        sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def show_command(args: list[str]) -> None:
    """Have the system show these arguments as the command line, as those of a new interpreter."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, see proc_pid_stat(5)
    shown = b"".join(os.fsencode(argument) + b"\0" for argument in args)
    assert len(shown) < end - begin, "LONGEST_COMMAND is too short"
    ctypes.memmove(begin, shown.ljust(end - begin, b"\0"), end - begin)


if __name__ == "__main__":
    load_libraries()
    ordered = serve(socket.socket(fileno=int(sys.argv[1])))
    become([sys.executable, "-c", *ordered["args"]], ordered["cwd"], ordered["env"])
    leave(lambda: exec(compile(ordered["args"][0], "<string>", "exec"), {"__name__": "__main__"}))
