"""Keys reach the environment from the secrets file, and never override what is set there."""

import os
from pathlib import Path

import pytest

from emocore.errors import ConfigError
from emocore.system import secrets


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(secrets, "SECRETS_FILE", path)
    for name in secrets.SECRET_NAMES:  # set and removed, so that the test's own changes are undone
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return path


def test_what_the_environment_lacks_is_taken_from_the_file(secrets_file: Path) -> None:
    secrets_file.write_text('HF_TOKEN = "from the file"\nOTHER = "not ours"\n')
    secrets.load_secrets()
    assert os.environ["HF_TOKEN"] == "from the file"
    assert "OTHER" not in os.environ and "WANDB_API_KEY" not in os.environ


def test_the_environment_wins(secrets_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "from the environment")
    secrets_file.write_text('HF_TOKEN = "from the file"\n')
    secrets.load_secrets()
    assert os.environ["HF_TOKEN"] == "from the environment"


def test_a_broken_file_is_named(secrets_file: Path) -> None:
    secrets_file.write_text("HF_TOKEN = \n")
    with pytest.raises(ConfigError, match=r"secrets\.toml: not valid TOML"):
        secrets.load_secrets()


def test_no_file_is_fine(secrets_file: Path) -> None:
    secrets.load_secrets()
