"""`emocore search`: find good settings for each method with the same budget, and launch a study of what was found."""

from collections.abc import Sequence
from typing import Any

import click

from emocore.cli import output
from emocore.cli.group import add
from emocore.cli.options import JSON, SET, WAIT, SettingOption
from emocore.cli.other_commands import STUDY_SETTINGS, read_settings
from emocore.cli.runs import see_through
from emocore.errors import ConfigError
from emocore.jobs.launch import launch
from emocore.jobs.presets import STUDY_METHODS
from emocore.jobs.scheduler import pause_file
from emocore.run.listing import runs_root
from emocore.run.parse import OF_PEFT, parse_list, parse_method_settings
from emocore.run.search_record import SearchRecord
from emocore.run.settings import describe_value
from emocore.run.study import StudyConfig
from emocore.search.begin import begin, check_wishes, go_on, hold_search
from emocore.search.search import Found, carry_out, find_best
from emocore.search.winners import plan_winners
from emocore.text import counted

USUAL_TRIALS = 16


def search(
    name: str,
    texts: Sequence[str],
    methods: Sequence[str] | None,
    trials: int | None,
    minutes: float | None,
    sampler_seed: int | None,
    then_launch: bool,
    seeds: Sequence[str] | None,
    replicates: int | None,
    margin_points: float | None,
    wait: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Begin a search or, if only its name is given, go on with it."""
    if not then_launch and (wait or seeds or replicates is not None or margin_points is not None):
        raise ConfigError("--seeds, --replicates, --margin-points and --wait are for the study; add --then-launch")
    of_methods = [text for text in texts if "." in text.partition("=")[0] and not text.startswith(OF_PEFT)]
    settings = read_settings(options, [text for text in texts if text not in of_methods])
    root = runs_root()
    if settings or of_methods or methods or trials or minutes or sampler_seed is not None:
        chosen = methods or list(STUDY_METHODS)
        wishes: dict[str, Any] = {
            "name": name,
            "methods": chosen,
            "trials": trials if trials or minutes else USUAL_TRIALS,
            "minutes": minutes,
            "settings": settings,
            "method_settings": parse_method_settings(of_methods, chosen),
        }
        record = check_wishes(root, wishes | ({} if sampler_seed is None else {"sampler_seed": sampler_seed}))
    else:
        record = go_on(root, name)
    with hold_search(root, name) as folder:
        begin(folder, record)
        if pause_file(root).exists():
            output.print_note("note: the queue is paused; `python -m emocore queue --continue` continues it")
        output.print_note(_describe_texts(record))
        carry_out(folder, record, lambda method, ended: output.print_note(_describe_progress(record, method, ended)))
        found = find_best(folder, record)
        _print_found(found, as_json)
        if not then_launch:
            return 0
        plan = plan_winners(root, record, found, seeds, replicates, margin_points)
        for note in plan.notes:
            output.print_note(f"note: {note}")
        if not plan.configs:
            output.print_note(f"note: study '{name}' has all these runs already")
            return 0
        runs = launch(plan, root)
    return see_through(runs, wait)


def _describe_texts(record: SearchRecord) -> str:
    return (
        f"note: trials learn from {record.train_rows:,} of the training texts and are scored on others of them; none "
        "reads the validation and test texts of the study"
    )


def _describe_progress(record: SearchRecord, method: str, ended: int) -> str:
    return f"{method}: {ended} of {record.trials} trials" if record.trials else f"{method}: {counted(ended, 'trial')}"


def _print_found(found: Sequence[Found], as_json: bool) -> None:
    if as_json:
        output.print_json([vars(item) for item in found])
        return
    output.print_rows(
        [
            {
                "method": item.method,
                "trials": item.trials,
                "pruned": item.pruned,
                "failed": item.failed,
                "macro-F1": f"{item.score:.3f}",
                "best settings": ", ".join(f"{name} {_round(value)}" for name, value in item.settings.items()),
            }
            for item in found
        ],
        as_json=False,
    )


def _round(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else describe_value(value)


def _describe(name: str) -> str | None:
    return SearchRecord.model_fields[name].description


# fmt: off
add("search", search, "Find good settings for each method, with the same budget for all. Begin again with only the "
    "name to go on after an interruption.",
    click.Option(["--name"], required=True, help=_describe("name")),
    click.Option(
        ["--methods"], type=parse_list, metavar="LIST",
        help=f"Methods, separated by commas; default: {','.join(STUDY_METHODS)}.",
    ),
    click.Option(["--trials"], type=click.IntRange(1), help=f"{_describe('trials')} Default: {USUAL_TRIALS}."),
    click.Option(["--minutes"], type=float, help=_describe("minutes")),
    click.Option(["--sampler-seed"], type=int, help=f"{_describe('sampler_seed')} Default: 42."),
    click.Option(
        ["--then-launch"], is_flag=True,
        help="Launch the best settings of each method as a study under the name of the search, with seeds and draws of "
        "the training rows that no trial had, on its own validation and test texts.",
    ),
    click.Option(["--seeds"], type=parse_list, metavar="LIST", help="Of that study, separated by commas; default: 42."),
    click.Option(["--replicates"], type=int, help=StudyConfig.model_fields["replicates"].description),
    click.Option(["--margin-points"], type=float, help=StudyConfig.model_fields["margin_points"].description),
    *map(SettingOption, STUDY_SETTINGS), SET, WAIT, JSON)
# fmt: on
