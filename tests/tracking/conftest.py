"""A W&B server of one's own, confirmed as such, and a key that it takes."""

from collections.abc import Iterator

import pytest

from emocore.system.keys import confirm_wandb_server
from tests.support.wandb_children import API_KEY
from tests.support.wandb_server import WandbServer


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        confirm_wandb_server(server.base_url)
        yield server
