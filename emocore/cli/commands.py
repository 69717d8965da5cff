"""What each command of `python -m emocore` does with its parsed options."""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from emocore.cli import output
from emocore.data.uploads import list_uploads, remove_unused_uploads
from emocore.errors import ConfigError, RunError
from emocore.jobs.delete import check_deletable, delete_run
from emocore.jobs.launch import Plan, launch, plan_runs, plan_study
from emocore.jobs.overview import describe_runs
from emocore.jobs.presets import STUDY_METHODS, preset_study
from emocore.jobs.queue import (
    continue_queue,
    imported_runs,
    move_to_front,
    pause_queue,
    resume_run,
    tend_queue,
    waiting_runs,
)
from emocore.jobs.scheduler import pause_file
from emocore.jobs.stop import request_stop
from emocore.jobs.waiting import wait_until_final
from emocore.models.bundled import install_bundled
from emocore.models.resolve import derive, take_over
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.folder import RunFolder
from emocore.run.listing import find_run, list_runs, runs_root
from emocore.run.parse import parse_list, parse_method_settings, parse_settings, parse_vary
from emocore.run.state import RunStatus
from emocore.run.study import StudyConfig
from emocore.text import format_bytes
from emocore.tracking.sync import sync_run

PACKAGE = Path(__file__).parents[1]
# Inside the package where it is installed, beside it in a checkout.
APP_FILE = next(file for file in (PACKAGE / "web" / "app.py", PACKAGE.parent / "app.py") if file.is_file())
# Settings with an option of their own; --set reaches every other one.
SETTING_OPTIONS = (
    "base", "data", "validation_data", "test_data", "rows", "epochs", "batch_size", "learning_rate", "device",
)  # fmt: skip


def open_app(options: argparse.Namespace) -> None:
    """Become the process of the app's server."""
    os.execv(sys.executable, [sys.executable, str(APP_FILE), "--server.port", str(options.port)])


def list_bases(options: argparse.Namespace) -> None:
    if options.install:
        install_bundled()
    output.print_rows(output.base_rows(), options.json)


def list_methods(options: argparse.Namespace) -> None:
    output.print_rows(output.method_rows(), options.json)


def list_settings(options: argparse.Namespace) -> None:
    if options.markdown:
        print(output.settings_markdown(), end="")
    else:
        output.print_rows(output.setting_rows(), options.json)


def launch_one(options: argparse.Namespace) -> int:
    settings = _settings(options, (*SETTING_OPTIONS, "method", "seed", "study"))
    return _launch(plan_runs([build(RunConfig, settings)]), options, allow_repeats=True)


def launch_study(options: argparse.Namespace) -> int:
    own = [text for text in options.settings if "." in text.partition("=")[0]]
    options.settings = [text for text in options.settings if text not in own]
    if options.preset:
        for option in ("methods", "seeds", "vary"):
            if getattr(options, option) is not None:
                raise ConfigError(
                    f"--{option}: preset {options.preset} has its own; leave it out, or launch without --preset"
                )
        study = preset_study(
            options.preset, _settings(options), parse_method_settings(own, STUDY_METHODS), options.name
        )
        return _launch_study(study, options)
    methods = list(STUDY_METHODS) if options.methods is None else parse_list(options.methods)
    study = build(
        StudyConfig,
        {
            "name": options.name or time.strftime("study %Y-%m-%d %H.%M.%S"),
            "methods": methods,
            "seeds": parse_list("42" if options.seeds is None else options.seeds),
            "settings": _settings(options),
            "method_settings": parse_method_settings(own, methods),
            "vary": parse_vary(options.vary) if options.vary is not None else {},
        },
    )
    return _launch_study(study, options)


def show_runs(options: argparse.Namespace) -> None:
    _tend()
    output.print_damaged(runs_root())
    overviews = describe_runs(list_runs(runs_root()))
    for problem in dict.fromkeys(problem for overview in overviews for problem in overview.problems):
        output.print_note(f"note: {problem}")
    if options.json:
        output.print_json([overview.as_dict() for overview in overviews])
    elif overviews:
        output.print_rows([output.overview_row(overview) for overview in overviews])
    else:
        output.print_line(f"No runs yet. Try: python -m emocore study --methods lora,ia3,qlora --data {STARTER}")


def show_run(options: argparse.Namespace) -> None:
    _tend()
    run = find_run(runs_root(), options.run)
    if options.json:
        output.print_json(output.run_details(run))
    else:
        output.print_run(run)


def classify_texts(options: argparse.Namespace) -> None:
    if options.out and not options.file:
        raise ConfigError("--out goes with --file")
    if options.for_spreadsheets and not options.out:
        raise ConfigError("--for-spreadsheets goes with --out")
    if options.text is not None and not options.text.strip():
        raise ConfigError("--text: the text is empty")
    output.print_classification(named_runs(options), options)


def show_uploads(options: argparse.Namespace) -> None:
    removed = remove_unused_uploads(runs_root()) if options.remove_unused else []
    uploads = list_uploads(runs_root())
    if options.json:
        output.print_json([output.upload_row(upload) for upload in uploads])
        return
    if removed:
        output.print_line(f"{len(removed):,} removed, {format_bytes(sum(upload.bytes for upload in removed))}")
    if uploads:
        output.print_rows([output.upload_row(upload) for upload in uploads])
    else:
        output.print_line("No uploads.")


def stop_runs(options: argparse.Namespace) -> None:
    runs = named_runs(options)
    try:
        for run in runs:
            request_stop(run)
    finally:  # a refusal must not leave those before it alone
        tend_queue(runs_root())
    wait_until_final(runs)
    for run in runs:
        output.print_line(f"{run.id} {run.state.status}")


def resume_runs(options: argparse.Namespace) -> int:
    if options.imported == bool(options.runs):
        raise ConfigError("name the runs to resume, or use --imported for all that another installation launched")
    runs = imported_runs(runs_root()) if options.imported else named_runs(options)
    try:
        for run in runs:
            resume_run(run)
    finally:  # a refusal must not leave those before it alone
        tend_queue(runs_root())
    return _see_through(runs, options.wait)


def clone_run(options: argparse.Namespace) -> int:
    config, notes = take_over(find_run(runs_root(), options.run).config)
    changes = parse_settings(options.settings)
    plan = plan_runs([derive(config, changes)])
    own = [note for note in notes if "wandb_base_url" not in changes]
    return _launch(replace(plan, notes=[*own, *plan.notes]), options, allow_repeats=True)


def change_queue(options: argparse.Namespace) -> None:
    root = runs_root()
    if options.front:
        move_to_front(find_run(root, options.front))
    if options.pause:
        pause_queue(root)
    if options.go_on:
        continue_queue(root)
    _tend()
    output.print_damaged(root)
    waiting = waiting_runs(root)
    output.print_line(f"The queue is {'paused' if pause_file(root).exists() else 'open'}; {len(waiting)} waiting.")
    for run in waiting:
        output.print_line(run.id)
    if imported := imported_runs(root):
        output.print_line(f"{len(imported)} imported; `python -m emocore resume --imported` queues them here.")


def sync_runs(options: argparse.Namespace) -> None:
    for run in named_runs(options):
        output.print_line(f"{run.id} {sync_run(run)}")


def delete_runs(options: argparse.Namespace) -> None:
    runs = named_runs(options)
    for run in runs:
        check_deletable(run)
    if not options.yes and not _confirm(f"Delete {len(runs)} run{'s' if len(runs) > 1 else ''} with all files?"):
        raise RunError("nothing was deleted; answer y, or use --yes where nobody can answer")
    for run in runs:
        delete_run(run)
        output.print_line(f"{run.id} deleted")


def named_runs(options: argparse.Namespace) -> list[RunFolder]:
    """All of them exist, or nothing is done."""
    return [find_run(runs_root(), run_id) for run_id in dict.fromkeys(options.runs)]


def _tend() -> None:
    """Whoever looks sees to it that the queue is worked on. Where that cannot be, looking still can."""
    try:
        tend_queue(runs_root())
    except RunError as error:
        output.print_note(f"note: {error}")


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _launch_study(study: StudyConfig, options: argparse.Namespace) -> int:
    return _launch(plan_study(study), options)


def _launch(plan: Plan, options: argparse.Namespace, allow_repeats: bool = False) -> int:
    for note in plan.notes:
        output.print_note(f"note: {note}")
    return _see_through(launch(plan, runs_root(), allow_repeats), options.wait)


def _see_through(runs: list[RunFolder], wait: bool) -> int:
    """Print the ids, and with `wait` how the runs ended; the exit status."""
    for run in runs:
        output.print_line(run.id)
    if pause_file(runs_root()).exists():
        output.print_note("note: the queue is paused; `python -m emocore queue --continue` opens it")
    if not wait:
        return 0
    wait_until_final(runs)
    return max(_report_end(run) for run in runs)


def _report_end(run: RunFolder) -> int:
    state = run.state
    if state.status == RunStatus.FINISHED:
        return 0
    output.print_problem(f"run {run.id} {state.status}: {state.reason}")
    return 1


def _settings(options: argparse.Namespace, names: tuple[str, ...] = SETTING_OPTIONS) -> dict[str, Any]:
    """Those of options of their own, and those of --set. Raises ConfigError for one that is given both ways."""
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    more = parse_settings(options.settings)
    for name in given:
        if name in more:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{name} is given twice, by {option} and by --set; leave one of the two out", field=name)
    return given | more
