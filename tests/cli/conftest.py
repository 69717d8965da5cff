"""Fixture: a runs folder with a waiting run."""

from pathlib import Path

import pytest

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, runs_root


@pytest.fixture
def run(runs: Path) -> RunFolder:
    return create_run(runs_root(), RunConfig(method="tfidf"))
