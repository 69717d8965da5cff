"""From configs to queued runs: everything that can be refused is refused before a folder exists."""

import contextlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from emocore.config import STARTER, RunConfig, StudyConfig
from emocore.data.split import Splits, load_splits
from emocore.data.table import resolve_source
from emocore.devices import list_devices
from emocore.errors import ConfigError, RunError
from emocore.folder import RunFolder, create_run
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import tend_queue
from emocore.models.available import check_available
from emocore.models.bases import find_base
from emocore.models.methods import find_method
from emocore.models.resolve import resolve

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """Checked runs that only wait for their launch. `notes` are for the user's eyes."""

    configs: list[RunConfig]
    splits: Splits
    notes: list[str]


def plan_runs(configs: list[RunConfig]) -> Plan:
    """Resolve and check configs that share their data. Raises ConfigError, DataError or BaseModelError."""
    if not configs:
        raise ConfigError("choose at least one method and one seed", field="methods")
    resolved, notes = [], []
    for config in configs:
        complete, left_out = resolve(config)
        resolved.append(_with_absolute_paths(complete))
        notes += left_out
        _check_machine(complete)
    splits = load_splits(resolved[0])
    return Plan(resolved, splits, list(dict.fromkeys([*notes, *splits.notes])))


def plan_study(study: StudyConfig) -> Plan:
    """The runs of a study, checked like single ones."""
    for name in study.methods:
        find_method(name)
    return plan_runs(study.run_configs())


def launch(plan: Plan, root: Path) -> list[RunFolder]:
    """Queue the runs of a plan and make sure that a scheduler works on them.

    Raises RunError if one cannot be written; those before it are withdrawn then, unless they have begun. Once all
    are queued the launch is accepted, whatever keeps the scheduler from starting: a second try would make the same
    runs twice. The log tells of that trouble (on the command line: stderr), and the Runs page, which starts a
    scheduler as soon as it can.
    """
    runs: list[RunFolder] = []
    try:
        for config in plan.configs:
            runs.append(create_run(root, config))
    except RunError:
        for run in runs:
            with contextlib.suppress(RunError):
                delete_run(run)
        raise
    try:
        tend_queue(root)
    except RunError as error:
        logger.warning("note: %s; the runs are queued and begin when that is mended and Emocore looks again", error)
    return runs


def _check_machine(config: RunConfig) -> None:
    if find_method(config.method).needs_base:
        check_available(find_base(config.base))
    names = [device.name for device in list_devices()]
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


def _with_absolute_paths(config: RunConfig) -> RunConfig:
    """The run's process may work from another folder."""
    changes = {
        field: str(resolve_source(value))
        for field in ("data", "validation_data", "test_data")
        if (value := getattr(config, field)) and value != STARTER
    }
    return config.model_copy(update=changes)
