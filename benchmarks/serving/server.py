"""The app's server as a user starts it, and what it takes of the processor and the memory."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.live_runs import end_processes, processes_of_root
from tests.support.repository import REPOSITORY

START_SECONDS = 120.0
SCHEDULER = "emocore.jobs.scheduler"


@dataclass(frozen=True)
class Server:
    """`began` is when its process was started, by the monotonic clock."""

    port: int
    process: psutil.Process
    root: Path
    began: float

    def cpu_seconds(self) -> float:
        """Processor time that it has taken so far."""
        return _cpu_seconds(self.process)

    def scheduler_cpu_seconds(self) -> float:
        """That of the scheduler; 0 while there is none."""
        return sum(map(_cpu_seconds, processes_of_root(self.root, SCHEDULER)))

    def memory_bytes(self) -> int:
        """Its resident set."""
        return int(self.process.memory_info().rss)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def serve(root: Path) -> Iterator[Server]:
    """The app on a free port with this runs folder, as soon as it answers. At the end, it and the scheduler are
    killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    began = time.monotonic()
    with (root / ".server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "emocore", "app", "--port", str(port)],
            cwd=REPOSITORY,
            env=os.environ | {"EMOCORE_RUNS": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_healthy(port, began)
        yield Server(port, psutil.Process(process.pid), root, began)
    finally:
        process.kill()
        process.wait()
        end_processes(root)


def _wait_until_healthy(port: int, began: float) -> None:
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
            return
        except OSError:
            if time.monotonic() - began > START_SECONDS:
                raise
            time.sleep(0.05)


def measure_command(root: Path, *arguments: str) -> tuple[float, float]:
    """Wall and processor seconds of `python -m emocore ...`, with its imports."""
    command = [sys.executable, "-m", "emocore", *arguments]
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=os.environ | {"EMOCORE_RUNS": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    words = process.stderr.read().decode(errors="replace") if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with status {process.returncode}: {words}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime
