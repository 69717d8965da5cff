"""The points where a process can be killed have names, are reached by Emocore, and otherwise do nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emocore.system.faults import EXIT_STATUS, LAST_WORD, POINTS, reach
from tests.support.repository import REPOSITORY

# Whatever a normal end would still do is visible: buffered output, `finally`, `atexit`.
PASSES = """
import atexit, sys
from pathlib import Path
from emocore.system.faults import reach
atexit.register(Path("cleaned up").touch)
sys.stdout.write("buffered words")
passed = open("passed", "w")
try:
    for name in sys.argv[1:]:
        reach(name)
        passed.write(name + "\\n")
        passed.flush()
finally:
    Path("cleaned up").touch()
"""


def pass_points(folder: Path, fault: str | None, *names: str) -> tuple[int, str, list[str]]:
    """The exit status, the output and the points that were passed."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("EMOCORE_FAULT", "PYTHONUNBUFFERED")
    }
    environment |= {"PYTHONPATH": str(REPOSITORY)} | ({} if fault is None else {"EMOCORE_FAULT": fault})
    done = subprocess.run(
        [sys.executable, "-c", PASSES, *names], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr, (folder / "passed").read_text().splitlines()


@pytest.mark.parametrize("fault", [None, "", "step.done:2"], ids=["unset", "empty", "a passing that never comes"])
def test_nothing_happens_otherwise(tmp_path: Path, fault: str | None) -> None:
    status, output, passed = pass_points(tmp_path, fault, "file.draft", "file.draft", "step.done")
    assert (status, output) == (0, "buffered words")
    assert passed == ["file.draft", "file.draft", "step.done"]


@pytest.mark.parametrize(
    ("fault", "passed"),
    [
        ("step.done", ["file.draft"]),
        ("step.done:1", ["file.draft"]),
        ("step.done:3", ["file.draft", "step.done", "file.replaced", "step.done"]),
    ],
)
def test_a_process_dies_at_the_passing_that_was_named(tmp_path: Path, fault: str, passed: list[str]) -> None:
    points = ("file.draft", "step.done", "file.replaced", "step.done", "step.done", "file.draft")
    status, output, found = pass_points(tmp_path, fault, *points)
    assert status == EXIT_STATUS
    assert found == passed
    assert output == f"{LAST_WORD} {fault}\n", "nothing that was still to be written"
    assert not (tmp_path / "cleaned up").exists()


def test_a_point_without_a_description_is_a_mistake_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_FAULT", "step.done:1000")
    with pytest.raises(AssertionError, match="no such point"):
        reach("no such point")


def test_the_points_are_those_that_the_code_reaches_each_in_one_place() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (REPOSITORY / "emocore").rglob("*.py")]
    reached = [name for source in sources for name in re.findall(r'\breach\("([^"]+)"\)', source)]
    assert sorted(reached) == sorted(POINTS)


def test_every_point_is_described() -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", name) and text for name, text in POINTS.items())
