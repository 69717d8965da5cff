"""Run folders are created completely, locked by live processes, and changed and deleted safely."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.jobs.delete import delete_run
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, find_run, list_runs, look_at_runs, runs_root
from emocore.run.state import RunStatus
from tests.support.records import read_raw
from tests.support.tables import change_status
from tests.support.threads import meanwhile

ACTIVE = [RunStatus.STARTING, RunStatus.RUNNING, RunStatus.EVALUATING]
FINAL = [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED, RunStatus.IMPORTED]
WAIT_FOR_INPUT = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create_run(tmp_path, RunConfig(method="tfidf"))


def test_statuses_are_waiting_active_or_final() -> None:
    assert [status for status in RunStatus if status.is_active] == ACTIVE
    assert [status for status in RunStatus if status.is_final] == FINAL
    assert [status for status in RunStatus if status.is_resumable] == FINAL[1:], "all that ended without a result"
    assert set(RunStatus) == {RunStatus.QUEUED, *ACTIVE, *FINAL}


def test_a_new_run_is_queued_with_its_complete_config(tmp_path: Path) -> None:
    config = RunConfig(method="lora", base="google/gemma-1.1-2b-it", seed=7, study="étude")
    run = create_run(tmp_path, config)
    assert run.config == config
    assert run.state.status == RunStatus.QUEUED
    assert run.state.started_at is None
    assert set(read_raw(run, "config.json")) == {"format", *RunConfig.model_fields}
    assert [path.name for path in tmp_path.iterdir()] == [run.id]  # no draft is left


def test_an_id_says_time_method_and_base(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunConfig(method="ia3", base="google/gemma-1.1-2b-it"))
    date, time, rest = run.id.split("-", 2)
    assert (len(date), len(time)) == (8, 6)
    assert rest.startswith("ia3-gemma-1.1-2b-it-")


@pytest.mark.parametrize("base", ["/models/My Model (v2)", "../..", "a" * 300, "owner/naïve:model*"])
def test_any_base_gives_an_id_that_is_a_plain_folder_name(tmp_path: Path, base: str) -> None:
    run = create_run(tmp_path, RunConfig(base=base))
    assert run.path.parent == tmp_path
    assert not set(run.id) & set(" ()/\\:*?")
    assert find_run(tmp_path, run.id).config.base == base


def test_ids_of_one_second_differ(tmp_path: Path) -> None:
    assert len({create_run(tmp_path, RunConfig()).id for _ in range(20)}) == 20


def test_runs_of_one_second_are_listed_in_the_order_of_their_creation(tmp_path: Path) -> None:
    runs = [create_run(tmp_path, RunConfig(method=method)) for method in ("tfidf", "qlora", "lora", "ia3", "head")]
    assert list_runs(tmp_path) == runs


def test_drafts_remains_and_strangers_are_no_runs(run: RunFolder) -> None:
    root = run.path.parent
    for name in (".draft-20240101-000000-c", ".deleted-20240101-000000-d"):
        shutil.copytree(run.path, root / name)
    (root / "no-state").mkdir()
    (root / "README.md").write_text("about this folder")
    assert list_runs(root) == [run]
    assert look_at_runs(root).damaged == []


@pytest.mark.parametrize("name", ["config.json", "state.json"])
@pytest.mark.parametrize("content", ["", "{", "[]", '{"status": "lost", "optimizer": "sgd"}'])
def test_a_damaged_run_is_named_and_does_not_hide_the_others(run: RunFolder, name: str, content: str) -> None:
    root = run.path.parent
    damaged = create_run(root, RunConfig(method="tfidf"))
    assert (damaged.config, damaged.state.status) == (run.config, RunStatus.QUEUED)  # what was read is not kept
    (damaged.path / name).write_text(content)
    assert list_runs(root) == [run]
    [problem] = look_at_runs(root).damaged
    assert damaged.id in problem
    assert name in problem
    with pytest.raises(RunError, match=f"run {damaged.id}: {name}"):
        _ = damaged.config if name == "config.json" else damaged.stored_state
    assert find_run(root, damaged.id) == damaged  # so that it can be looked at and deleted


@pytest.mark.parametrize(
    "name", ["", ".", "..", "missing", "../{id}", "{id}/../{id}", "{path}/..", ".draft", "a" * 300]
)
def test_only_the_exact_id_of_a_run_finds_it(run: RunFolder, name: str) -> None:
    root = run.path.parent
    (root / ".draft").mkdir()
    (root / ".draft" / "state.json").write_text("{}")
    assert find_run(root, run.id) == run
    with pytest.raises(RunError, match="emocore runs"):
        find_run(root, name.format(id=run.id, path=run.path))


def test_a_change_of_state_keeps_what_it_does_not_name(run: RunFolder) -> None:
    created_at = run.state.created_at
    with run.lock():
        run.change_state(RunStatus.RUNNING, device="cpu", attempts=2, started_at=created_at + 1)
        run.change_state(RunStatus.EVALUATING)
        state = run.state
    assert (state.status, state.device, state.attempts) == (RunStatus.EVALUATING, "cpu", 2)
    assert (state.created_at, state.started_at, state.ended_at) == (created_at, created_at + 1, None)


@pytest.mark.parametrize("status", ACTIVE)
def test_an_active_state_without_a_living_holder_reads_as_interrupted(run: RunFolder, status: RunStatus) -> None:
    change_status(run, status)
    assert run.state.status == RunStatus.INTERRUPTED
    assert "process ended" in (run.state.reason or "")
    assert run.stored_state.status == status
    with run.lock():
        assert run.state.status == status


@pytest.mark.parametrize("status", [RunStatus.QUEUED, *FINAL])
def test_other_states_need_no_holder_and_the_final_ones_have_a_time(run: RunFolder, status: RunStatus) -> None:
    change_status(run, status, reason="because")
    state = run.state
    assert (state.status, state.reason) == (status, "because")
    assert status == RunStatus.QUEUED or (state.ended_at and state.ended_at >= state.created_at)


def test_a_lock_admits_one_holder_and_is_free_afterwards(run: RunFolder) -> None:
    assert not run.is_locked
    with run.lock():
        assert run.is_locked
        with pytest.raises(RunError, match=f"run {run.id} is being worked on"), run.lock():
            pass
        assert run.is_locked  # the refused attempt has not taken the lock along
    assert not run.is_locked
    with run.lock():
        pass


def test_a_reader_that_a_busy_machine_holds_up_is_waited_for(run: RunFolder) -> None:
    with (run.path / "run.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.5, lambda: fcntl.flock(file, fcntl.LOCK_UN)).start()
        began = time.monotonic()
        with run.lock():
            assert time.monotonic() - began > 0.3


def test_readers_that_look_at_a_lock_do_not_keep_it_from_its_holder(run: RunFolder) -> None:
    looks: list[bool] = []

    def look() -> None:
        time.sleep(0.0005)
        looks.append(run.is_locked)

    with meanwhile(look):
        while len(looks) < 50:
            with run.lock():
                pass


@pytest.mark.parametrize("kill", [False, True])
def test_a_child_keeps_the_lock_until_it_ends_in_whatever_way(run: RunFolder, kill: bool) -> None:
    with run.lock() as descriptor:
        child = subprocess.Popen(WAIT_FOR_INPUT, stdin=subprocess.PIPE, pass_fds=[descriptor])
    try:
        assert run.is_locked
        with pytest.raises(RunError), run.lock():
            pass
    finally:
        if kill:
            os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    assert not run.is_locked


def test_a_run_whose_process_has_gone_is_deleted_with_all_its_files(run: RunFolder) -> None:
    change_status(run, RunStatus.RUNNING)
    run.checkpoints.mkdir()
    (run.checkpoints / "weights").write_text("x")
    delete_run(run)
    assert list(run.path.parent.iterdir()) == list_runs(run.path.parent) == []


@pytest.mark.parametrize("status", ACTIVE)
def test_a_live_run_is_not_deleted(run: RunFolder, status: RunStatus) -> None:
    with run.lock():
        run.change_state(status)
        with pytest.raises(RunError, match=f"is {status}; stop it before deleting it"):
            delete_run(run)
    assert run.config.method == "tfidf"


def test_a_run_that_is_just_being_taken_up_is_not_deleted(run: RunFolder) -> None:
    with run.lock(), pytest.raises(RunError, match="stop it first"):
        delete_run(run)
    assert list_runs(run.path.parent) == [run]


def test_the_end_of_a_log_is_read_without_its_beginning(run: RunFolder) -> None:
    assert run.tail_log(3) == ""
    lines = [f"line {number} é" for number in range(10_000)]
    run.log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run.tail_log(3).splitlines() == lines[-3:]


def test_a_log_with_broken_bytes_can_be_shown(run: RunFolder) -> None:
    run.log.write_bytes(b"before\n\xff\xfe\nafter\n")
    assert run.tail_log(5).splitlines()[0] == "before"
    assert run.tail_log(1) == "after"


@pytest.mark.parametrize("value", ["{home}/deep/runs", "~/deep/runs", "deep/runs"])
def test_the_runs_folder_is_where_the_environment_says_and_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOCORE_RUNS", value.format(home=tmp_path))
    assert runs_root() == tmp_path / "deep" / "runs"
    assert runs_root().is_dir()


@pytest.mark.parametrize("value", ["{file}", "{file}/runs", "~nosuchuser/runs"])
def test_a_runs_folder_that_cannot_be_made_is_refused_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (tmp_path / "file").touch()
    configured = value.format(file=tmp_path / "file")
    monkeypatch.setenv("EMOCORE_RUNS", configured)
    with pytest.raises(RunError, match=f"the runs folder {configured} cannot be used"):
        runs_root()
