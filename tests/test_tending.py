"""Every use of Emocore restarts a dead scheduler if runs wait."""

from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.run.config import RunConfig
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from tests.support.live_runs import end_processes, wait_for_status


@pytest.mark.parametrize("command", ["runs", "queue", "show"])
def test_a_look_from_the_command_line_replaces_a_dead_scheduler(runs: Path, command: str) -> None:
    runs.mkdir()
    waiting = create_run(runs, RunConfig(method="tfidf", data="gone.csv"))
    try:
        assert main([command, waiting.id] if command == "show" else [command]) == 0
        wait_for_status(waiting, RunStatus.FAILED)
    finally:
        end_processes(runs)


def test_where_no_scheduler_can_be_started_looking_still_can(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs.mkdir()
    create_run(runs, RunConfig(method="tfidf"))
    (runs / ".scheduler.lock").mkdir()
    assert main(["queue"]) == 0
    printed = capsys.readouterr()
    assert "1 waiting" in printed.out
    assert printed.err.startswith("note: runs cannot be worked on") and printed.err.count("\n") == 1
