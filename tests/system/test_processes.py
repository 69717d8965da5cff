"""Processes are identified even if another process has their PID, and one line says how they ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from inline_snapshot import snapshot
from pydantic import ValidationError

from emocore.system.processes import (
    OUT_OF_MEMORY_REMEDY,
    UNWRITABLE_EXIT_STATUS,
    ProcessIdentity,
    count_oom_kills,
    current_boot_id,
    explain_end,
)
from tests.support.live_runs import processes_of_group, wait_for

WITH_CHILD = "import subprocess; subprocess.Popen(['sleep', '600']); print('ready', flush=True); input()"
RUN, OTHER_RUN = Path("/runs/a"), Path("/runs/b")
Child = subprocess.Popen[bytes]


@pytest.fixture
def child() -> Iterator[Child]:
    """A process with a child of its own, in a session of its own, as a run's is."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", WITH_CHILD, "emocore.training", str(RUN)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        yield process
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def here() -> ProcessIdentity:
    """A process of this boot, with as many killed for want of memory as now."""
    return ProcessIdentity.of(os.getpid())


def test_a_process_keeps_its_identity_while_it_lives(child: Child) -> None:
    identity = ProcessIdentity.of(child.pid)
    assert identity.is_alive
    assert identity == ProcessIdentity.of(child.pid)
    assert identity.start_ticks > 0
    assert ProcessIdentity.model_validate_json(identity.model_dump_json()) == identity


def test_processes_that_start_one_after_the_other_differ_in_more_than_their_pid() -> None:
    parent = psutil.Process(os.getpid()).create_time()
    with subprocess.Popen(["sleep", "600"]) as later:
        ticks = ProcessIdentity.of(later.pid).start_ticks - ProcessIdentity.of(os.getpid()).start_ticks
        seconds = psutil.Process(later.pid).create_time() - parent
        later.kill()
    assert ticks / os.sysconf("SC_CLK_TCK") == pytest.approx(seconds, abs=0.03)


def test_a_process_whose_name_looks_like_the_fields_after_it_is_understood(tmp_path: Path) -> None:
    """/proc puts the name in brackets, unescaped, before the state and the start time."""
    program = tmp_path / "a) Z 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "600"]) as process:
        wait_for(lambda: psutil.Process(process.pid).name() == program.name)
        identity = ProcessIdentity.of(process.pid)
        assert identity.is_alive
        assert identity.start_ticks >= ProcessIdentity.of(os.getpid()).start_ticks
        process.kill()


def test_a_process_that_has_gone_is_not_alive_and_can_be_signalled_without_harm(child: Child) -> None:
    identity = ProcessIdentity.of(child.pid)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert not identity.is_alive
    assert not ProcessIdentity.of(child.pid).is_alive, "asked for too late"
    identity.signal_group(signal.SIGTERM, RUN)


def test_a_process_that_only_waits_for_its_parent_to_notice_is_not_alive() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        identity = ProcessIdentity.of(process.pid)
        process.kill()
        wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        assert not identity.is_alive
        assert not ProcessIdentity.of(process.pid).is_alive


def test_a_signal_reaches_the_whole_group(child: Child) -> None:
    assert len(processes_of_group(child.pid)) == 2
    ProcessIdentity.of(child.pid).signal_group(signal.SIGTERM, RUN)
    assert child.wait(10) == -signal.SIGTERM
    wait_for(lambda: not processes_of_group(child.pid), 10, "the child's child to end")


def test_a_process_that_another_run_names_is_not_signalled(child: Child) -> None:
    """The folder of a run that came from elsewhere may hold the PID, start time and boot of any process."""
    identity = ProcessIdentity.of(child.pid)
    assert identity.works_on(RUN) and not identity.works_on(OTHER_RUN)
    identity.signal_group(signal.SIGKILL, OTHER_RUN)
    assert len(processes_of_group(child.pid)) == 2
    stranger = ProcessIdentity.of(processes_of_group(child.pid)[-1].pid)
    assert stranger.is_alive and not stranger.works_on(RUN)


@pytest.mark.parametrize("pid", [-1, 0, 1, 2**22 + 1, 10**30])
def test_a_number_that_is_no_pid_of_a_run_is_refused(here: ProcessIdentity, pid: int) -> None:
    with pytest.raises(ValidationError):
        ProcessIdentity.model_validate(here.model_dump() | {"pid": pid})


@pytest.mark.parametrize("former", [{"start_ticks": 1}, {"boot_id": "another boot"}], ids=["reused", "earlier boot"])
def test_the_present_owner_of_a_pid_is_not_taken_for_the_former(child: Child, former: dict[str, object]) -> None:
    identity = ProcessIdentity.of(child.pid).model_copy(update=former)
    assert not identity.is_alive
    assert not identity.works_on(RUN)
    identity.signal_group(signal.SIGKILL, RUN)
    assert len(processes_of_group(child.pid)) == 2, "a stranger was killed"
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.2)


def test_the_boot_has_a_name_that_stays() -> None:
    assert current_boot_id() == current_boot_id() != ""


ENDS = {
    -signal.SIGKILL: "the process was killed (SIGKILL) from outside; resume it",
    -signal.SIGTERM: "the process was ended by SIGTERM; resume it",
    -signal.SIGSEGV: "the process was ended by SIGSEGV; resume it",
    -40: "the process was ended by signal 40; resume it",
    3: "the process ended with status 3; its log may say why",
    1: "the process ended with status 1; its log may say why",
    UNWRITABLE_EXIT_STATUS: "its folder could not be written (disk full, read-only or removed?); "
    "free space, then resume it",
    0: "the process ended without storing a reason, so it was killed; resume it",
    None: "the process ended without storing a reason, so it was killed; resume it",
}


@pytest.mark.parametrize(("exit_status", "reason"), ENDS.items())
def test_an_end_is_explained(here: ProcessIdentity, exit_status: int | None, reason: str) -> None:
    for process in (here, None):
        assert explain_end(process, exit_status).reason == reason


@pytest.mark.parametrize("exit_status", [None, -signal.SIGKILL], ids=["unseen", "killed"])
def test_a_kill_for_want_of_memory_is_told_with_its_remedy(here: ProcessIdentity, exit_status: int | None) -> None:
    process = here.model_copy(update={"oom_kills": count_oom_kills() - 1})
    reason, failure = explain_end(process, exit_status)
    assert failure == "out of memory"
    assert reason == f"killed, most likely for lack of memory; {OUT_OF_MEMORY_REMEDY}"
    assert "\n" not in reason and "batch_size" in reason


def test_a_run_that_said_how_it_ended_is_believed_though_memory_was_short(here: ProcessIdentity) -> None:
    process = here.model_copy(update={"oom_kills": -1})
    assert "status 1" in explain_end(process, 1).reason
    assert "SIGTERM" in explain_end(process, -signal.SIGTERM).reason


def test_a_process_of_an_earlier_boot_went_down_with_the_machine(here: ProcessIdentity) -> None:
    """The count of kills began anew with the boot, so it says nothing here."""
    process = here.model_copy(update={"boot_id": "another boot", "oom_kills": -1})
    reason = explain_end(process, None).reason
    assert reason == snapshot("the machine went down (restart or power loss) while it ran; resume it")
