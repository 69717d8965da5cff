"""A W&B server of one's own, confirmed as such, and a key that it takes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from wandb_children import API_KEY
from wandb_server import WandbServer

from emocore.keys import confirm_wandb_server


@pytest.fixture(scope="session")
def user_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(scope="session", autouse=True)
def shared_settings_of_session(user_settings: Path, isolated_session: None) -> Iterator[None]:
    """What a fixture of a module has confirmed holds for its tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOCORE_SETTINGS", str(user_settings))
        yield


@pytest.fixture(autouse=True)
def shared_settings(user_settings: Path, isolated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(user_settings))


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)


@pytest.fixture
def server(shared_settings: None) -> Iterator[WandbServer]:
    with WandbServer() as server:
        confirm_wandb_server(server.base_url)
        yield server
