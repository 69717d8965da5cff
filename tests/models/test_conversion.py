"""The conversion of a bundled base, when its process dies, another one works at it, or there is no place for it.

The work itself is a short script here, since what is tested is what becomes of drafts and locks around it.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.errors import BaseModelError
from emocore.models import bundled
from emocore.run.folder import RunFolder
from tests.support.live_runs import wait_for
from tests.support.records import edit_json
from tests.support.repository import REPOSITORY

PYTHON = sys.executable
# In place of the converter: writes a file, waits for the word to go on, and ends as it says.
WORKER = """
import os, sys, time
from pathlib import Path
(Path(sys.argv[2]) / "config.json").write_text("{}")
go = Path(sys.argv[1]).with_name("go")
while not go.exists():
    time.sleep(0.02)
if go.read_text() == "kill":
    os.kill(os.getpid(), 9)
sys.exit(go.read_text() or 0)
"""
CONVERT = """
import sys
from pathlib import Path
sys.executable, gguf, target = sys.argv[1:]
from emocore.models.bundled import _convert_once
_convert_once(Path(gguf), Path(target))
"""


@dataclass(frozen=True)
class Conversion:
    """Of a GGUF file that is none, by an interpreter that does what WORKER does; `go` lets it end."""

    python: Path
    gguf: Path
    target: Path
    go: Path

    def carry_out(self) -> None:
        bundled._convert_once(self.gguf, self.target)

    def start_elsewhere(self) -> "subprocess.Popen[bytes]":
        """In another process, which has begun its draft."""
        command = [PYTHON, "-c", CONVERT, str(self.python), str(self.gguf), str(self.target)]
        process = subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True)
        wait_for(lambda: list(self.target.parent.glob(".draft-*/config.json")), what="a draft")
        return process

    @property
    def drafts(self) -> list[Path]:
        return list(self.target.parent.glob(".draft-*"))


@pytest.fixture
def conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conversion:
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nshift 2\nexec {PYTHON} {tmp_path}/worker.py "$@"\n', encoding="utf-8")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    (tmp_path / "cache").mkdir()
    return Conversion(python, tmp_path / "base.gguf", tmp_path / "cache" / "base", tmp_path / "go")


def test_what_a_killed_conversion_left_is_swept_by_the_next(conversion: Conversion) -> None:
    process = conversion.start_elsewhere()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    assert len(conversion.drafts) == 1
    conversion.go.touch()
    conversion.carry_out()
    assert (conversion.target / "config.json").is_file()
    assert not conversion.drafts


@pytest.mark.parametrize("parent_dies", [False, True])
def test_a_conversion_that_another_process_is_at_is_waited_for(conversion: Conversion, parent_dies: bool) -> None:
    process = conversion.start_elsewhere()
    if parent_dies:
        process.kill()
        process.wait(10)
    [draft] = conversion.drafts
    waiting = threading.Thread(target=conversion.carry_out)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    assert conversion.drafts == [draft] and (draft / "config.json").is_file()
    conversion.go.touch()
    waiting.join(20)
    process.wait(10)
    assert not waiting.is_alive()
    assert (conversion.target / "config.json").is_file()
    assert not conversion.drafts


@pytest.mark.parametrize(("end", "reason"), [("no space left", "no space left"), ("kill", "its process was killed")])
def test_a_conversion_that_fails_says_so_in_a_line_and_leaves_nothing(
    conversion: Conversion, end: str, reason: str
) -> None:
    conversion.go.write_text(end, encoding="utf-8")
    with pytest.raises(BaseModelError, match=rf"could not be converted \({reason}\)") as caught:
        conversion.carry_out()
    assert "\n" not in str(caught.value)
    assert not conversion.target.exists() and not conversion.drafts


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "a file" / "cache"))
    return tmp_path / "a file" / "cache"


def test_a_run_whose_base_has_no_place_is_not_queued(no_cache: Path, refuse: Callable[..., str]) -> None:
    message = refuse("launch", "--method", "lora", "--base", "smollm2-135m")
    assert str(no_cache) in message and "EMOCORE_CACHE" in message


def test_a_classifier_whose_base_has_no_place_says_so(
    no_cache: Path, finished_runs: dict[str, RunFolder], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(Path(shutil.copytree(finished_runs["lora"].path, runs / "given")))
    edit_json(run.adapter / "emocore.json", base="smollm2-135m")
    assert main(["classify", "given", "--text", "so happy today"]) != 0
    [line] = capsys.readouterr().err.splitlines()
    assert str(no_cache) in line and "EMOCORE_CACHE" in line
