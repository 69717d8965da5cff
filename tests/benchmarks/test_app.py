"""The short form of benchmarks/app.py, with few runs and pages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live_runs import processes_of_root
from tests.support.repository import REPOSITORY

pytestmark = pytest.mark.long

OPTIONS = ("--counts=3", "--pages=runs,run", "--rounds=1", "--reruns=3", "--sessions=0,2", "--seconds=2")


def test_commands_pages_memory_and_live_sessions_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.app", *OPTIONS, "--json", str(file)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(file.read_text(encoding="utf-8"))["counts"]
    assert list(counts) == ["3"]
    for figures in counts.values():
        for what in ("emocore runs, no index", "first page, index", "runs by click", "run by address"):
            wall, cpu = figures[what]
            assert cpu > 0 and wall > 0
            assert f"{what} " in done.stdout
        assert figures["memory after 3 reruns"] > 10**7
        assert figures["0 sessions on the page run: refreshes/s"] == 0
        assert figures["2 sessions on the page run: refreshes/s"] > 0.3, "sessions refresh as a browser does"
        assert figures["2 sessions on the page run: server"] > figures["0 sessions on the page run: server"]
    assert processes_of_root(Path("emocore-app-")) == []
