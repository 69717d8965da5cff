"""Python processes that begin with their imports done, since those take longer than what most tests do with them.

`ForkedPython` is used like `subprocess.Popen` for `python -c CODE ARGUMENTS`. Its process is forked from one that did
the imports once and has a single thread. What such a process starts with `python -m emocore...` is forked from it in
turn, if its code calls `fork_what_is_started`. Tests of the start itself use new interpreters, as do the command line,
the tests that start the app as a user does, and all that the app and the command line start.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from emocore.jobs import warm_parent
from emocore.system import faults
from emocore.system.forks import (
    adopting_orphans,
    fork_orphan,
    leave,
    run_as_program,
    show_command,
)
from tests.support.repository import REPOSITORY

MODULES = (
    *warm_parent.MODULES,
    "emocore.training.tfidf",
    "emocore.export.gather",
    "emocore.jobs.queue",
    "streamlit.web.cli",
    "transformers.models.llama.modeling_llama",
)
INTERPRETER = sys.executable  # which a test may change
LONGEST_COMMAND = 20_000  # bytes; what the command lines of forked processes have room for


class ForkServer:
    """The process that does the imports. What is forked from it becomes a child of this process."""

    def __init__(self) -> None:
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(orders.fileno()), "-" * LONGEST_COMMAND],
                cwd=REPOSITORY,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                pass_fds=[orders.fileno()],
                start_new_session=True,
            )
        self._is_taken = threading.Lock()

    def fork(self, order: dict[str, Any], *streams: int) -> int:
        """Returns the PID."""
        with self._is_taken, adopting_orphans():
            socket.send_fds(self._orders, [json.dumps(order).encode()], streams)
            return int(self._orders.recv(100))

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


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
            if not hasattr(sys.modules.get(args[2]), "__path__"):
                sys.modules.pop(args[2], None)  # a package may have been imported, a module not
            run_as_program(args)
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
        if fork_orphan():
            orders.send(str(os.getpid()).encode())
            orders.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return dict(json.loads(message))
        for stream in streams:
            os.close(stream)


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


if __name__ == "__main__":
    warm_parent.load_libraries(MODULES)
    ordered = serve(socket.socket(fileno=int(sys.argv[1])))
    become([sys.executable, "-c", *ordered["args"]], ordered["cwd"], ordered["env"])
    leave(lambda: exec(compile(ordered["args"][0], "<string>", "exec"), {"__name__": "__main__"}))
