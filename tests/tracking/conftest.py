"""A W&B server of one's own, confirmed as such, and a key that it takes."""

from collections.abc import Iterator

import pytest
from wandb_children import API_KEY
from wandb_server import WandbServer

from emocore.keys import confirm_wandb_server


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        confirm_wandb_server(server.base_url)
        yield server
