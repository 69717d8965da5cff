"""Fixture: a runs folder with a waiting run that nobody starts."""

from pathlib import Path

import pytest

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, runs_root


@pytest.fixture
def run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", lambda root: None)  # which would train it
    return create_run(runs_root(), RunConfig(method="tfidf"))
