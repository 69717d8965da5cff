"""Turns configs into queued runs. Everything is checked before the first folder is created."""

import contextlib
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from emocore.data.load import resolve_data
from emocore.data.positive_weights import check_emotions
from emocore.data.split import Splits, load_splits
from emocore.errors import ConfigError, RunError
from emocore.jobs.delete import discard_run
from emocore.jobs.memory import Forecast, forecast_plan
from emocore.jobs.queue import tend_queue
from emocore.jobs.studies import hold_launches, recorded
from emocore.models.available import check_available
from emocore.models.bases import find_base
from emocore.models.methods.any_peft import PREFIX, make_config
from emocore.models.methods.catalogue import find_method, reads
from emocore.models.resolve import resolve
from emocore.run.config import SPLIT_VERSION, STARTER, RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs
from emocore.run.settings import DATA_FILES, describe_repetition
from emocore.run.study import FEWEST_HALVES, StudyConfig
from emocore.system.devices import ask_for_gpus, default_device, own_devices
from emocore.system.keys import confirm_wandb_server
from emocore.text import format_count

logger = logging.getLogger(__name__)

LARGE_PARAMETERS = 1e9  # of a base that is too large for a CPU


@dataclass(frozen=True)
class Plan:
    """Checked runs that are ready to launch. `notes` are shown to the user; `study` is what the runs were planned as,
    None for single runs. `memory` is the forecast for the run that takes the most, None if there is none."""

    configs: list[RunConfig]
    splits: Splits
    notes: list[str]
    study: StudyConfig | None = None
    memory: Forecast | None = None


def plan_runs(configs: list[RunConfig], load: Callable[[RunConfig], Splits] = load_splits) -> Plan:
    """Resolve and check configs that share their data, except for the number of training rows.

    `splits` of the plan are those with the most rows; `load` may take them from a cache. Raises ConfigError, DataError
    or BaseModelError.
    """
    if not configs:
        raise ConfigError("choose at least one method and one seed", field="methods")
    resolved, notes = [], []
    for config in configs:
        complete, left_out = resolve(config)
        resolved.append(_with_absolute_paths(complete))
        notes += [*left_out, *_check_machine(complete)]
    by_rows = sorted(resolved, key=_order_by_rows)
    splits = load(by_rows[-1])  # the data also has the rows of smaller runs
    for weights in {config.positive_weight for config in resolved}:
        check_emotions(weights, splits.labels)
    notes += [*_note_earlier_split(splits), *splits.notes]
    if _order_by_rows(by_rows[0]) < _order_by_rows(by_rows[-1]):
        few, known = load(by_rows[0]), {finding.topic for finding in splits.findings}
        notes += [
            f"with {len(few.frames['train']):,} rows: {few.describe(finding)}"
            for finding in few.findings
            if finding.topic not in known
        ]
    return Plan(resolved, splits, list(dict.fromkeys(notes)), memory=forecast_plan(resolved, splits))


def _note_earlier_split(splits: Splits) -> list[str]:
    if splits.drawn_by in (None, SPLIT_VERSION):
        return []
    return [
        f"validation and test texts are drawn by version {splits.drawn_by} of the split, as in the run or study that "
        f"this launch goes on with; a new study has version {SPLIT_VERSION}, which keeps copies of a text in one split"
    ]


def _order_by_rows(config: RunConfig) -> tuple[float, bool]:
    """Orders runs by their training rows, those on halves before those on all."""
    return config.rows or math.inf, not config.learns_half


def plan_study(study: StudyConfig, load: Callable[[RunConfig], Splits] = load_splits) -> Plan:
    """The runs of a study, checked like single runs. A method that ignores the varied setting gets one run per seed
    instead of equal copies."""
    methods = {name: find_method(name) for name in study.methods}
    notes = []
    for setting in study.vary:
        notes = [
            f"{m.title} does not read {setting}: one run per seed"
            for m in methods.values()
            if not reads(m.name, setting)
        ]
        if len(notes) == len(methods):
            raise ConfigError(f"none of the methods reads {setting}; vary another setting", field="vary")
    configs: list[RunConfig] = []
    for config in study.run_configs():
        unread = [setting for setting in study.vary if not reads(config.method, setting)]
        config = config.model_copy(update={name: RunConfig.model_fields[name].default for name in unread})
        if config not in configs:
            configs.append(config)
    plan = plan_runs(configs, load)
    _check_replicates(study.replicates, plan)
    return replace(plan, notes=[*notes, *plan.notes], study=study)


def _check_replicates(replicates: int, plan: Plan) -> None:
    available = plan.splits.available_rows
    if replicates > 1 and any(config.rows == available for config in plan.configs):
        raise ConfigError(
            f"replicates: the training part has {available:,} rows, and with rows={available:,} every replicate would "
            "learn from the same; set rows to fewer, or leave it out to train on all rows and on halves of them",
            field="replicates",
        )
    if 1 < replicates <= FEWEST_HALVES and any(config.learns_half for config in plan.configs):
        raise ConfigError(
            f"replicates: with all rows, the first replicate learns from all and the others from halves, of which it "
            f"takes {FEWEST_HALVES} or more to see how they differ; set replicates to {FEWEST_HALVES + 1} or more, or "
            "rows to fewer",
            field="replicates",
        )


def launch(plan: Plan, root: Path, allow_repeats: bool = False) -> list[RunFolder]:
    """Queue the runs of a plan, with the record of their study, and make sure that a scheduler works on them.

    From now on the user's key may be sent to a W&B server that they name. Once all runs are queued the launch counts as
    accepted, even if the scheduler cannot start, because a second launch would be refused or repeat the runs. The log
    (stderr on the command line) and the Runs page then report the problem; the page starts a scheduler once it can.

    Args:
        plan: The checked runs.
        root: The runs folder.
        allow_repeats: Whether a study may get a run that it has already. A single run or a clone may be meant to
            repeat one; launching a study twice is most likely a mistake. A run that failed or was stopped never
            counts. If two processes launch the same study at once, the second waits and is refused.

    Raises:
        ConfigError: The study has one of these runs already, another margin or split, or the W&B server cannot be
            stored.
        RunError: A run or the study's record cannot be written. The runs before it are then removed, unless they have
            started, and the record is as before.
    """
    studies = dict.fromkeys(config.study for config in plan.configs if config.study)
    if not studies:
        return _queue(plan, root)
    with hold_launches(root), contextlib.ExitStack() as records:
        _refuse_other_split(plan, root)
        if not allow_repeats:
            _refuse_repeats(plan, root)
        for study in studies:
            configs = [config for config in plan.configs if config.study == study]
            records.enter_context(recorded(root, study, configs, plan.study, is_clone=allow_repeats))
        return _queue(plan, root)


def _queue(plan: Plan, root: Path) -> list[RunFolder]:
    for config in plan.configs:
        if config.wandb_base_url and config.wandb_mode != "offline":
            confirm_wandb_server(config.wandb_base_url)
    runs: list[RunFolder] = []
    try:
        for config in plan.configs:
            runs.append(create_run(root, config))
    except RunError:
        for run in runs:
            with contextlib.suppress(RunError):
                discard_run(run)
        raise
    try:
        tend_queue(root)
    except RunError as error:
        logger.warning("note: %s; the runs are queued and start once that is fixed and Emocore is used again", error)
    return runs


def _refuse_other_split(plan: Plan, root: Path) -> None:
    """Raises ConfigError if a study has runs whose split another version drew: the new ones would learn from texts that
    those are scored on."""
    if plan.splits.drawn_by is None:
        return
    versions = {config.study: config.split_version for config in plan.configs if config.study}
    for run in list_runs(root):
        study, version = run.config.study, run.config.split_version
        if study in versions and versions[study] != version:
            raise ConfigError(
                f"study '{study}' has texts drawn by version {version} of the split, and these runs by version "
                f"{versions[study]}; choose another name for the study, or set split_version to {version}",
                field="study",
            )


def _refuse_repeats(plan: Plan, root: Path) -> None:
    studies = {config.study for config in plan.configs} - {None}
    there = [run for run in list_runs(root) if run.config.study in studies]
    repeats = [
        (config, run)
        for config in plan.configs
        for run in there
        if run.config == config and not run.state.status.is_resumable
    ]
    if repeats:
        config, run = repeats[0]
        titles = ", ".join(
            dict.fromkeys(
                f"{find_method(c.method).title} {describe_repetition(c.seed, c.replicate, c.learns_half)}"
                for c, _ in repeats
            )
        )
        raise ConfigError(
            f"study '{config.study}' already has {titles} with the same settings (run {run.id} is "
            f"{run.state.status}); choose another name for the study, or leave these runs out",
            field="study",
        )


def _check_machine(config: RunConfig) -> list[str]:
    """Raises ConfigError if the run cannot work on this machine; returns notes for the user if it can."""
    notes = []
    if find_method(config.method).needs_base:
        base = find_base(config.base)
        check_available(base)
        if config.method.startswith(PREFIX):
            make_config(config, base)
        if (base.parameters or 0) >= LARGE_PARAMETERS and "cpu" in (config.device, default_device().name):
            notes.append(
                f"{base.name} has {format_count(base.parameters)} parameters and will train on the CPU, which takes "
                "hours if the memory is enough; launch it on a machine with a GPU, or choose a smaller base"
            )
    names = [device.name for device in own_devices()]
    problem = ask_for_gpus().problem
    if problem and config.device == "auto" and find_method(config.method).needs_base:
        notes.append(f"no GPU can be seen ({problem}), so the CPU is used; fix the driver if this machine has a GPU")
    gpus = [name for name in names if name != "cpu"]
    if config.device.startswith("cuda") and (not gpus or (config.device != "cuda" and config.device not in gpus)):
        raise ConfigError(
            f"device: '{config.device}' is not on this machine; it has {', '.join(names)}", field="device"
        )
    if config.wandb_mode == "online" and not os.environ.get("WANDB_API_KEY"):
        raise ConfigError(
            "wandb_mode: online needs WANDB_API_KEY in the environment; set it, or choose auto or offline",
            field="wandb_mode",
        )
    return notes


def _with_absolute_paths(config: RunConfig) -> RunConfig:
    """Make paths absolute, since the run's process may work in another folder."""
    changes = {
        field: str(resolve_data(value))
        for field in DATA_FILES
        if (value := getattr(config, field)) and value != STARTER
    }
    return config.model_copy(update=changes)
