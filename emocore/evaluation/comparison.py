"""Runs side by side: per-emotion scores, the summary with costs, and whether the comparison is fair."""

from collections.abc import Mapping

import pandas as pd

from emocore.evaluation.noskill import no_skill_f1, no_skill_scores
from emocore.evaluation.results import RunResult

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


def name_series(results: list[RunResult]) -> dict[str, str]:
    """Run id -> the name of its series. Runs that differ in their seed alone share one: their mean is shown."""
    bases = {r.config.base for r in results if r.config.base != "none"}
    names = {}
    for result in results:
        name = result.method_title
        if len(bases) > 1 and result.config.base != "none":
            name += f" · {result.config.base.rstrip('/').rsplit('/', 1)[-1]}"
        names[result.run.id] = name
    return _distinguish(results, names)


def emotion_table(results: list[RunResult], split: str) -> pd.DataFrame:
    """Long table, one row a series and emotion: series, method, emotion, f1, precision, recall,
    average_precision, support, seeds (how many runs the means are of), no_skill_f1; rarest emotion last."""
    names = name_series(results)
    rows = [
        {
            "series": names[result.run.id],
            "method": result.config.method,
            "emotion": emotion,
            **scores,
            "no_skill_f1": no_skill,
        }
        for result in results
        for (emotion, scores), no_skill in zip(
            result.result[split]["multilabel"]["per_emotion"].items(),
            no_skill_f1(result.truth(split)),
            strict=True,
        )
    ]
    means = (
        pd.DataFrame(rows)
        .groupby(["series", "method", "emotion"], sort=False)
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


def summary_table(results: list[RunResult], split: str) -> pd.DataFrame:
    """One row a series: multi-label metrics, the flattened ones (`flattened_*`) and costs, means over seeds."""
    names = name_series(results)
    rows = []
    for result in results:
        scores = result.result[split]
        rows.append(
            {
                "series": names[result.run.id],
                "method": result.config.method,
                "base": result.config.base,
                "seed": result.config.seed,
                **{name: scores["multilabel"][name] for name in MULTILABEL_METRICS},
                **{f"flattened_{name}": value for name, value in scores["flattened"].items()},
                **{name: result.result["cost"][name] for name in COSTS},
            }
        )
    frame = pd.DataFrame(rows)
    table = frame.drop(columns="seed").groupby(["series", "method", "base"], sort=False).mean(numeric_only=True)
    table.insert(0, "seeds", frame.groupby(["series", "method", "base"], sort=False)["seed"].nunique())
    return table.reset_index().sort_values("f1_macro", ascending=False, kind="stable", ignore_index=True)


def no_skill_table(results: list[RunResult], split: str) -> pd.DataFrame:
    """Rows silence and always-on with the metrics of `summary_table`, on the first run's texts."""
    scores = no_skill_scores(results[0].truth(split))
    return pd.DataFrame(
        [
            {
                "series": name,
                **{metric: values["multilabel"][metric] for metric in MULTILABEL_METRICS},
                **{f"flattened_{metric}": value for metric, value in values["flattened"].items()},
            }
            for name, values in scores.items()
        ]
    )


def find_differences(results: list[RunResult]) -> list[str]:
    """In words: what differs between the runs beside method and seed. Empty for a fair comparison."""
    differences = []
    for field in type(results[0].config).model_fields:
        if field in NAMING_SETTINGS | TUNED_SETTINGS:
            continue
        compared = [r for r in results if field not in BASE_SETTINGS or r.config.base != "none"]
        differences += _difference(field, {r.run.id: getattr(r.config, field) for r in compared}, results)
    for method in dict.fromkeys(r.config.method for r in results):
        own = [r for r in results if r.config.method == method]
        for field in sorted(TUNED_SETTINGS):
            differences += _difference(field, {r.run.id: getattr(r.config, field) for r in own}, own)
    differences += _difference("emotions", {r.run.id: ", ".join(r.labels) for r in results}, results)
    for key, title in (
        ("split_sha256", "rows or split"),
        ("device", "device"),
        ("precision", "precision used"),
    ):
        compared = [r for r in results if key == "split_sha256" or r.config.base != "none"]
        values = {r.run.id: str(r.provenance.get(key))[:12] for r in compared}
        differences += _difference(title, values, results)
    return differences


def _difference(title: str, values: Mapping[str, object], results: list[RunResult]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for result in results:
        if result.run.id in values:
            groups.setdefault(str(values[result.run.id]), []).append(result.method_title)
    if len(groups) < 2:
        return []
    parts = [f"{value} ({', '.join(dict.fromkeys(titles))})" for value, titles in groups.items()]
    return [f"{title}: " + " against ".join(parts)]


def _distinguish(results: list[RunResult], names: dict[str, str]) -> dict[str, str]:
    """Runs of one series may differ in their seed only; otherwise each gets the end of its id as well."""
    configs: dict[str, set[str]] = {}
    for result in results:
        rest = result.config.model_dump_json(exclude={"seed", "study", "device"})
        configs.setdefault(names[result.run.id], set()).add(rest)
    return {
        run_id: f"{name} ({run_id.rsplit('-', 1)[-1]})" if len(configs[name]) > 1 else name
        for run_id, name in names.items()
    }


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
