"""What the commands do that plan, launch and send; `other_commands.py` has their options."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emocore.cli import output
from emocore.cli.runs import named_runs, see_through
from emocore.errors import ConfigError
from emocore.jobs.launch import Plan, launch, plan_runs, plan_study
from emocore.jobs.presets import STUDY_METHODS, preset_study
from emocore.jobs.studies import keep_split
from emocore.models.bundled import install_bundled
from emocore.models.resolve import derive, take_over
from emocore.run.config import RunConfig, build
from emocore.run.listing import find_run, runs_root
from emocore.run.parse import parse_method_settings
from emocore.run.study import StudyConfig
from emocore.run.study_record import name_by_time
from emocore.tracking.sync import sync_run


def list_bases(install: bool, as_json: bool) -> None:
    if install:
        install_bundled()
    output.print_rows(output.base_rows(), as_json)


def list_methods(as_json: bool) -> None:
    output.print_rows(output.method_rows(), as_json)


def list_settings(markdown: bool, as_json: bool) -> None:
    if markdown:
        print(output.settings_markdown(), end="")
    else:
        output.print_rows(output.setting_rows(), as_json)


def launch_one(settings: dict[str, Any], wait: bool) -> int:
    settings = keep_split(runs_root(), settings.get("study"), settings)
    return _launch(plan_runs([build(RunConfig, settings)]), wait, allow_repeats=True)


def launch_study(
    settings: dict[str, Any],
    method_settings: Iterable[str],
    methods: Sequence[str] | None,
    seeds: Sequence[str] | None,
    replicates: int | None,
    margin_points: float | None,
    vary: Mapping[str, Sequence[str]] | None,
    name: str | None,
    preset: str | None,
    wait: bool,
) -> int:
    """A value of None takes the preset's value, or the default without a preset. `method_settings` has lines
    METHOD.NAME=VALUE."""
    settings = keep_split(runs_root(), name, settings)
    own = parse_method_settings(method_settings, STUDY_METHODS if methods is None else methods)
    options = {"methods": methods, "seeds": seeds, "replicates": replicates, "vary": vary}
    given = {option: value for option, value in options.items() if value is not None}
    if preset:
        for option in given:
            raise ConfigError(f"--{option}: preset {preset} sets it itself; leave it out, or launch without --preset")
        study = preset_study(preset, settings, own, name, margin_points)
    else:
        shared: dict[str, Any] = {"methods": STUDY_METHODS, "settings": settings, "method_settings": own}
        if margin_points is not None:
            shared["margin_points"] = margin_points
        study = build(StudyConfig, shared | given | {"name": name or name_by_time(runs_root())})
    return _launch(plan_study(study), wait)


def clone_run(run: str, changes: dict[str, Any], wait: bool) -> int:
    config, notes = take_over(find_run(runs_root(), run).config)
    plan = plan_runs([derive(config, changes)])
    own = [note for note in notes if "wandb_base_url" not in changes]
    return _launch(replace(plan, notes=[*own, *plan.notes]), wait, allow_repeats=True)


def sync_runs(runs: Sequence[str]) -> None:
    for run in named_runs(runs):
        output.print_line(f"{run.id} {sync_run(run)}")


def _launch(plan: Plan, wait: bool, allow_repeats: bool = False) -> int:
    for note in plan.notes:
        output.print_note(f"note: {note}")
    if plan.memory and plan.memory.is_too_large:
        output.print_note(f"note: {plan.memory.warn()}")
    return see_through(launch(plan, runs_root(), allow_repeats), wait)
