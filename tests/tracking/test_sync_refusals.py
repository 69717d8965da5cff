"""The reason why a run cannot be sent to W&B is reported in time and in one sentence."""

import contextlib
import time
from functools import partial
from pathlib import Path

import pytest

from emocore.errors import ConfigError, RunError
from emocore.run.folder import RunFolder
from emocore.tracking.sync import sync_run
from tests.support.threads import at_once
from tests.support.wandb_children import API_KEY, FAULTS, place_of
from tests.support.wandb_server import WandbServer
from tests.tracking.test_sync import offline_run

MOST_SECONDS = 30
BREAK = FAULTS | {"another team's": lambda server: server.fail(403)}
REFUSALS = {
    "refusing the key": "does not accept the key; check WANDB_API_KEY",
    "overrun": "rate limit",
    "dead": "could not be reached",
    "silent": "does not answer in time",
    "another team's": "denies access to this key",
}

pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What a sync says of each fault, and after how many seconds. They mostly wait, so they do it together."""
    root = tmp_path_factory.mktemp("refused")

    def sync_in_vain(run: RunFolder) -> tuple[str, float]:
        before = place_of(run)
        began = time.monotonic()
        with pytest.raises(RunError, match=f"run {run.id} was not sent to W&B: .*then sync it again") as caught:
            sync_run(run)
        assert place_of(run) == before
        return str(caught.value), time.monotonic() - began

    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setenv("WANDB_API_KEY", API_KEY)
        calls = []
        for fault in REFUSALS:
            server = stack.enter_context(WandbServer())
            calls.append(partial(sync_in_vain, offline_run(root, server)))
            BREAK[fault](server)
        return dict(zip(REFUSALS, at_once(*calls), strict=True))


@pytest.mark.parametrize("fault", REFUSALS)
def test_what_keeps_a_run_from_being_sent_is_said_in_time(refused: dict[str, tuple[str, float]], fault: str) -> None:
    words, seconds = refused[fault]
    print(f"{seconds:.1f} s")
    assert seconds < MOST_SECONDS
    assert REFUSALS[fault] in words
    assert API_KEY not in words and "Error" not in words


def test_without_a_key_it_is_said_what_to_set(
    server: WandbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(ConfigError, match="WANDB_API_KEY is not set"):
        sync_run(offline_run(tmp_path, server))
    assert server.requests == []
