"""The study of what a search has found: fresh replicates of the best settings of each method, on its own texts.

Its runs have other seeds and other draws of the training rows than any trial, and are scored on texts that no trial has
read. Both are checked here.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from emocore.errors import ConfigError
from emocore.jobs.launch import Plan, plan_study
from emocore.run.config import build
from emocore.run.listing import list_runs
from emocore.run.search_record import FIRST_TRIAL_SEED, TRIAL_REPLICATE, SearchRecord
from emocore.run.study import StudyConfig
from emocore.search.search import Found


def plan_winners(
    root: Path,
    record: SearchRecord,
    found: Sequence[Found],
    seeds: Sequence[int | str] | None,
    replicates: int | None,
    margin_points: float | None,
) -> Plan:
    """The runs of the study that are not there yet, so that a launch which was killed half-way is completed. None takes
    the default of StudyConfig.

    Raises ConfigError if a run could share its seed or its draw of the training rows with a trial, or if the data has
    changed since the search began; further as `plan_study`.
    """
    options = {"seeds": seeds, "replicates": replicates, "margin_points": margin_points}
    own = {item.method: {**record.method_settings.get(item.method, {}), **item.settings} for item in found}
    values = {"name": record.name, "methods": record.methods, "settings": record.settings, "method_settings": own}
    given = {name: value for name, value in options.items() if value is not None}
    study = build(StudyConfig, values | {"methods": list(record.methods)} | given)
    if study.replicates >= TRIAL_REPLICATE:
        raise ConfigError(
            f"replicates: number {TRIAL_REPLICATE} is that of the trials; set replicates to fewer", field="replicates"
        )
    plan = plan_study(study)
    if any(config.seed >= FIRST_TRIAL_SEED for config in plan.configs):
        raise ConfigError(
            f"seeds: those from {FIRST_TRIAL_SEED} on are the trials'; choose smaller ones", field="seeds"
        )
    if plan.splits.data_sha256 != record.data_sha256:
        raise ConfigError(
            f"data: the texts have changed since search '{record.name}' began, so its trials may have learned from "
            "what the study is scored on; put them back, or search again under another name",
            field="data",
        )
    there = [run.config for run in list_runs(root) if run.config.study == record.name]
    return replace(plan, configs=[config for config in plan.configs if config not in there])
