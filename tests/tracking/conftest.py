"""A W&B server of one's own, and a key that it takes."""

from collections.abc import Iterator

import pytest
from wandb_children import API_KEY
from wandb_server import WandbServer


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server
