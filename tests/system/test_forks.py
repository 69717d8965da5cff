"""A fork that becomes like a new interpreter. The processes are real, and so are the libraries' threads."""

import subprocess
import sys

import pytest

from tests.support.repository import REPOSITORY

MEMORY = """
import os, sys
from pathlib import Path
from emocore.system.forks import *
def library_megabytes():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssFile")]
    return int(line.split()[1]) / 1000
os.environ["OPENBLAS_NUM_THREADS"] = "2"
import_for_forks(["pandas"])
assert "JE_ARROW_MALLOC_CONF" not in os.environ
print(len([*Path("/proc/self/task").iterdir()]) > 1, end_idle_threads(), len([*Path("/proc/self/task").iterdir()]))
pages, loaded = list_library_pages(), library_megabytes()
with adopting_orphans():
    if fork_orphan():
        forked = library_megabytes()
        touch(pages)
        print(f"{loaded:.1f} {forked:.1f} {library_megabytes():.1f}", flush=True)
        os._exit(7)
pid, status = os.waitpid(-1, 0)
print(os.waitstatus_to_exitcode(status))
"""

LEAVING = """
import atexit, sys, threading, time
from emocore.system.forks import leave
atexit.register(print, "at the end")
threading.Thread(target=lambda: (time.sleep(0.2), print("a thread"))).start()
leave(lambda: {act})
"""

SHOWN = """
import sys
from pathlib import Path
from emocore.system.forks import show_command
show_command(["python", "-m", "module", "a path with spaces"])
print(Path("/proc/self/cmdline").read_text().rstrip(chr(0)).split(chr(0)))
show_command(["x" * 10_000])
"""


def run(code: str, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_fork_counts_the_libraries_that_its_parent_loaded() -> None:
    """It is a child of the process that adopts orphans, and no thread of a library is missing in it."""
    status, output, errors = run(MEMORY)
    assert (status, errors) == (0, "")
    threads, memory, exit_status = output.splitlines()
    assert threads == "True True 1"
    loaded, forked, touched = map(float, memory.split())
    assert forked < 0.7 * loaded, "otherwise nothing would have to be touched"
    assert touched == pytest.approx(loaded, rel=0.05)
    assert exit_status == "7"


@pytest.mark.parametrize(("act", "expected"), [("3", 3), ("None", 0), ("sys.exit('no')", 1), ("1 / 0", 1)])
def test_a_program_ends_as_python_does(act: str, expected: int) -> None:
    status, output, errors = run(LEAVING.format(act=act))
    assert (status, output) == (expected, "a thread\nat the end\n")
    assert ("ZeroDivisionError" in errors) == (act == "1 / 0")


def test_another_command_line_is_shown_if_there_is_room() -> None:
    status, output, errors = run(SHOWN, "-" * 200)
    assert output == "['python', '-m', 'module', 'a path with spaces']\n"
    assert status == 1 and "there is no room for the command line" in errors
