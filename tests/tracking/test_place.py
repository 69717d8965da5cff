"""Valid and invalid content of `wandb.json`."""

from pathlib import Path
from typing import Any

import pytest

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.listing import create_run
from emocore.run.wandb_place import WandbPlace
from emocore.tracking.place import known_place, read_place
from tests.support.records import write_raw
from tests.support.tables import make_place

PLACE = make_place(url="https://wandb.ai/e/p%20q/runs/r?x=1", base_url="https://api.wandb.ai")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": None},
        {"url": "http://127.0.0.1:8080/e/p"},
        {"url": "https://w.example"},
        {"base_url": "http://localhost:8080/path"},
        {"mode": "offline", "entity": None, "url": None, "base_url": None},
    ],
)
def test_a_place_that_can_be_such_is_known(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = create_run(tmp_path, RunConfig())
    write_raw(run, "wandb.json", PLACE | changes)
    assert read_place(run) == WandbPlace(**PLACE | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "javascript:alert(1)"},
        {"url": "file:///etc/passwd"},
        {"url": "https://user:word@wandb.ai/e"},
        {"url": "https://wandb.ai/e) ![x](https://evil.example/pixel.png"},
        {"url": "https://wandb.ai/a b"},
        {"url": "https://wandb.ai/<a>"},
        {"url": "https://wandb.ai:99999/e"},
        {"base_url": "ftp://api.wandb.ai"},
        {"base_url": "https://user:word@api.wandb.ai"},
        {"base_url": "https://api.wandb.ai\n.evil.example"},
        {"base_url": None},
        {"reason": "x" * 10_000},
        {"entity": "x" * 10_000},
        {"entity": 10**400},
        {"mode": []},
        {"complete": "yes"},
    ],
)
def test_any_other_one_is_damaged(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = create_run(tmp_path, RunConfig())
    write_raw(run, "wandb.json", PLACE | changes)
    with pytest.raises(RunError, match=r"^wandb\.json is damaged \(.*\), so it is not known where the run is on W&B"):
        read_place(run)
    assert known_place(run) is None
