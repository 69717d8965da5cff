"""The content of `state.json`, with times that a changed clock cannot make negative."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from emocore.errors import RunError
from emocore.run.records import write_record
from emocore.run.state import RunState, RunStatus, read_state
from emocore.system.processes import ProcessIdentity

STORED = {"format": 1, "status": "finished", "created_at": 1000.0, "started_at": 1010.0, "ended_at": 1070.0}


def state(**changes: Any) -> RunState:
    return RunState(**{"status": RunStatus.RUNNING, "created_at": 1000.0, **changes})


def write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_state_survives_being_written_and_read(tmp_path: Path) -> None:
    process = ProcessIdentity(pid=7, start_ticks=8, boot_id="b", oom_kills=9)
    written = state(process=process, attempts=3, queue_position=-2, earlier_seconds=5.5, reason="é")
    file = tmp_path / "state.json"
    write_record(file, written)
    assert read_state(file) == written


def test_a_state_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    file = write(tmp_path / "state.json", STORED)
    assert read_state(file).status == RunStatus.FINISHED
    draft = write(tmp_path / "draft", STORED | {"status": "failed"})
    draft.replace(file)
    assert read_state(file).status == RunStatus.FAILED


@pytest.mark.parametrize("content", ["", "[]", "4", '"running"', "{}", json.dumps(STORED | {"color": "red"})])
def test_a_damaged_state_is_refused_with_its_run(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "some-run"
    folder.mkdir()
    (folder / "state.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=r"^run some-run: state\.json is damaged"):
        read_state(folder / "state.json")


def test_a_state_that_is_not_there_says_that_the_run_has_gone(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="some-run is not there any more"):
        read_state(tmp_path / "some-run" / "state.json")


def test_a_run_that_has_not_begun_has_taken_no_time() -> None:
    assert state(status=RunStatus.QUEUED).elapsed_seconds is None


def test_a_run_takes_as_long_as_all_its_attempts() -> None:
    assert state(started_at=1010.0, ended_at=1070.0, earlier_seconds=30.0).elapsed_seconds == 90
    waiting = state(status=RunStatus.QUEUED, earlier_seconds=30.0)
    assert waiting.elapsed_seconds == 30, "between two attempts"


def test_a_live_run_takes_until_now() -> None:
    elapsed = state(started_at=time.time() - 20, earlier_seconds=30.0).elapsed_seconds
    assert elapsed == pytest.approx(50, abs=2)


def test_a_clock_set_back_gives_no_negative_time() -> None:
    assert state(started_at=2000.0, ended_at=1500.0).elapsed_seconds == 0
    assert state(started_at=2000.0, ended_at=1500.0, earlier_seconds=30.0).elapsed_seconds == 30
    assert state(started_at=time.time() + 3600).elapsed_seconds == 0
