"""The shortest command that repeats the runs of a comparison with all their settings.

Method, seeds, base and data are always named, other settings only if they differ from the defaults of method and base.
Where to log is left to the user. Data files have only their names (see emocore.export.origins), so the command must run
in their folder.
"""

import contextlib
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from pathlib import PurePath
from typing import Any

from emocore.data.registry.command import PROGRAM, corrections_file, register_commands
from emocore.data.registry.correcting import find_parent, list_changes
from emocore.data.registry.store import find_dataset
from emocore.data.spreadsheet import to_csv
from emocore.errors import DataError, RunError
from emocore.evaluation.plan import find_record
from emocore.evaluation.results import Result
from emocore.export.origins import file_names, shared_config
from emocore.models.bases import BASES
from emocore.models.methods.catalogue import METHODS, reads
from emocore.models.resolve import resolve
from emocore.run.config import NO_BASE, RunConfig
from emocore.run.settings import DATA_FILES, SHARED, VARIED, use, with_role
from emocore.run.study import FEWEST_HALVES, StudyConfig, seeds_of_replicate

ALWAYS_NAMED = ("base", "data")
REPEATED = with_role("data", "training", "method", "machine")  # neither named by a study nor for logging

Config = dict[str, Any]
Settings = dict[str, Any]


def repeat_command(results: Sequence[Result]) -> str:
    """One line if the runs are one study of methods x seeds (x values of one setting), otherwise one line per run. The
    study gets the margin of its record, if that can be read.

    Lines before it register the datasets that the runs name, from the files that these were made from. A command line
    cannot name a label column with a comma; a comment in the first line then says so.
    """
    names = file_names(results)
    configs = [shared_config(result, names) for result in results]
    study = _study_command(configs, _margin(results))
    lines = [study] if study else [_launch_command(config) for config in configs]
    if any("," in column for config in configs for column in config["label_columns"] or ()):
        lines.insert(
            0, "# A label column has a comma in its name: choose the label columns on the Launch page instead."
        )
    return "\n".join([*_dataset_commands(results), *lines])


def corrected_lists(results: Sequence[Result]) -> dict[str, str]:
    """The files that the command needs for datasets whose labels were corrected: name -> CSV, without texts."""
    files = {}
    for source in _data_sources(results):
        with contextlib.suppress(DataError):  # the dataset is gone, as the command says
            dataset = find_dataset(source)
            manifest = dataset.manifest if dataset else None
            while manifest and manifest.parent:
                files[corrections_file(manifest)] = to_csv(list_changes(manifest.changes))
                manifest = find_parent(manifest)
    return files


def _data_sources(results: Sequence[Result]) -> list[str]:
    return sorted({getattr(result.config, name) for result in results for name in DATA_FILES} - {None})


def _dataset_commands(results: Sequence[Result]) -> list[str]:
    """What makes the registered datasets that the runs name, on a machine that does not have them."""
    lines = []
    for source in _data_sources(results):
        try:
            if dataset := find_dataset(source):
                lines += register_commands(dataset.manifest)
        except DataError:
            lines.append(f"# The dataset {PurePath(source).name} is not where the runs found it; copy its folder here.")
    return list(dict.fromkeys(lines))


def _launch_command(config: Config) -> str:
    chosen = {name: config[name] for name in RunConfig.model_fields if _is_chosen(name, config)}
    identity = {name: config[name] for name in with_role("identity") if config[name] is not None}
    if identity["replicate"] == 1:
        del identity["replicate"]
    return shlex.join([*PROGRAM, "launch", *_options(identity | chosen)])


def _margin(results: Sequence[Result]) -> Settings:
    """The margin of the runs' study, if that is not the default."""
    with contextlib.suppress(RunError):  # the comparison says so
        plan = find_record(results)
        if plan and plan.margin_points != StudyConfig.model_fields["margin_points"].default:
            return {"margin_points": plan.margin_points}
    return {}


def _study_command(configs: Sequence[Config], margin: Settings) -> str | None:
    """The `study` command that launches these runs; None if there is none."""
    if len({config["study"] for config in configs}) > 1 or not configs[0]["study"]:
        return None
    by_method: dict[str, list[Config]] = {}
    for config in configs:
        by_method.setdefault(config["method"], []).append(config)
    varied = _find_varied(by_method)
    replicates = max(config["replicate"] for config in configs)
    seeds = list(dict.fromkeys(config["seed"] for config in configs if config["replicate"] == 1))
    if varied is None or not _is_complete(by_method, varied, seeds, replicates):
        return None
    if 1 < replicates <= FEWEST_HALVES and any(config["rows"] is None for config in configs):
        return None  # a study is refused with so few halves
    shared: Settings = {}
    own: list[str] = []
    for name in REPEATED:
        if name in varied:
            continue
        values = {method: members[0] for method, members in by_method.items() if _has(method, name)}
        chosen = {method: config[name] for method, config in values.items() if _is_chosen(name, config)}
        if not chosen:
            continue
        if len({_to_argument(config[name]) for config in values.values()}) == 1:
            shared[name] = next(iter(chosen.values()))
        elif name in SHARED:
            return None
        else:
            own += [word for m, value in chosen.items() for word in ("--set", f"{m}.{name}={_to_argument(value)}")]
    head: Settings = {"name": configs[0]["study"], "methods": list(by_method), "seeds": seeds}
    if replicates > 1:
        head["replicates"] = replicates
    head |= margin
    vary = [word for name, values in varied.items() for word in ("--vary", f"{name}={_to_argument(values)}")]
    return shlex.join([*PROGRAM, "study", *_options(head), *_options(shared), *own, *vary])


def _find_varied(by_method: Mapping[str, Sequence[Config]]) -> dict[str, list[Any]] | None:
    """The one setting that differs within a method, with its values; empty if there is none, None if a study cannot
    vary the differences."""
    names = [
        name
        for name in REPEATED
        if any(len({_to_argument(config[name]) for config in members}) > 1 for members in by_method.values())
    ]
    if not names:
        return {}
    if len(names) > 1 or names[0] not in VARIED:
        return None
    [name] = names
    values = dict.fromkeys(c[name] for m, members in by_method.items() if reads(m, name) for c in members)
    return None if None in values else {name: list(values)}


def _is_complete(
    by_method: Mapping[str, Sequence[Config]],
    varied: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    replicates: int,
) -> bool:
    """Whether every method has each value with each seed of each replicate exactly once, or only each seed if it
    ignores the setting."""
    repetitions = [
        (replicate, seed)
        for replicate in range(1, replicates + 1)
        for seed in (seeds_of_replicate(seeds, replicate) if seeds else [])
    ]
    for method, members in by_method.items():
        names = [name for name in varied if reads(method, name)]
        there = [((config["replicate"], config["seed"]), *(config[name] for name in names)) for config in members]
        if sorted(there) != sorted(product(repetitions, *(varied[name] for name in names))):
            return False
    return True


def _has(method: str, setting: str) -> bool:
    """Whether the configs of a method have a value of the setting: the method reads it, or it is a common default."""
    return reads(method, setting) if setting == "base" or use(setting).role == "method" else True


def _is_chosen(name: str, config: Config) -> bool:
    """Whether a command must name the setting."""
    if name not in REPEATED or (name == "base" and config["base"] == NO_BASE):
        return False
    return name in ALWAYS_NAMED or config[name] != getattr(_defaults(config["method"], config["base"]), name)


@lru_cache
def _defaults(method: str, base: str) -> RunConfig:
    """The default settings. Defaults that depend on the base are known only for bases in the catalogue, because others
    would need their folder or the network."""
    if method not in METHODS or base not in (*BASES, NO_BASE):
        return RunConfig()
    return resolve(RunConfig(method=method, **({} if base == NO_BASE else {"base": base})))[0]


def _options(settings: Settings) -> list[str]:
    return [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", _to_argument(value))]


def _to_argument(value: Any) -> str:
    """A value in the form that `parse_setting` reads."""
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
