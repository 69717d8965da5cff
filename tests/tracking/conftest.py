"""Fixtures: the user's own, confirmed W&B server, and a key that it accepts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emocore.system.keys import confirm_wandb_server
from tests.support.wandb_children import API_KEY, Child, children, new_run
from tests.support.wandb_server import WandbServer


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        confirm_wandb_server(server.base_url)
        yield server


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    with children() as start:
        yield start


@pytest.fixture
def child(server: WandbServer, start: Callable[..., Child], tmp_path: Path) -> Child:
    """A process whose run is online at `server` and has no row yet."""
    return start(new_run(tmp_path, server))
