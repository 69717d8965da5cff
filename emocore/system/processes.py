"""Identifies processes and explains how they ended.

The system reuses a PID once its process is gone, so a process is identified by its PID, its start time and the
machine's boot. Covered: Linux, through /proc. Not covered: other systems, where every process counts as ended.
"""

import contextlib
import os
import re
import signal
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Failure = Literal["out of memory"]  # causes that programs tell apart
OUT_OF_MEMORY_REMEDY = (
    "lower batch_size (and raise gradient_accumulation_steps by as much), turn on gradient_checkpointing, or use QLoRA"
)
SHARED_REASON = (
    "out of memory while other runs were on the same device: resume it, and it gets the device to itself; if that is "
    f"not enough, {OUT_OF_MEMORY_REMEDY}"
)
RUN_MODULE = b"emocore.training"  # the module that a run's process executes
UNWRITABLE_EXIT_STATUS = 74  # EX_IOERR: a run that could not even write why it failed


class End(NamedTuple):
    """Why a run or its process ended: `reason` in one line, and `failure` if programs tell this cause apart."""

    reason: str
    failure: Failure | None = None

    def on_shared_device(self, was_shared: bool) -> "End":
        """The same end, whose cause may be that other runs were on the device, too."""
        if self.failure != "out of memory" or not was_shared:
            return self
        return self._replace(reason=SHARED_REASON)


class ProcessIdentity(BaseModel):
    """One process of one boot. `start_ticks` counts clock ticks since that boot, so setting the clock changes nothing;
    `oom_kills` is how many processes this machine had killed for lack of memory when the process started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pid: int = Field(gt=1, le=2**22)
    start_ticks: int = Field(ge=0, lt=2**63)
    boot_id: str
    oom_kills: int = Field(gt=-(2**63), lt=2**63)

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """The process that currently has this PID."""
        return cls(pid=pid, start_ticks=_start_ticks(pid) or 0, boot_id=current_boot_id(), oom_kills=count_oom_kills())

    @property
    def is_alive(self) -> bool:
        return self.boot_id == current_boot_id() and _start_ticks(self.pid) == self.start_ticks

    def works_on(self, run_path: Path) -> bool:
        """Whether it is alive and the process of that run. A folder from elsewhere can name any process, so the command
        line must name the run, too."""
        if not self.is_alive:
            return False
        try:
            arguments = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or is another user's
            return False
        return os.fsencode(run_path) in arguments and any(RUN_MODULE in argument for argument in arguments)

    def signal_group(self, number: signal.Signals, run_path: Path) -> None:
        """Signal the process and its children if it belongs to the run in `run_path`; otherwise do nothing."""
        if self.works_on(run_path):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended meanwhile, or is another user's
                os.killpg(self.pid, number)

    def kill_remnants(self) -> None:
        """After the process has ended, send SIGKILL to the rest of its group.

        Only for a process that the caller itself has seen alive: the system does not reuse the number of a group that
        has members, so the group cannot be another one.
        """
        if self.boot_id == current_boot_id() and _start_ticks(self.pid) is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # most leave nothing behind
                os.killpg(self.pid, signal.SIGKILL)


def explain_end(process: ProcessIdentity | None, exit_status: int | None) -> End:
    """Why a process ended without storing a reason.

    `exit_status` is negative for a signal, as in `subprocess`; None if it is unknown.
    """
    if exit_status == UNWRITABLE_EXIT_STATUS:
        return End("its folder could not be written (disk full, read-only or removed?); free space, then resume it")
    if exit_status is not None and exit_status not in (0, -signal.SIGKILL):
        if exit_status < 0:
            return End(f"the process was ended by {_signal_name(-exit_status)}; resume it")
        return End(f"the process ended with status {exit_status}; its log may say why")
    if process and process.boot_id != current_boot_id():
        return End("the machine went down (restart or power loss) while it ran; resume it")
    if process and count_oom_kills() > process.oom_kills:
        return End(f"killed, most likely for lack of memory; {OUT_OF_MEMORY_REMEDY}", "out of memory")
    if exit_status == -signal.SIGKILL:
        return End("the process was killed (SIGKILL) from outside; resume it")
    return End("the process ended without storing a reason, so it was killed; resume it")


def current_boot_id() -> str:
    """An id that stays the same until the machine restarts; empty if the system has none."""
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.is_file() else ""


def count_oom_kills() -> int:
    """The number of processes killed for lack of memory since the boot, on this machine or in this container."""
    places = ("/proc/vmstat", "/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
    texts = [Path(place).read_text() for place in places if Path(place).is_file()]
    return sum(int(count) for text in texts for count in re.findall(r"^oom_kill (\d+)$", text, re.MULTILINE))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have no name
        return f"signal {number}"


def _start_ticks(pid: int) -> int | None:
    """Start time in clock ticks; None for a process that does not exist or is a zombie."""
    try:
        # The second field is the name in brackets, which may contain spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])
