"""Runs with every file that a run may have, for tests that damage one of them."""

from pathlib import Path

import numpy as np

from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.processes import ProcessIdentity, current_boot_id
from tests.support.records import write_raw, write_rows
from tests.support.tables import COST, LABELS, change_status, finish_run, make_place

STATES = ("finished", "queued", "running")  # the last without its process


def shelve(root: Path) -> dict[str, RunFolder]:
    """One complete run in each of STATES, with every file that a run may have."""
    root.mkdir(parents=True, exist_ok=True)
    truth = np.tile([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]], (10, 1))
    test = (truth[::-1], truth[::-1] * 2.0 - 1)
    origin = {
        "emocore": "0.1.0",
        "code": {"revision": "0" * 40, "dirty": False},
        "python": "3.11.2",
        "platform": "Linux",
        "packages": {"torch": "2.0", "bitsandbytes": None},
        "data_sha256": {"data": "b" * 64},
        "rows": {"train": 100, "validation": 30, "test": 30},
    }
    configs = {
        "finished": RunConfig(method="lora", study="s", device="cpu"),
        "queued": RunConfig(method="tfidf", study="s", device="cpu"),
        "running": RunConfig(method="ia3", study="s", device="cpu"),
    }
    resolved = {state: resolve(config)[0] for state, config in configs.items()}
    runs = {
        "finished": finish_run(root, resolved["finished"], truth, truth * 2.0 - 1, LABELS, COST, origin, test),
        "queued": create_run(root, resolved["queued"]),
        "running": create_run(root, resolved["running"]),
    }
    gone = ProcessIdentity(pid=2**22 - 1, start_ticks=1, boot_id=current_boot_id(), oom_kills=0)
    for state, run in runs.items():
        change_status(run, RunStatus(state), started_at=1e9, attempts=1, device="cpu", process=gone)
        _complete(run)
    return runs


def _complete(run: RunFolder) -> None:
    scores = {"train/loss": 0.5, "validation/f1_macro": 0.4, "validation/f1_micro": 0.6}
    steps = [{"step": step, "total_steps": 3, "epoch": step / 3, "seconds": 2.0 * step} for step in (1, 2, 3)]
    write_rows(run.metrics, [step | scores for step in steps])
    run.log.write_text("the last words\n", encoding="utf-8")
    place = make_place(mode="offline", entity=None, url=None, base_url="https://api.wandb.ai")
    write_raw(run, "wandb.json", place)
    for folder in (run.adapter, run.checkpoints):
        folder.mkdir(exist_ok=True)
    run.adapter.joinpath("adapter_config.json").write_text("{}", encoding="utf-8")
    (run.path / "run.lock").touch()
    (run.path / "stop.request").touch()
