"""Fixture: adapters of finished runs, which tests damage."""

import shutil
from pathlib import Path

import pytest

from emocore.run.folder import RunFolder


@pytest.fixture
def adapter(finished_runs: dict[str, RunFolder], tmp_path: Path) -> Path:
    """A copy of a good LoRA adapter."""
    return Path(shutil.copytree(finished_runs["lora"].adapter, tmp_path / "run" / "adapter"))


@pytest.fixture
def tfidf_adapter(finished_runs: dict[str, RunFolder], tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_runs["tfidf"].adapter, tmp_path / "run" / "adapter"))
