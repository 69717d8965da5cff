"""Runs that ended offline, or of which W&B lacks a part, are sent later, completely and once."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import RunScores
from emocore.run.state import RunStatus
from emocore.system.keys import confirm_wandb_server
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.remote import is_same, merge_rows
from emocore.tracking.summary import unflatten_provenance, unflatten_result
from emocore.tracking.sync import can_sync, sync_run
from tests.support.damaged_folders import Damage, put_bytes, put_link, replace_with
from tests.support.live_runs import wait_for
from tests.support.records import write_raw, write_rows
from tests.support.repository import REPOSITORY
from tests.support.small_disks import fill, free, small_disk
from tests.support.tables import change_status, finish_run, make_place
from tests.support.wandb_children import API_KEY, assert_no_key, children, new_run, place_of
from tests.support.wandb_server import StoredRun, WandbServer
from tests.support.wandb_store import HISTORY

pytestmark = pytest.mark.usefixtures("key")


def log_steps(run: RunFolder, steps: int) -> None:
    for step in range(1, steps + 1):
        row = {"step": step, "total_steps": steps, "epoch": step / steps, "seconds": step / 10}
        scored = [row | {"validation/f1_macro": step / steps}] if step % 5 == 0 else []
        write_rows(run.metrics, [row | {"train/loss": math.nan if step == 3 else 1 / step}, *scored])


def offline_run(root: Path, server: WandbServer, steps: int = 12) -> RunFolder:
    """A finished run that W&B has never heard of, and whose server its user has confirmed."""
    confirm_wandb_server(server.base_url)
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    config = RunConfig(wandb_base_url=server.base_url, wandb_project="emotions")
    run = finish_run(root, config, truth, truth * 2.0 - 1, ("anger", "joy/delight"))
    log_steps(run, steps)
    nowhere = {"entity": None, "url": None, "base_url": None}
    place = make_place(mode="offline", reason="W&B could not be reached", project="emotions", id=run.id, **nowhere)
    write_raw(run, "wandb.json", place)
    return run


def the_run(server: WandbServer) -> StoredRun:
    [stored] = server.runs.values()
    return stored


def assert_the_same(stored: StoredRun, run: RunFolder) -> None:
    there, here = merge_rows(stored.history), merge_rows(read_metrics(run.metrics))
    assert there.keys() == here.keys()
    for step, row in here.items():
        assert there[step].keys() == row.keys()
        assert all(is_same(value, there[step][name]) for name, value in row.items())


def test_an_offline_run_is_sent_once_with_all_that_it_is(server: WandbServer, tmp_path: Path) -> None:
    run = offline_run(tmp_path, server)
    assert can_sync(run)
    report = sync_run(run)
    assert (report.rows_sent, report.was_there) == (12, False)
    assert str(report) == f"sent to W&B, 12 steps with settings and results: {report.url}"
    stored = the_run(server)
    assert stored.key == ("team", "emotions", run.id)
    assert (stored.state, stored.exit_code, stored.config) == ("finished", 0, run.config.model_dump())
    assert_the_same(stored, run)
    assert RunScores.model_validate(unflatten_result(stored.summary)) == run.scores
    assert unflatten_provenance(stored.summary)["labels"] == ["anger", "joy/delight"]
    url = f"{server.base_url}/team/emotions/runs/{run.id}"
    assert place_of(run) == make_place(project="emotions", id=run.id, url=url, base_url=server.base_url, complete=True)
    assert not can_sync(run)
    sent = len([request for request in server.requests if request.path.endswith("file_stream")])
    again = sync_run(run)
    assert (again.was_there, again.rows_sent, again.url) == (True, 0, report.url)
    assert str(again).startswith("already on W&B, nothing was sent")
    assert len([request for request in server.requests if request.path.endswith("file_stream")]) == sent
    assert_no_key(run)
    assert not (run.path / "wandb").exists(), "the client's own files are not left behind"
    assert server.unknown == []


def test_an_end_that_did_not_reach_w_and_b_is_sent_with_the_next_sync(server: WandbServer, tmp_path: Path) -> None:
    run = offline_run(tmp_path, server)
    sync_run(run)
    the_run(server).state = "running"
    sync_run(run)
    assert the_run(server).state == "finished"
    assert_the_same(the_run(server), run)


def test_a_sync_that_was_killed_is_simply_repeated(server: WandbServer, tmp_path: Path) -> None:
    run = offline_run(tmp_path, server, steps=400)
    before = place_of(run)
    with (tmp_path / "sync.log").open("wb") as log:
        first = subprocess.Popen(
            [sys.executable, "-m", "emocore.tracking.sync", str(run.path)],
            cwd=REPOSITORY, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    wait_for(lambda: server.runs and the_run(server).history, 30, "the first rows")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    time.sleep(1)  # what is under way may still arrive
    stored = the_run(server)
    del stored.streams[HISTORY][150:]  # as if the death had come earlier
    stored.state = "running"
    assert place_of(run) == before
    report = sync_run(run)
    assert report.rows_sent == 250
    assert_the_same(stored, run)
    assert [row["train/global_step"] for row in stored.history] == list(range(1, 401))
    assert stored.state == "finished"
    assert sync_run(run).was_there


@pytest.fixture(scope="module")
def half_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunFolder, WandbServer]]:
    """Online, then killed; resumed offline, then stopped: W&B has the beginning and some steps after it."""
    with WandbServer() as server, children() as start, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_API_KEY", API_KEY)
        child = start(new_run(tmp_path_factory.mktemp("half"), server))
        child.tell("log 12")
        wait_for(lambda: len(the_run(server).history) == 14, 20, "the rows")
        child.end()
        server.fail(401)
        start(child.run, 10).finish("log 7", "end 1")
        server.recover()
        change_status(child.run, RunStatus.STOPPED, reason="stopped by the user")
        yield child.run, server


def test_of_a_run_that_was_partly_online_only_the_rest_is_sent(half_there: tuple[RunFolder, WandbServer]) -> None:
    run, server = half_there
    assert can_sync(run)
    report = sync_run(run)
    assert 5 <= report.rows_sent <= 7, "steps 13 to 17, and those of 11 and 12 that were logged again at another time"
    stored = the_run(server)
    assert_the_same(stored, run)
    assert (stored.state, stored.exit_code) == ("failed", 1)
    assert stored.summary["train/loss"] == pytest.approx(1 / 17)
    assert sync_run(run).was_there


def test_a_run_that_has_not_ended_is_not_sent(server: WandbServer, tmp_path: Path) -> None:
    run = new_run(tmp_path, server)
    with pytest.raises(RunError, match="is queued; it can be sent to W&B when it has ended"):
        sync_run(run)
    with run.lock(), pytest.raises(RunError, match="is being worked on"):
        sync_run(run)
    assert not can_sync(run)
    assert server.requests == []


def test_a_run_whose_process_died_without_a_word_can_be_sent(server: WandbServer, tmp_path: Path) -> None:
    run = offline_run(tmp_path, server)
    change_status(run, RunStatus.RUNNING)
    assert run.state.status == RunStatus.INTERRUPTED
    write_rows(run.metrics, [{"step": 13, "total_steps": 12, "epoch": 1.0, "seconds": 9.0, "train/loss": 0.1}])
    assert sync_run(run).rows_sent == 13
    assert run.stored_state.status == RunStatus.INTERRUPTED, "it does not look alive while it is sent"
    assert the_run(server).state == "failed"


def test_there_is_nothing_to_sync_of_a_run_that_never_began(server: WandbServer, tmp_path: Path) -> None:
    run = new_run(tmp_path, server)
    change_status(run, RunStatus.STOPPED)
    assert not can_sync(run)
    log_steps(run, 1)
    assert can_sync(run), "what an attempt logged may be sent, even if its W&B never started"


@pytest.mark.parametrize("content", ["{", '{"complete": true}'])
def test_a_damaged_note_on_where_it_is_is_written_anew(server: WandbServer, tmp_path: Path, content: str) -> None:
    run = offline_run(tmp_path, server)
    (run.path / "wandb.json").write_text(content)
    assert can_sync(run)
    assert sync_run(run).rows_sent == 12
    assert place_of(run)["url"] == f"{server.base_url}/team/emotions/runs/{run.id}"
    assert not can_sync(run)


@pytest.mark.parametrize(
    ("file", "damage", "words"),
    [
        ("result.json", put_bytes(b"{"), "result.json is damaged (it should hold one JSON object); run it again"),
        ("metrics.jsonl", put_link("/proc/self/mem"), "cannot be read (it is a link that leads out of its folder)"),
        ("config.json", put_bytes(b"{"), "config.json is damaged"),
    ],
)
def test_trouble_of_this_machine_is_not_blamed_on_w_and_b(
    server: WandbServer, tmp_path: Path, file: str, damage: Damage, words: str
) -> None:
    run = offline_run(tmp_path, server)
    replace_with(damage)(run.path / file)
    with pytest.raises(RunError) as caught:
        sync_run(run)
    assert words in str(caught.value)
    assert run.id in str(caught.value)
    assert not [blame for blame in ("W&B could", "W&B refused", "died") if blame in str(caught.value)]
    assert "\n" not in str(caught.value)
    assert server.runs == {}


def test_a_disk_that_is_full_is_said_after_the_run_was_sent(server: WandbServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        run = offline_run(disk, server)
        before = place_of(run)
        fill(disk)
        words = r"is on W&B at http.*, but run .* cannot be changed \(No space left"
        with pytest.raises(RunError, match=words) as caught:
            sync_run(run)
        assert "\n" not in str(caught.value)
        assert (place_of(run), the_run(server).state) == (before, "finished")
        free(disk)
        assert sync_run(run).was_there


def test_a_process_that_cannot_be_started_is_said_in_one_line(
    server: WandbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = offline_run(tmp_path, server)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with pytest.raises(RunError, match=r"that sends it could not be started \(No such file or directory"):
        sync_run(run)
