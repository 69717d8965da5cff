"""Describes each run of a comparison by covariates in words, which `emocore.evaluation.audit` compares.

A covariate that a run cannot have (TF-IDF has neither base nor epochs) or that is unknown is left out and is then not a
difference. Covariates are what actually ran (hashes, rows, device used), or settings if that was not stored.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from emocore.data.registry.manifest import REFERENCE
from emocore.evaluation.results import Result, RunResult
from emocore.evaluation.series import identify_texts, name_series
from emocore.models.methods.catalogue import reads
from emocore.run.config import NO_BASE, RunConfig
from emocore.run.settings import CHOICES_OF_NONE, describe_value, title, use, with_role
from emocore.text import counted, name_some

TrialPlace = tuple[str, str, str]
"""Method, base and data: where settings were tried."""
Rates = tuple[float | None, float | None]
"""The learning rates of adapter and head."""

TRIES = "settings tried"  # the covariate
MOST_LABELS_NAMED = 12
ALL_EPOCHS = "all of its epochs"
COMPUTING_PACKAGES = frozenset(
    {"emocore", "torch", "transformers", "peft", "bitsandbytes", "accelerate", "scikit-learn", "numpy"}
)


@dataclass(frozen=True)
class Subject:
    """One compared run: its series, its method's title, and its covariates by name, in words."""

    series: str
    method: str
    covariates: Mapping[str, str]


def collect_rates(configs: Iterable[RunConfig]) -> dict[TrialPlace, set[Rates]]:
    """The learning rates that these runs have, by method, base and data. Methods without a learning rate are left
    out."""
    tried: dict[TrialPlace, set[Rates]] = {}
    for config in configs:
        rates = (config.learning_rate, config.head_learning_rate)
        if any(rates):
            tried.setdefault(_trial_place(config), set()).add(rates)
    return tried


def describe_results(results: Sequence[Result], split: str, trials: Mapping[TrialPlace, int] | None) -> list[Subject]:
    """One Subject per result, in the given order; see `audit`. Raises RunError for damaged predictions."""
    series, texts = name_series(results), identify_texts(results)
    local = [result for result in results if isinstance(result, RunResult)]
    own_tries = {place: len(rates) for place, rates in collect_rates(result.config for result in local).items()}
    places = {_trial_place(result.config) for result in local}
    tries = {place: max(own_tries.get(place, 0), (trials or {}).get(place, 0)) for place in places}
    groups: list[dict[str, dict[str, str | None]]] = [
        {result.id: _describe_settings(result.config) for result in results},
        _describe_sizes(results),
        _describe_data(results),
        _describe_versions(results),
        _describe_evaluation_texts(results, split),
        _describe_draws(results, series),
        {result.id: _describe_origin(result, texts[result.id]) for result in results},
        {result.id: {TRIES: str(count)} for result in local if (count := tries[_trial_place(result.config)])},
    ]
    subjects = []
    for result in results:
        told = {what: value for group in groups for what, value in group.get(result.id, {}).items()}
        known = {what: value for what, value in told.items() if value is not None}
        subjects.append(Subject(series[result.id], result.method_title, known))
    return subjects


def _trial_place(config: RunConfig) -> TrialPlace:
    return config.method, config.base, config.data


def _describe_settings(config: RunConfig) -> dict[str, str | None]:
    """The settings that are reported unchanged, under their names with spaces."""
    has_base = config.base != NO_BASE
    values = {
        name: getattr(config, name)
        for name in with_role("data", "training", "method")
        if not (use(name).file or use(name).audited_as) and reads(config.method, name, has_base)
    }
    return {
        title(name): CHOICES_OF_NONE.get(name) if value is None else describe_value(value)
        for name, value in values.items()
    }


def _describe_origin(result: Result, texts: str | None) -> dict[str, str | None]:
    config, provenance = result.config, result.provenance
    revision = provenance.code.revision
    told = {
        "labels": _describe_labels(result.labels),
        "rows or split": _shorten(texts),
        "source": result.source,
        "code revision": revision and revision[:8] + (" with changes" if provenance.code.dirty else ""),
        "system": provenance.platform,
    }
    if config.base == NO_BASE:
        return told
    return told | {
        "base": config.base,
        "base revision": _shorten(provenance.base_revision),
        "epochs": None if config.max_steps or not config.epochs else str(config.epochs),
        "batch size": str(config.batch_size * config.gradient_accumulation_steps),
        "micro-batch": str(config.batch_size),
        "device": provenance.device,
        "CPU threads": str(provenance.threads) if provenance.threads and provenance.device == "cpu" else None,
        "precision": provenance.precision or config.precision,
    }


def _describe_labels(labels: Sequence[str]) -> str:
    """The labels, which may be in any order; of many only some, with a hash that differs if any of them does."""
    names = sorted(labels)
    if len(names) <= MOST_LABELS_NAMED:
        return ", ".join(names)
    told = hashlib.sha256(json.dumps(names).encode()).hexdigest()
    return f"{len(names)} labels {_shorten(told)}: {name_some(names)}"


def _describe_sizes(results: Sequence[Result]) -> dict[str, dict[str, str | None]]:
    """Training rows and optimizer steps: as counted if all runs store them, otherwise as set."""
    rows = {result.id: result.provenance.rows.get("train") for result in results}
    told: dict[str, dict[str, str | None]] = {}
    for result in results:
        config = result.config
        count = rows[result.id] if None not in rows.values() else None
        size = count or config.rows
        told[result.id] = {"training rows": f"{size:,}" if size else "all"}
        if config.base != NO_BASE:
            is_known = config.max_steps or count is not None
            told[result.id]["optimizer steps"] = f"{config.count_steps(count or 0):,}" if is_known else ALL_EPOCHS
    return told


def _describe_data(results: Sequence[Result]) -> dict[str, dict[str, str | None]]:
    """The training data, identified by content, since a file's name may differ elsewhere."""
    names: dict[str, str] = {}
    for result in results:
        if sha256 := result.provenance.data_sha256.get("data"):
            name, corrected = PurePath(result.config.data).name, result.provenance.corrected_labels
            told = name if REFERENCE.fullmatch(name) else f"{name} {_shorten(sha256)}"
            told += f" ({counted(corrected, 'label')} corrected after models were seen)" if corrected else ""
            names.setdefault(sha256, told)
    return {result.id: {"data": names.get(result.provenance.data_sha256.get("data", ""))} for result in results}


def _describe_versions(results: Sequence[Result]) -> dict[str, dict[str, str | None]]:
    """Versions of packages, without those that are the same in all runs."""
    versions: dict[str, dict[str, str]] = {}
    for result in results:
        own = {"emocore": result.provenance.emocore, "python": result.provenance.python}
        packages = result.provenance.packages | {name: version for name, version in own.items() if version}
        if packages:
            versions[result.id] = {name: str(version or "not there") for name, version in packages.items()}
    names = list(dict.fromkeys(name for own in versions.values() for name in own))
    other = [name for name in names if len({own[name] for own in versions.values() if name in own}) > 1]
    return {
        run_id: {
            what: ", ".join(f"{name} {own[name]}" for name in other if name in own and is_part(name)) or None
            for what, is_part in (
                ("versions", COMPUTING_PACKAGES.__contains__),
                ("other versions", lambda name: name not in COMPUTING_PACKAGES),
            )
        }
        for run_id, own in versions.items()
    }


def _describe_evaluation_texts(results: Sequence[Result], split: str) -> dict[str, dict[str, str | None]]:
    """The texts that each run was scored on, as emocore.evaluation.predictions groups them.

    Without predictions only the emotions' counts are known; equal counts are then taken to mean the same texts.
    """
    rows = {result.id: result.rows(split) for result in results}
    counts = {
        result.id: f"{rows[result.id]} {sorted(zip(result.labels, result.supports(split).tolist(), strict=True))}"
        for result in results
    }
    seen = {result.id: result.hash_texts(split) for result in results if isinstance(result, RunResult)}
    by_counts = {counts[run_id]: texts for run_id, texts in reversed(seen.items())}
    told: dict[str, dict[str, str | None]] = {}
    for result in results:
        own, count = counts[result.id], rows[result.id]
        texts = seen.get(result.id) or by_counts.get(own) or hashlib.sha256(own.encode()).hexdigest()
        told[result.id] = {"evaluation texts": f"{count:,} texts {_shorten(texts)}" if count else None}
    return told


def _describe_draws(results: Sequence[Result], series: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """The draws of the training rows that a series learned from: "shared" where all series of equally many rows have
    one in common. Unknown without the hash of the evaluation texts, since a split then differs in any of its texts."""
    if not all(result.provenance.evaluation_sha256 for result in results):
        return {}
    groups: dict[object, dict[str, set[str]]] = {}
    for result in results:
        size = (result.config.rows, tuple(result.provenance.data_sha256.items()))
        groups.setdefault(size, {}).setdefault(series[result.id], set()).add(str(result.provenance.split_sha256))
    apart = [group for group in groups.values() if not set.intersection(*group.values())]
    draws = {name: own for group in apart for name, own in group.items()}
    told: dict[str, dict[str, str | None]] = {}
    for result in results:
        own = ", ".join(sorted(sha256[:8] for sha256 in draws.get(series[result.id], ())))
        told[result.id] = {"training draws": own or "shared"}
    return told


def _shorten(sha256: str | None) -> str | None:
    return sha256 and sha256[:8]
