"""Carries out a command in a fresh process and measures it."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emocore.system.devices import Device
from tests.support.repository import REPOSITORY

SHOWN_CHARACTERS = 3000  # of the log of a process that failed


@dataclass(frozen=True)
class Ended:
    """A process that ended well. `began` is in Unix seconds; `peak_memory_bytes` is the largest resident set of it or
    of one of its children.

    Linux starts a child with the parent's own peak, so a benchmark must stay smaller than what it measures: it loads
    neither torch nor a model itself.
    """

    began: float
    seconds: float
    peak_memory_bytes: int


def script_environment(device: Device) -> dict[str, str]:
    """The environment of a script, which sees only this device."""
    return dict(os.environ) | {"CUDA_VISIBLE_DEVICES": device.selector, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def carry_out(command: list[str], log: Path, environment: Mapping[str, str], *descriptors: int) -> Ended:
    """Wait for the command, whose output goes to `log`; it inherits the descriptors. Raises RuntimeError with the end
    of the log if it fails."""
    with log.open("ab") as file:
        began, clock = time.time(), time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=descriptors,
            env=environment,
            cwd=REPOSITORY,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        seconds = time.monotonic() - clock
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        words = log.read_text(encoding="utf-8", errors="replace")[-SHOWN_CHARACTERS:]
        raise RuntimeError(f"{' '.join(command[1:4])} ended with status {process.returncode}:\n{words}")
    return Ended(began, seconds, usage.ru_maxrss * 1024)
