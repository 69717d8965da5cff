"""Python processes that begin with their imports done, since those take longer than what most tests do with them.

`ForkedPython` is used like `subprocess.Popen` for `python -c CODE ARGUMENTS`. Its process is forked from one that did
the imports once and computed nothing. What is about the start itself is tested with new interpreters.
"""

import atexit
import gc
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

import setproctitle

from emocore.jobs.warm_parent import PRELOADED, SINGLE_THREADED, adopt_orphans, fork_orphan
from tests.support.repository import REPOSITORY

MODULES = (*PRELOADED, "wandb.apis.public")


class ForkServer:
    """The process that does the imports; a forked process becomes a child of this one."""

    def __init__(self) -> None:
        adopt_orphans(True)
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(orders.fileno())],
                cwd=REPOSITORY,
                env=os.environ | SINGLE_THREADED | {"OMP_NUM_THREADS": "1"},
                pass_fds=[orders.fileno()],
                start_new_session=True,
            )
        self._is_taken = threading.Lock()

    def fork(self, order: dict[str, Any], *streams: int) -> int:
        """Returns the PID."""
        with self._is_taken:
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


class ForkedPython(subprocess.Popen):
    """`[sys.executable, "-c", CODE, *ARGUMENTS]`, in a session of its own."""

    def _execute_child(self, args: list[str], *others: Any) -> None:
        """In place of starting a program."""
        _, _, _, pass_fds, cwd, env, _, _, _, *pipes = others[:15]
        stdin, _, _, stdout, _, stderr = pipes
        assert args[:2] == [sys.executable, "-c"] and not pass_fds
        order = {"args": args[2:], "cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
        nowhere = os.open(os.devnull, os.O_RDWR)
        streams = (nowhere if number < 0 else number for number in (stdin, stdout, stderr))
        self.pid = fork_server().fork(order, *streams)
        os.close(nowhere)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # typeshed does not list what is private


def serve(orders: socket.socket) -> dict[str, Any]:
    """Fork a process for each order; returns the order, in the forked process."""
    while True:
        message, streams, _, _ = socket.recv_fds(orders, 200_000, 3)
        if not message:
            sys.exit()
        if pid := fork_orphan():
            for stream in streams:
                os.close(stream)
            orders.send(str(pid).encode())
            continue
        orders.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return json.loads(message)


def become(order: dict[str, Any]) -> int:
    """Carry out the code as a new interpreter would; returns its exit status."""
    os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    code, *arguments = order["args"]
    setproctitle.setproctitle(" ".join([sys.executable, "-c", code, *arguments]))
    sys.argv = ["-c", *arguments]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
        threading._shutdown()  # type: ignore[attr-defined]
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1


if __name__ == "__main__":
    setproctitle.getproctitle()  # it finds the place of the title only as long as the environment is the first one
    gc.disable()
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    status = become(serve(socket.socket(fileno=int(sys.argv[1]))))
    atexit._run_exitfuncs()
    for output in (sys.stdout, sys.stderr):
        output.flush()
    os._exit(status)
