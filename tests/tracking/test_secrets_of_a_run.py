"""A key and a token reach a run only by its environment: they are in no file, log, command line or request.

Real runs under a real scheduler, one that finishes and one that fails, and the sync of what they left.
"""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.keys import confirm_wandb_server
from emocore.tracking.sync import sync_run
from tests.support.live_runs import describe, end_processes, queue_run, start_scheduler, wait_for_status
from tests.support.wandb_children import place_of
from tests.support.wandb_server import WandbServer

KEY = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2"
TOKEN = "hf_veryUniqueTokenThatNobodyElseHas0042"
FORMS = [secret.encode() for secret in (KEY, TOKEN)]
FORMS += [base64.b64encode(form) for form in (KEY.encode(), f"api:{KEY}".encode(), TOKEN.encode())]


@dataclass
class Witness:
    """What was seen of the runs from outside: command lines by the name of their program."""

    root: Path
    server: WandbServer
    runs: list[RunFolder]
    command_lines: dict[str, set[str]] = field(default_factory=dict)

    def watch(self, scheduler: psutil.Process, is_over: threading.Event) -> None:
        while not is_over.is_set():
            with contextlib.suppress(psutil.Error):
                for process in [scheduler, *scheduler.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        self.command_lines.setdefault(process.name(), set()).add(" ".join(process.cmdline()))
            time.sleep(0.05)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> Iterator[Witness]:
    root = tmp_path_factory.mktemp("secrets")
    is_over = threading.Event()
    with WandbServer() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in (("WANDB_API_KEY", KEY), ("HF_TOKEN", TOKEN)):
            patch.setenv(name, value)
        confirm_wandb_server(server.base_url)
        good = queue_run(root, small_csv, method="tfidf", base=str(tiny_bert), wandb_base_url=server.base_url)
        bad = queue_run(
            root, small_csv, base=str(tiny_bert), wandb_base_url=server.base_url, target_modules=["no_such_layer"]
        )
        witness = Witness(root, server, [good, bad])
        scheduler = psutil.Process(start_scheduler(root).pid)
        watcher = threading.Thread(target=witness.watch, args=(scheduler, is_over))
        watcher.start()
        try:
            wait_for_status(good, RunStatus.FINISHED)
            wait_for_status(bad, RunStatus.FAILED)
            for run in (good, bad):
                sync_run(run)
            yield witness
        finally:
            is_over.set()
            watcher.join()
            end_processes(root)


def test_the_runs_were_online_and_seen(witness: Witness) -> None:
    """Otherwise the tests below would prove nothing."""
    for run in witness.runs:
        assert place_of(run)["mode"] == "online", describe(run)
    assert {"wandb-core"} < set(witness.command_lines)
    assert any("emocore.training" in line for lines in witness.command_lines.values() for line in lines)
    assert len(witness.server.requests) > 10


def test_no_file_holds_a_secret(witness: Witness) -> None:
    files = [path for path in witness.root.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"run.log", "state.json", "wandb.json", ".scheduler.log"}
    holders = [str(path) for path in files if any(form in path.read_bytes() for form in FORMS)]
    assert holders == []


def test_no_command_line_holds_a_secret(witness: Witness) -> None:
    everything = json.dumps({name: sorted(lines) for name, lines in witness.command_lines.items()}).encode()
    assert [form for form in FORMS if form in everything] == []


def test_no_request_holds_a_secret_but_the_authorization(witness: Witness) -> None:
    for request in witness.server.requests:
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        sent = f"{request.path} {request.body} {headers}".encode()
        assert [form for form in FORMS if form in sent] == []
        assert TOKEN not in request.headers.get("Authorization", "")
