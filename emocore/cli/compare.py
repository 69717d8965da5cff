"""The command `compare`: the verdict and its tables in the terminal, as JSON, as a report or as a bundle."""

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from emocore.cli.datasets import compare_studies
from emocore.cli.label_errors import find_list, write_label_errors
from emocore.cli.output import find_output, print_json, print_line, print_note, print_table, to_records
from emocore.cli.runs import finished_of_study, named_runs
from emocore.errors import ConfigError, DataError, RunError
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.costs import SHARED_TIMES, cost_table, describe_shared_times
from emocore.evaluation.departures import list_differences
from emocore.evaluation.headline import describe
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.results import add_team_runs, load_result
from emocore.evaluation.together import describe_joint
from emocore.evaluation.tries import count_tries
from emocore.export.bundle import write_bundle
from emocore.export.gather import gather
from emocore.export.grids import Grid, Score, emotion_grid, score_grid
from emocore.export.report import html_report
from emocore.export.tables import NOTHING, to_words
from emocore.run.listing import runs_root
from emocore.system.files import write_atomically
from emocore.text import format_score
from emocore.tracking.team import TeamListing, fetch_team_runs

TEAM_TIMEOUT_SECONDS = 30.0
WARNED_SEVERITIES = ("confounds", "may matter")


def compare_runs(
    runs: Sequence[str],
    study: Sequence[str],
    wandb: str | None,
    split: str | None,
    thresholds: ThresholdPolicy | None,
    together: Sequence[Sequence[str]],
    report: str | None,
    bundle: str | None,
    label_errors: str | None,
    blind: bool,
    for_spreadsheets: bool,
    as_json: bool,
) -> None:
    if bool(runs) == bool(study) and not (wandb and not runs):
        raise ConfigError("name the runs to compare, or a study with --study; --wandb adds the runs of a W&B project")
    if for_spreadsheets and not (bundle or label_errors):
        raise ConfigError("--for-spreadsheets needs --bundle or --label-errors")
    if blind and not label_errors:
        raise ConfigError("--blind needs --label-errors")
    for option, file in (("--report", report), ("--bundle", bundle)):
        if file:
            find_output(option, file)
    listed = find_list(label_errors, blind) if label_errors else None
    studies = list(dict.fromkeys(study))
    if len(studies) > 1:
        alone = (("--wandb", wandb), ("--report", report), ("--bundle", bundle), ("--label-errors", label_errors))
        for option, value in alone:
            if value:
                raise ConfigError(f"{option} goes with one --study; several are ranked in a table")
        compare_studies(studies, split, thresholds, together, as_json)
        return
    folders = finished_of_study(studies[0]) if studies else named_runs(runs)
    team = fetch_team_runs(wandb, TEAM_TIMEOUT_SECONDS) if wandb else TeamListing()
    for reason in team.left_out:
        print_note(f"note: {reason}")
    if not folders and not team.runs:
        raise RunError(f"{wandb} has no finished run that Emocore trained")
    results = add_team_runs([load_result(run) for run in folders], team.runs)
    compare_at = lru_cache(partial(compare, results, split, together=together))
    comparison = compare_at(thresholds)
    differences = audit(comparison.results, comparison.split, count_tries(runs_root()))
    if bundle or report:
        content = gather(comparison, differences, studies[0] if studies else "Chosen runs", compare_at)
        if report:
            _write_report(Path(report), html_report(content))
        if bundle:
            for note in write_bundle(Path(bundle), content, for_spreadsheets):
                print_note(f"note: {note}")
            print_note(f"written: {bundle}")
    if listed:
        write_label_errors(comparison, listed, blind, for_spreadsheets)
    (_print_as_json if as_json else _print)(comparison, differences)


def _write_report(path: Path, page: str) -> None:
    try:
        write_atomically(path, page)
    except OSError as error:
        raise DataError(
            f"--report {path}: cannot be written ({error.strerror}); name a file in a folder that exists"
        ) from None
    print_note(f"written: {path}")


def _print(comparison: Comparison, differences: pd.DataFrame) -> None:
    headline = describe(comparison)
    print_line(headline.sentence)
    for line in (*headline.numbers, *headline.caveats):
        print_line(f"  {line}")
    every = list_differences(comparison, differences)
    for row in every[every["severity"].isin(WARNED_SEVERITIES)].to_dict("records"):
        print_line(f"warning: {row['what']} ({row['severity']}): {row['values']}. {row['effect']}")
    print_line(f"\nScores on the {comparison.split} split, with 95 % intervals\n")
    _print_grid(score_grid(comparison, ("f1_macro", "f1_micro", "jaccard", "exact_match")))
    print_line("\nF1 by emotion\n")
    _print_grid(emotion_grid(comparison))
    overall = comparison.verdicts.overall
    if len(overall):
        print_line("\nDifferences of macro-F1\n")
        _print_words(
            overall[
                ["first", "second", "verdict", "difference", "low", "high", "interval", "probability", "p_adjusted"]
            ]
        )
    print_line()
    costs = cost_table(comparison.scored, comparison.scores)
    shown = ["series", "train_seconds", "peak_memory_bytes", "trainable_parameters", "adapter_bytes", "latency_seconds"]
    _print_words(costs[[*shown, SHARED_TIMES]])
    for sentence in (*describe_shared_times(comparison.scored, costs), *describe_joint(comparison.joint)):
        print_line(f"\n{sentence}")


def _print_grid(grid: Grid) -> None:
    rows = [
        [row.name, "" if row.count is None else f"{row.count:,}", *map(_describe_score, row.scores)]
        for row in (*grid.rows, *grid.no_skill)
    ]
    print_table([[grid.corner, grid.counted, *grid.columns], *rows])


def _describe_score(score: Score) -> str:
    return NOTHING if math.isnan(score.value) else format_score(score.value, score.low, score.high)


def _print_words(table: pd.DataFrame) -> None:
    words = to_words(table)
    print_table([words.columns, *words.rows])


def _print_as_json(comparison: Comparison, differences: pd.DataFrame) -> None:
    headline = describe(comparison)
    content: dict[str, Any] = {
        "split": comparison.split,
        "thresholds": comparison.policy,
        "runs": [result.id for result in comparison.results],
        "together": {result.method_title: list(result.members) for result in comparison.joint},
        "headline": headline.sentence,
        "numbers": headline.numbers,
        "caveats": headline.caveats,
        "scores": to_records(comparison.scores),
        "per_emotion": to_records(comparison.emotions),
        "margin": comparison.verdicts.margin,
        "verdicts": to_records(comparison.verdicts.to_table()),
        "no_skill": to_records(comparison.no_skill),
        "costs": to_records(cost_table(comparison.scored, comparison.scores)),
        "differences": to_records(list_differences(comparison, differences)),
    }
    print_json(content)
