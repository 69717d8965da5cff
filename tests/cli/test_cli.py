"""The output of commands that succeed; `test_cli_errors.py` tests refusals."""

import inspect
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from emocore.cli.main import cli, main
from emocore.jobs.queue import pause_queue, waiting_runs
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, runs_root
from emocore.run.state import RunStatus
from emocore.system.limits import DeviceLimits, read_limits
from emocore.system.processes import ProcessIdentity
from tests.support.command_line import run_process
from tests.support.live_runs import end_processes, stand_in, wait_for_status
from tests.support.refusals import assert_one_line
from tests.support.repository import REPOSITORY
from tests.support.tables import change_status, make_table
from tests.support.uploads import keep_upload

LIMITS = "Runs at once: at most 1 on the CPU and 4 on a GPU."
PAUSED = "note: the queue is paused; `python -m emocore queue --continue` continues it\n"


def test_no_runs_yet_is_not_an_error_and_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    output = capsys.readouterr()
    assert "python -m emocore study" in output.out
    assert output.err == ""
    assert main(["runs", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_there_is_nothing_to_wait_for_where_no_run_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", "--imported", "--wait"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_a_damaged_run_is_noted_next_to_the_list_of_the_others(
    run: RunFolder, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    damaged = create_run(runs_root(), RunConfig(method="tfidf"))
    (damaged.path / "state.json").write_text("{", encoding="utf-8")
    assert main(["runs", *options]) == 0
    output = capsys.readouterr()
    assert run.id in output.out
    assert damaged.id not in output.out
    assert output.err.startswith(f"note: run {damaged.id}: state.json is damaged")
    assert output.err.count("\n") == 1
    if options:
        assert [row["id"] for row in json.loads(output.out)] == [run.id]


def test_a_run_named_twice_is_deleted_once(
    run: RunFolder, refuse: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = refuse("delete", run.id)
    assert "nothing was deleted; answer y, or use --yes where nobody can answer" in told
    assert main(["delete", "--yes", run.id, run.id]) == 0
    assert capsys.readouterr().out == f"{run.id} deleted\n"
    assert not run.path.exists()


@pytest.fixture
def paused(runs: Path) -> list[RunFolder]:
    """Three runs in a paused queue."""
    pause_queue(runs_root())
    return [create_run(runs, RunConfig(method="tfidf", seed=seed)) for seed in range(3)]


def test_the_queue_is_shown_and_its_order_changed(paused: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = paused
    for arguments, order in ([[], [first, second, third]], [["--front", third.id], [third, first, second]]):
        assert main(["queue", *arguments]) == 0
        lines = ["The queue is paused; 3 waiting.", LIMITS, *(run.id for run in order)]
        assert capsys.readouterr() == ("\n".join(lines) + "\n", "")
        assert waiting_runs(runs_root()) == order


def test_an_empty_queue_is_paused_and_opened(capsys: pytest.CaptureFixture[str]) -> None:
    for option, state in (("--pause", "paused"), ("--pause", "paused"), ("--continue", "open"), ("--continue", "open")):
        assert main(["queue", option]) == 0
        assert capsys.readouterr().out == f"The queue is {state}; 0 waiting.\n{LIMITS}\n"


def test_the_limits_of_runs_at_once_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))
    assert main(["queue", "--cpu-runs", "2", "--gpu-runs", "8"]) == 0
    assert capsys.readouterr().out.endswith("\nRuns at once: at most 2 on the CPU and 8 on a GPU.\n")
    assert main(["queue", "--cpu-runs", "0"]) == 2
    assert "0 is not in the range" in capsys.readouterr().err
    assert read_limits() == DeviceLimits(cpu=2, gpu=8)


def test_ended_runs_are_resumed(paused: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = paused
    for run in (first, second):
        change_status(run, RunStatus.STOPPED)
    assert main(["resume", second.id, first.id, second.id]) == 0
    assert capsys.readouterr() == (f"{second.id}\n{first.id}\n", PAUSED)
    assert waiting_runs(runs_root()) == [third, second, first]


def test_a_clone_has_the_settings_of_the_other_but_for_those_that_were_changed(
    paused: list[RunFolder], small_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["launch", "--method", "tfidf", "--data", str(small_csv), "--seed", "5", "--study", "s"]) == 0
    assert main(["clone", list_runs(runs_root())[-1].id, "--seed", "6", "--set", "threshold=0.3"]) == 0
    output = capsys.readouterr()
    original, clone = list_runs(runs_root())[-2:]
    assert output.out == f"{original.id}\n{clone.id}\n"
    assert clone.config == original.config.model_copy(update={"seed": 6, "threshold": 0.3})
    assert main(["clone", clone.id]) == 0
    assert list_runs(runs_root())[-1].config == clone.config, "a clone needs no change"
    assert clone.state.status == RunStatus.QUEUED


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("emocore la", "plain,launch"),
        ("emocore clone a-run --lora-r", "plain,--lora-rank"),
        ("emocore study --preset f", "plain,fair"),
        ("emocore launch --data my", "file,my"),
    ],
)
def test_a_shell_completes_commands_options_choices_and_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, completed: str
) -> None:
    monkeypatch.setenv("_EMOCORE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    assert main([]) == 0
    assert capsys.readouterr().out == f"{completed}\n"


def test_each_option_of_a_command_is_a_parameter_of_its_function() -> None:
    names = cli.list_commands(click.Context(cli))
    for command in map(cli.commands.__getitem__, names):
        assert command.callback
        parameters = inspect.signature(command.callback).parameters.values()
        takes_settings = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        names, options = {parameter.name for parameter in parameters}, {option.name for option in command.params}
        assert takes_settings or names == options, command.name


def test_an_interrupted_command_and_a_closed_pipe_end_quietly(paused: list[RunFolder]) -> None:
    change_status(paused[0], RunStatus.STOPPED)
    command = [sys.executable, "-m", "emocore", "resume", "--wait", paused[0].id]
    child = subprocess.Popen(
        command, stdout=-1, stderr=-1, text=True, cwd=REPOSITORY,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored if a script runs the tests with `&`
    )  # fmt: skip
    assert child.stdout and child.stdout.readline() == f"{paused[0].id}\n"
    assert child.stderr and child.stderr.readline() == PAUSED, "and now it waits"
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=60) == ("", "") and child.returncode == 130

    reading, writing = os.pipe()
    os.close(reading)
    done = run_process("settings", "--json", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_finds_no_room_is_told_in_a_line(paused: list[RunFolder]) -> None:
    for command in (["runs", "--json"], ["methods"]):
        with Path("/dev/full").open("w") as full:
            done = run_process(*command, stdout=full)
        assert done.returncode == 2
        [line] = done.stderr.splitlines()
        assert "the output could not be written (No space left on device)" in line


def test_uploads_are_listed_and_those_of_no_run_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uploads"]) == 0
    assert capsys.readouterr().out == "No uploads.\n"
    used, unused = (
        keep_upload(runs_root(), f"{rows}.csv", make_table(rows).to_csv(index=False).encode()) for rows in (50, 60)
    )
    run = create_run(runs_root(), RunConfig(method="tfidf", data=str(used)))
    for path in (used, unused):
        os.utime(path, (1, 1))
    assert main(["uploads", "--json"]) == 0
    rows = {row["file"]: row["runs"] for row in json.loads(capsys.readouterr().out)}
    assert rows == {used.name: [run.id], unused.name: []}
    assert main(["uploads", "--remove-unused"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("1 removed, ") and used.name in output and unused.name not in output
    assert used.is_file() and not unused.exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["resume", "{id}"], "is queued; only a stopped, interrupted or failed run can be resumed"),
        (["stop", "{stopped}"], "is already stopped"),
        (["clone", "{id}", "--epochs", "0"], "epochs: "),
        (["queue", "--front", "{stopped}"], "is stopped; only a queued run can be moved to the front"),
        (["queue", "--pause", "--continue"], "--pause and --continue do not go together"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    paused: list[RunFolder], capsys: pytest.CaptureFixture[str], arguments: list[str], part: str
) -> None:
    change_status(paused[1], RunStatus.STOPPED)
    before = [run.stored_state for run in paused]
    status = main([text.format(id=paused[0].id, stopped=paused[1].id) for text in arguments])
    assert part in assert_one_line(status, *capsys.readouterr())
    assert [run.stored_state for run in list_runs(runs_root())] == before


@pytest.fixture
def answer() -> Iterator[Callable[..., "subprocess.CompletedProcess[str]"]]:
    """A command at a terminal where keys were typed."""
    terminal, command_side = pty.openpty()

    def run(keys: bytes, *arguments: str) -> "subprocess.CompletedProcess[str]":
        os.write(terminal, keys)
        return run_process(*arguments, stdin=command_side)

    yield run
    os.close(terminal)
    os.close(command_side)


def test_delete_asks_and_a_yes_deletes(paused: list[RunFolder], answer: Callable[..., Any]) -> None:
    done = answer(b"y\n", "delete", paused[0].id, paused[2].id)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Delete 2 runs with all files? [y/N] ")
    assert done.stdout.endswith(f"{paused[0].id} deleted\n{paused[2].id} deleted\n")
    assert list_runs(runs_root()) == [paused[1]]


@pytest.mark.parametrize("keys", [b"n\n", b"\x04"], ids=["no", "end of input"])
def test_any_other_answer_deletes_nothing(paused: list[RunFolder], answer: Callable[..., Any], keys: bytes) -> None:
    done = answer(keys, "delete", paused[0].id)
    assert done.returncode == 2
    assert done.stdout.startswith("Delete 1 run with all files? [y/N] ") and "deleted" not in done.stdout
    assert done.stderr.count("emocore: nothing was deleted") == 1 and "Traceback" not in done.stderr
    assert list_runs(runs_root()) == paused


@pytest.fixture
def root() -> Iterator[Path]:
    yield runs_root()
    end_processes(runs_root())


def test_one_refusal_among_several_leaves_no_run_without_a_scheduler(root: Path) -> None:
    """The runs before it were changed, and need a scheduler."""
    finished = create_run(root, RunConfig(method="tfidf"))
    change_status(finished, RunStatus.FINISHED)
    ended = create_run(root, RunConfig(method="tfidf", data="gone.csv"))
    change_status(ended, RunStatus.FAILED, reason="because")
    assert run_process("resume", ended.id, finished.id).returncode == 2
    wait_for_status(ended, RunStatus.FAILED)
    assert ended.state.attempts == 1
    end_processes(root)

    live = create_run(root, RunConfig(method="tfidf"))
    with live.lock() as lock:
        code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); time.sleep(600)"
        child = subprocess.Popen(stand_in(live, code), pass_fds=[lock], start_new_session=True)
        live.change_state(RunStatus.RUNNING, process=ProcessIdentity.of(child.pid), device="cpu", started_at=1.0)
    assert run_process("stop", live.id, finished.id).returncode == 2
    assert child.wait(20) == -signal.SIGINT
    wait_for_status(live, RunStatus.STOPPED)


def test_waiting_for_a_resumed_run_tells_how_it_ended(root: Path) -> None:
    run = create_run(root, RunConfig(method="tfidf", data="gone.csv"))
    change_status(run, RunStatus.FAILED, reason="because")
    done = run_process("resume", "--wait", run.id)
    assert (done.returncode, done.stdout) == (1, f"{run.id}\n")
    assert done.stderr.startswith(f"emocore: run {run.id} failed: ") and "gone.csv" in done.stderr
    assert done.stderr.count("\n") == 1
