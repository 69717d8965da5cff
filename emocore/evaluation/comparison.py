"""Runs side by side: per-emotion scores, the summary with costs, and whether the comparison is fair."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from emocore.evaluation.noskill import (
    f1_of_always_on,
    no_skill_f1,
    no_skill_scores,
    no_skill_scores_from_supports,
)
from emocore.evaluation.results import Result, RunResult, TeamResult

MULTILABEL_METRICS = ("f1_macro", "f1_micro", "f1_weighted", "jaccard", "exact_match")
COSTS = (
    "train_seconds",
    "samples_per_second",
    "peak_memory_bytes",
    "trainable_parameters",
    "adapter_parameters",
    "head_parameters",
    "adapter_bytes",
)
# Settings that say nothing of the task, or only name the run.
NAMING_SETTINGS = frozenset(
    {
        "method", "seed", "study", "wandb_mode", "wandb_project", "wandb_entity", "wandb_base_url", "data",
        "validation_data", "test_data", "device", "checkpoint_minutes", "checkpoints_kept",
    }
)  # fmt: skip
# Each method has its own good values; runs of one method are compared in them.
TUNED_SETTINGS = frozenset(
    {
        "learning_rate", "head_learning_rate", "lora_rank", "lora_alpha", "lora_dropout", "target_modules",
        "inverse_regularization",
    }
)  # fmt: skip
# What a method without a base or an epoch does not have in the first place.
BASE_SETTINGS = frozenset({"base", "epochs", "max_steps", "batch_size", "max_length", "precision"})


def name_series(results: Sequence[Result]) -> dict[str, str]:
    """Run id -> the name of its series. Runs that differ in their seed alone share one: their mean is shown.

    Those of W&B are marked, and never in one series with those of this machine."""
    bases = {r.config.base for r in results if r.config.base != "none"}
    names = {}
    for result in results:
        name = result.method_title
        if len(bases) > 1 and result.config.base != "none":
            name += f" · {result.config.base.rstrip('/').rsplit('/', 1)[-1]}"
        if isinstance(result, TeamResult):
            name += f" · {result.source}"
        names[result.id] = name
    return _distinguish(results, names)


def emotion_table(results: Sequence[Result], split: str) -> pd.DataFrame:
    """Long table, one row a series and emotion: series, method, source, emotion, f1, precision, recall,
    average_precision, support, seeds (how many runs the means are of), no_skill_f1; rarest emotion last."""
    names = name_series(results)
    rows = [
        {
            "series": names[result.id],
            "method": result.config.method,
            "source": result.source,
            "emotion": emotion,
            **scores,
            "no_skill_f1": no_skill,
        }
        for result in results
        for (emotion, scores), no_skill in zip(
            result.result[split]["multilabel"]["per_emotion"].items(),
            _no_skill_f1(result, split),
            strict=True,
        )
    ]
    means = (
        pd.DataFrame(rows)
        .groupby(["series", "method", "source", "emotion"], sort=False)
        .agg(
            f1=("f1", "mean"),
            precision=("precision", "mean"),
            recall=("recall", "mean"),
            average_precision=("average_precision", "mean"),
            support=("support", "mean"),
            no_skill_f1=("no_skill_f1", "mean"),
            seeds=("f1", "size"),
        )
        .reset_index()
    )
    return means.sort_values("support", ascending=False, kind="stable").reset_index(drop=True)


def summary_table(results: Sequence[Result], split: str) -> pd.DataFrame:
    """One row a series: multi-label metrics, the flattened ones (`flattened_*`) and costs, means over seeds.

    `source` says where its runs were trained: "here", or "W&B" for elsewhere."""
    names = name_series(results)
    rows = []
    for result in results:
        scores = result.result[split]
        rows.append(
            {
                "series": names[result.id],
                "method": result.config.method,
                "base": result.config.base,
                "source": result.source,
                "seed": result.config.seed,
                **{name: scores["multilabel"][name] for name in MULTILABEL_METRICS},
                **{f"flattened_{name}": value for name, value in scores["flattened"].items()},
                **{name: result.result["cost"].get(name) for name in COSTS},
            }
        )
    frame = pd.DataFrame(rows)
    frame[list(COSTS)] = frame[list(COSTS)].astype(float)
    keys = ["series", "method", "base", "source"]
    table = frame.drop(columns="seed").groupby(keys, sort=False).mean(numeric_only=True)
    table.insert(0, "seeds", frame.groupby(keys, sort=False)["seed"].nunique())
    return table.reset_index().sort_values("f1_macro", ascending=False, kind="stable", ignore_index=True)


def no_skill_table(results: Sequence[Result], split: str) -> pd.DataFrame:
    """Rows silence and always-on with the metrics of `summary_table`, on the first local run's texts.

    Without a local run they are computed from counts, as far as that is exact; the rest is missing. Empty
    where even the counts are not known.
    """
    local = next((result for result in results if isinstance(result, RunResult)), None)
    rows = results[0].rows(split) if local is None else None
    if local:
        scores = no_skill_scores(local.truth(split))
    else:
        scores = no_skill_scores_from_supports(results[0].supports(split), rows) if rows else {}
    return pd.DataFrame(
        [
            {
                "series": name,
                **{metric: values["multilabel"].get(metric) for metric in MULTILABEL_METRICS},
                **{f"flattened_{metric}": value for metric, value in values["flattened"].items()},
            }
            for name, values in scores.items()
        ],
        columns=["series", *MULTILABEL_METRICS, "flattened_f1_macro", "flattened_f1_micro"],
    )


def _no_skill_f1(result: Result, split: str) -> np.ndarray:
    """(labels,) of always-on; not a number where the split's size is not known."""
    if isinstance(result, RunResult):
        return no_skill_f1(result.truth(split))
    return f1_of_always_on(result.supports(split) / (result.rows(split) or np.nan))


def find_differences(results: Sequence[Result]) -> list[str]:
    """In words: what differs between the runs beside method and seed. Empty for a fair comparison."""
    differences = []
    for field in type(results[0].config).model_fields:
        if field in NAMING_SETTINGS | TUNED_SETTINGS:
            continue
        compared = [r for r in results if field not in BASE_SETTINGS or r.config.base != "none"]
        differences += _difference(field, {r.id: getattr(r.config, field) for r in compared}, results)
    for method in dict.fromkeys(r.config.method for r in results):
        own = [r for r in results if r.config.method == method]
        for field in sorted(TUNED_SETTINGS):
            differences += _difference(field, {r.id: getattr(r.config, field) for r in own}, own)
    differences += _difference("emotions", {r.id: ", ".join(r.labels) for r in results}, results)
    for key, title in (
        ("split_sha256", "rows or split"),
        ("device", "device"),
        ("precision", "precision used"),
    ):
        compared = [r for r in results if key == "split_sha256" or r.config.base != "none"]
        values = {r.id: str(r.provenance.get(key))[:12] for r in compared}
        differences += _difference(title, values, results)
    return differences


def _difference(title: str, values: Mapping[str, object], results: Sequence[Result]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for result in results:
        if result.id in values:
            groups.setdefault(str(values[result.id]), []).append(result.method_title)
    if len(groups) < 2:
        return []
    parts = [f"{value} ({', '.join(dict.fromkeys(titles))})" for value, titles in groups.items()]
    return [f"{title}: " + " against ".join(parts)]


def _distinguish(results: Sequence[Result], names: dict[str, str]) -> dict[str, str]:
    """Runs of one series may differ in their seed only; otherwise each gets the end of its id as well."""
    configs: dict[str, set[str]] = {}
    for result in results:
        configs.setdefault(names[result.id], set()).add(_identify(result))
    return {
        run_id: f"{name} ({run_id.rsplit('-', 1)[-1]})" if len(configs[name]) > 1 else name
        for run_id, name in names.items()
    }


def _identify(result: Result) -> str:
    """Equal for runs that differ in their seed only. Elsewhere the same data lies at another path."""
    if isinstance(result, TeamResult):
        return result.config.model_dump_json(exclude=set(NAMING_SETTINGS)) + str(result.provenance.get("split_sha256"))
    return result.config.model_dump_json(exclude={"seed", "study", "device"})


def describe_leader(summary: pd.DataFrame) -> str:
    """One sentence on the summary, as much as point values allow: who leads and by how much."""
    best = summary.iloc[0]
    if len(summary) == 1:
        return f"{best['series']}: macro-F1 {best['f1_macro']:.3f}, micro-F1 {best['f1_micro']:.3f}."
    second = summary.iloc[1]
    lead = 100 * (best["f1_macro"] - second["f1_macro"])
    if lead < 0.05:
        return f"{best['series']} and {second['series']} have the same macro-F1 ({best['f1_macro']:.3f})."
    sentence = (
        f"{best['series']} has the highest macro-F1 ({best['f1_macro']:.3f}), "
        f"{lead:.1f} points ahead of {second['series']} ({second['f1_macro']:.3f})."
    )
    if summary["seeds"].min() < 3:
        sentence += " With fewer than three seeds, a lead of a few points can be chance."
    return sentence
