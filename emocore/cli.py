"""`python -m emocore`: all that the pages can do, without a browser.

Exit status 0 only when it worked; what a user can mend is one line on stderr and exit status 2.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from emocore import __version__, reports
from emocore.config import STARTER, RunConfig, StudyConfig, build, describe, parse_setting
from emocore.errors import ConfigError, EmocoreError, RunError
from emocore.folder import RunFolder, RunStatus, delete_run, find_run, list_damaged_runs, list_runs, runs_root
from emocore.jobs.launch import Plan, launch, plan_runs, plan_study
from emocore.jobs.overview import describe_run
from emocore.jobs.scheduler import ensure_scheduler
from emocore.jobs.stop import request_stop, wait_until_final
from emocore.secrets import load_secrets

# Settings with an option of their own; --set reaches every other one.
SETTING_OPTIONS = (
    "base", "data", "validation_data", "test_data", "rows", "epochs", "batch_size", "learning_rate", "device",
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A wrong command line is one line on stderr, like every other error."""

    def error(self, message: str) -> NoReturn:
        _complain(f"{message}; `{self.prog} --help` tells more")
        sys.exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        load_secrets()
        return int(options.command(options) or 0)
    except EmocoreError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m emocore", description="Which parameter-efficient method for emotion detection?")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, text: str, json_option: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        if json_option:
            sub.add_argument("--json", action="store_true", help="print JSON instead of a table")
        return sub

    add("bases", list_bases, "List the bundled and known bases.", json_option=True)
    add("methods", list_methods, "List the methods with their defaults.", json_option=True)
    single = add("launch", launch_one, "Launch one run; prints its id last.")
    single.add_argument("--method", default=None, help=describe("method"))
    single.add_argument("--seed", default=None, help=describe("seed"))
    single.add_argument("--study", default=None, help=describe("study"))
    several = add("study", launch_study, "Launch methods x seeds as one study; prints the runs' ids.")
    several.add_argument("--methods", default="lora,ia3,qlora", help="methods, separated by commas")
    several.add_argument("--seeds", default="42", help="seeds, separated by commas")
    several.add_argument("--name", "--study", default=None, help="name of the study")
    for sub in (single, several):
        for setting in SETTING_OPTIONS:
            option = "--" + setting.replace("_", "-")
            sub.add_argument(option, dest=setting, default=None, help=describe(setting).replace("%", "%%"))
        sub.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
            help="any setting of the configuration; in a study METHOD.NAME=VALUE sets it for one method",
        )  # fmt: skip
        sub.add_argument("--wait", action="store_true", help="wait until all have ended; fail if one fails")
    add("runs", show_runs, "List the runs.", json_option=True)
    show = add("show", show_run, "Show one run: state, settings, results.", json_option=True)
    show.add_argument("run")
    compare = add("compare", compare_runs, "Compare finished runs by emotion.", json_option=True)
    compare.add_argument("runs", nargs="*", help="run ids; or use --study")
    compare.add_argument("--study", help="all finished runs of this study")
    compare.add_argument("--split", choices=["validation", "test"], help="default: validation")
    classify = add("classify", classify_texts, "Classify texts with finished runs.", json_option=True)
    classify.add_argument("runs", nargs="+", metavar="RUN")
    source = classify.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="one text")
    source.add_argument("--file", help="a CSV or TSV with a text column")
    classify.add_argument("--out", help="with --file: write the answers to this CSV")
    classify.add_argument("--text-column", help=describe("text_column"))
    for name, command, text in (
        ("stop", stop_runs, "Stop runs, queued or live."),
        ("delete", delete_runs, "Delete runs with all their files."),
    ):
        sub = add(name, command, text)
        sub.add_argument("runs", nargs="+", metavar="RUN")
    return parser


def list_bases(options: argparse.Namespace) -> None:
    reports.print_rows(reports.base_rows(), options.json)


def list_methods(options: argparse.Namespace) -> None:
    reports.print_rows(reports.method_rows(), options.json)


def launch_one(options: argparse.Namespace) -> int:
    settings = _settings(options)
    for name in ("method", "seed", "study"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    return _launch(plan_runs([build(RunConfig, settings)]), options)


def launch_study(options: argparse.Namespace) -> int:
    own = [text for text in options.settings if "." in text.partition("=")[0]]
    options.settings = [text for text in options.settings if text not in own]
    methods = _comma_list(options.methods)
    method_settings: dict[str, dict[str, Any]] = {}
    for text in own:
        method, _, setting = text.partition(".")
        if method not in methods:
            raise ConfigError(f"--set {text}: '{method}' is not among the study's methods {', '.join(methods)}")
        name, value = parse_setting(setting)
        method_settings.setdefault(method, {})[name] = value
    study = build(
        StudyConfig,
        {
            "name": options.name or time.strftime("study %Y-%m-%d %H.%M.%S"),
            "methods": methods,
            "seeds": _comma_list(options.seeds),
            "settings": _settings(options),
            "method_settings": method_settings,
        },
    )
    return _launch(plan_study(study), options)


def show_runs(options: argparse.Namespace) -> None:
    for problem in list_damaged_runs(runs_root()):
        print(f"note: {problem}", file=sys.stderr)
    overviews = [describe_run(run) for run in list_runs(runs_root())]
    if options.json:
        reports.print_json([overview.as_dict() for overview in overviews])
    elif overviews:
        reports.print_rows([reports.overview_row(overview) for overview in overviews])
    else:
        print(f"No runs yet. Try: python -m emocore study --methods lora,ia3,qlora --data {STARTER}")


def show_run(options: argparse.Namespace) -> None:
    run = find_run(runs_root(), options.run)
    if options.json:
        reports.print_json(reports.run_details(run))
    else:
        reports.print_run(run)


def compare_runs(options: argparse.Namespace) -> None:
    if bool(options.runs) == bool(options.study):
        raise ConfigError("name the runs to compare, or one study with --study")
    root = runs_root()
    if options.study:
        every = [run for run in list_runs(root) if run.config.study == options.study]
        if not every:
            raise RunError(f"no study '{options.study}' in {root}; `python -m emocore runs` lists them")
        runs = [run for run in every if run.state.status == RunStatus.FINISHED]
        for run in every:
            if run not in runs:
                print(f"note: {run.id} is {run.state.status} and left out", file=sys.stderr)
        if not runs:
            raise RunError(f"no run of study '{options.study}' has finished yet")
    else:
        runs = [find_run(root, run_id) for run_id in options.runs]
    reports.print_comparison(runs, options.split or "validation", options.json)


def classify_texts(options: argparse.Namespace) -> None:
    if options.out and not options.file:
        raise ConfigError("--out goes with --file")
    if options.text is not None and not options.text.strip():
        raise ConfigError("--text: the text is empty")
    runs = [find_run(runs_root(), run_id) for run_id in dict.fromkeys(options.runs)]
    reports.print_classification(runs, options)


def stop_runs(options: argparse.Namespace) -> None:
    root = runs_root()
    runs = [find_run(root, run_id) for run_id in dict.fromkeys(options.runs)]
    for run in runs:
        request_stop(run)
    ensure_scheduler(root)
    wait_until_final(runs)
    for run in runs:
        print(f"{run.id} {run.state.status}")


def delete_runs(options: argparse.Namespace) -> None:
    for run in [find_run(runs_root(), run_id) for run_id in dict.fromkeys(options.runs)]:
        delete_run(run)
        print(f"{run.id} deleted")


def _launch(plan: Plan, options: argparse.Namespace) -> int:
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    runs = launch(plan, runs_root())
    status = 0
    if options.wait:
        wait_until_final(runs)
        status = max(_report_end(run) for run in runs)
    for run in runs:
        print(run.id)
    return status


def _report_end(run: RunFolder) -> int:
    state = run.state
    if state.status == RunStatus.FINISHED:
        return 0
    _complain(f"run {run.id} {state.status}: {state.reason}")
    return 1


def _complain(message: str) -> None:
    """One line, whatever stood in the user's input."""
    print("emocore: " + " ".join(message.split()), file=sys.stderr)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    given = {name: getattr(options, name) for name in SETTING_OPTIONS if getattr(options, name) is not None}
    return given | dict(parse_setting(text) for text in options.settings)


def _comma_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
