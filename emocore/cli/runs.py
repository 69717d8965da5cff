"""What the commands do that look at runs and change them; `quick_commands.py` has their options."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from emocore.cli import output
from emocore.data.uploads import list_uploads, remove_unused_uploads
from emocore.errors import ConfigError, RunError
from emocore.jobs.delete import check_deletable, delete_run
from emocore.jobs.overview import describe_runs
from emocore.jobs.queue import continue_queue, move_to_front, pause_queue, resume_run, tend_queue
from emocore.jobs.scheduler import pause_file
from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.run.config import STARTER
from emocore.run.folder import RunFolder
from emocore.run.listing import find_run, look_at_runs, runs_root
from emocore.run.state import RunStatus
from emocore.system.limits import Kind, read_limits, set_limit
from emocore.text import counted, format_bytes


def find_app_file() -> Path:
    """The app's file: inside the package if that is installed, next to the package in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "web" / "app.py"
    return installed if installed.is_file() else package.parent / "app.py"


def open_app(port: int) -> None:
    """Replace this process by the app's server."""
    os.execv(sys.executable, [sys.executable, str(find_app_file()), "--server.port", str(port)])


def show_runs(as_json: bool) -> None:
    _tend()
    found = look_at_runs(runs_root())
    output.print_damaged(found.damaged)
    overviews = describe_runs(found.runs)
    for problem in dict.fromkeys(problem for overview in overviews for problem in overview.problems):
        output.print_note(f"note: {problem}")
    if as_json:
        output.print_json([asdict(overview) for overview in overviews])
    elif overviews:
        output.print_rows([output.overview_row(overview) for overview in overviews])
    else:
        output.print_line(f"No runs yet. Try: python -m emocore study --methods lora,ia3,qlora --data {STARTER}")


def show_run(run: str, as_json: bool) -> None:
    _tend()
    folder = find_run(runs_root(), run)
    if as_json:
        output.print_json(output.run_details(folder))
    else:
        output.print_run(folder)


def show_uploads(remove_unused: bool, as_json: bool) -> None:
    removed = remove_unused_uploads(runs_root()) if remove_unused else []
    uploads = list_uploads(runs_root())
    if as_json:
        output.print_json([output.upload_row(upload) for upload in uploads])
        return
    if removed:
        output.print_line(f"{len(removed):,} removed, {format_bytes(sum(upload.bytes for upload in removed))}")
    if uploads:
        output.print_rows([output.upload_row(upload) for upload in uploads])
    else:
        output.print_line("No uploads.")


def stop_runs(runs: Sequence[str]) -> None:
    folders = named_runs(runs)
    try:
        for run in folders:
            request_stop(run)
    finally:  # after a refusal, the runs changed before it still need a scheduler
        tend_queue(runs_root())
    wait_until_final(folders)
    for run in folders:
        output.print_line(f"{run.id} {run.state.status}")


def resume_runs(runs: Sequence[str], imported: bool, wait: bool) -> int:
    if imported == bool(runs):
        raise ConfigError("name the runs to resume, or use --imported for all that another installation launched")
    folders = look_at_runs(runs_root()).imported if imported else named_runs(runs)
    try:
        for run in folders:
            resume_run(run)
    finally:  # after a refusal, the runs changed before it still need a scheduler
        tend_queue(runs_root())
    return see_through(folders, wait)


def change_queue(front: str | None, pause: bool, go_on: bool, cpu_runs: int | None, gpu_runs: int | None) -> None:
    if pause and go_on:
        raise ConfigError("--pause and --continue do not go together; leave one of the two out")
    root = runs_root()
    if front:
        move_to_front(find_run(root, front))
    limits: dict[Kind, int | None] = {"cpu": cpu_runs, "gpu": gpu_runs}
    for kind, runs in limits.items():
        if runs:
            set_limit(kind, runs)
    if pause:
        pause_queue(root)
    if go_on:
        continue_queue(root)
    _tend()
    found = look_at_runs(root)
    output.print_damaged(found.damaged)
    waiting = found.waiting
    output.print_line(f"The queue is {'paused' if pause_file(root).exists() else 'open'}; {len(waiting)} waiting.")
    now = read_limits()
    output.print_line(f"Runs at once: at most {now.cpu} on the CPU and {now.gpu} on a GPU.")
    for run in waiting:
        output.print_line(run.id)
    if imported := found.imported:
        output.print_line(f"{len(imported)} imported; `python -m emocore resume --imported` queues them here.")


def delete_runs(runs: Sequence[str], yes: bool) -> None:
    folders = named_runs(runs)
    for run in folders:
        check_deletable(run)
    if not yes and not output.confirm(f"Delete {counted(len(folders), 'run')} with all files?"):
        raise RunError("nothing was deleted; answer y, or use --yes where nobody can answer")
    for run in folders:
        delete_run(run)
        output.print_line(f"{run.id} deleted")


def named_runs(ids: Iterable[str]) -> list[RunFolder]:
    """The runs with these ids, each once. Raises RunError if one of them does not exist."""
    return [find_run(runs_root(), run_id) for run_id in dict.fromkeys(ids)]


def finished_of_study(study: str) -> list[RunFolder]:
    """The finished runs of a study; others are named. Raises RunError if there is none."""
    root = runs_root()
    found = look_at_runs(root)
    output.print_damaged(found.damaged)
    every = [run for run, _ in found.runs if run.config.study == study]
    if not every:
        raise RunError(f"no study '{study}' in {root}; `python -m emocore runs` lists them")
    runs = [run for run in every if run.state.status == RunStatus.FINISHED]
    for run in every:
        if run not in runs:
            output.print_note(f"note: {run.id} is {run.state.status}, so it is left out")
    if not runs:
        raise RunError(f"no run of study '{study}' has finished yet")
    return runs


def _tend() -> None:
    """Make sure that a scheduler works on the queue. If that fails, print why; the command still works."""
    try:
        tend_queue(runs_root())
    except RunError as error:
        output.print_note(f"note: {error}")


def see_through(runs: list[RunFolder], wait: bool) -> int:
    """Print the ids, wait for the runs with `wait` and print how they ended; returns the exit status."""
    for run in runs:
        output.print_line(run.id)
    if pause_file(runs_root()).exists():
        output.print_note("note: the queue is paused; `python -m emocore queue --continue` continues it")
    if not wait:
        return 0
    wait_until_final(runs)
    status = 0
    for run in runs:
        state = run.state
        if state.status != RunStatus.FINISHED:
            output.print_problem(f"run {run.id} {state.status}: {state.reason}")
            status = 1
    return status
