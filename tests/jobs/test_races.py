"""Several processes act on the same run or folder at the same moment: one wins, and nothing is damaged."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from emocore.jobs.queue import waiting_runs
from emocore.jobs.scheduler import LOG_FILE
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, look_at_runs
from emocore.run.state import RunStatus
from tests.support.forks import ForkedPython
from tests.support.live_runs import processes_of_root, wait_for
from tests.support.repository import REPOSITORY
from tests.support.tables import change_status

RUNS = 25
# All take the runs in the same order, each run at a moment of its own, and say what became of it.
RACER = """
import json, sys, time
from pathlib import Path
from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import move_to_front, resume_run
from emocore.jobs.stop import request_stop
action = {"delete": delete_run, "move": move_to_front, "resume": resume_run, "stop": request_stop}[sys.argv[1]]
root, answers = Path(sys.argv[2]), []
print("ready", flush=True)
begin = float(input())
for number, name in enumerate(sys.argv[3:]):
    time.sleep(max(0.0, begin + 0.02 * number - 0.002 - time.time()))
    while time.time() < begin + 0.02 * number:
        pass
    try:
        action(RunFolder(root / name))
        answers.append("won")
    except RunError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""
LAUNCHER = """
import sys
from pathlib import Path
from emocore.run.config import RunConfig
from emocore.jobs.launch import launch, plan_runs
from emocore.jobs.queue import tend_queue
root = Path(sys.argv[1])
plan = plan_runs([RunConfig(method="tfidf", data=sys.argv[2], seed=seed) for seed in range(3)])
print("ready", flush=True)
input()
for run in launch(plan, root):
    print(run.id)
for _ in range(20):
    tend_queue(root)
"""


def add_runs(root: Path, status: RunStatus) -> list[RunFolder]:
    runs = [create_run(root, RunConfig(method="tfidf")) for _ in range(RUNS)]
    for run in runs:
        change_status(run, status)
    return runs


def start_together(*commands: list[str]) -> list[ForkedPython]:
    """Processes of this code with these arguments that have all done their imports, said so, and wait for a line."""
    processes = [
        ForkedPython(
            [sys.executable, "-c", *command],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for command in commands
    ]
    for process in processes:
        assert process.stdout and process.stdout.readline() == b"ready\n"
    return processes


def tell(processes: list[ForkedPython], line: str) -> None:
    for process in processes:
        assert process.stdin
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()


def race(runs: list[RunFolder], *actions: str) -> list[list[str]]:
    """For each run what became of each action, which all are tried at once."""
    root, names = str(runs[0].path.parent), [run.id for run in runs]
    racers = start_together(*([RACER, action, root, *names] for action in actions))
    tell(racers, str(time.time() + 0.1))
    outputs = [racer.communicate(timeout=60) for racer in racers]
    assert [errors for _, errors in outputs] == [b""] * len(actions)
    answers: list[Any] = [json.loads(output) for output, _ in outputs]
    return [list(each) for each in zip(*answers, strict=True)]


def winners(answers: list[list[str]]) -> list[int]:
    return [each.count("won") for each in answers]


def assert_undamaged(root: Path) -> None:
    assert look_at_runs(root).damaged == []
    assert [path for path in root.rglob("*") if path.name.endswith(".tmp") or path.name.startswith(".d")] == []


def test_a_run_is_resumed_once(root: Path) -> None:
    runs = add_runs(root, RunStatus.INTERRUPTED)
    answers = race(runs, "resume", "resume", "resume")
    assert winners(answers) == [1] * RUNS
    losers = {answer.split(" ", 2)[2] for each in answers for answer in each if answer != "won"}
    assert losers <= {
        "is queued; only a stopped, interrupted or failed run can be resumed",
        "is being worked on; stop it first",
    }
    assert waiting_runs(root) == runs
    assert_undamaged(root)


def test_a_run_is_deleted_once(root: Path) -> None:
    runs = add_runs(root, RunStatus.FINISHED)
    assert winners(race(runs, "delete", "delete", "delete")) == [1] * RUNS
    assert list(root.iterdir()) == []


def test_a_run_that_is_moved_by_several_is_in_front_and_the_others_keep_their_order(root: Path) -> None:
    runs = add_runs(root, RunStatus.QUEUED)
    answers = race(runs[-3:], "move", "move", "move")
    assert all(winners(answers))
    assert waiting_runs(root) == [*runs[-3:][::-1], *runs[:-3]]
    assert_undamaged(root)


def test_a_waiting_run_is_stopped_whoever_asks(root: Path) -> None:
    runs = add_runs(root, RunStatus.QUEUED)
    answers = race(runs, "stop", "stop", "stop")
    assert all(winners(answers))
    assert {run.stored_state.status for run in runs} == {RunStatus.STOPPED}
    assert {run.stored_state.reason for run in runs} == {"stopped before it started"}
    assert_undamaged(root)


def test_a_run_that_is_resumed_stopped_moved_and_deleted_at_once_is_whole_or_gone(root: Path) -> None:
    runs = add_runs(root, RunStatus.STOPPED)
    answers = race(runs, "resume", "stop", "move", "delete")
    assert all("\n" not in answer for each in answers for answer in each)
    for run, (_, _, _, deleted) in zip(runs, answers, strict=True):
        assert run.path.exists() == (deleted != "won")
        if run.path.exists():
            assert run.stored_state.status in (RunStatus.QUEUED, RunStatus.STOPPED)
    assert set(list_runs(root)) == {run for run in runs if run.path.exists()}
    assert_undamaged(root)


def test_apps_that_launch_and_look_at_once_share_one_folder_and_one_scheduler(root: Path, small_csv: Path) -> None:
    apps = start_together(*[[LAUNCHER, str(root), str(small_csv)]] * 2)
    tell(apps, "go")
    while any(app.poll() is None for app in apps):
        assert look_at_runs(root).damaged == [], "a run is listed whole or not at all"
    outputs = [app.communicate() for app in apps]
    assert [app.returncode for app in apps] == [0, 0], outputs
    launched = [name for output, _ in outputs for name in output.decode().split()]
    assert len(launched) == len(set(launched)) == 6
    assert {run.id for run in list_runs(root)} == set(launched)
    wait_for(lambda: len(processes_of_root(root, "emocore.jobs.scheduler")) == 1, 10, "the others to step back")
    wait_for(lambda: any(run.stored_state.attempts for run in list_runs(root)), 20, "the first run to begin")
    assert sum(run.stored_state.attempts for run in list_runs(root)) == 1
    assert (root / LOG_FILE).read_text(encoding="utf-8") == ""
