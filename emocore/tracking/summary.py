"""A run's result and provenance as the flat values of a W&B summary, and back.

{"validation": {"multilabel": {"f1_macro": 0.5}}}  <->  {"validation/multilabel/f1_macro": 0.5}
"""

from typing import Any

from emocore.run.folder import RunFolder
from emocore.run.result import Cost

# The fields that are needed elsewhere for a fair comparison; the rest of `provenance.json` stays in the run's folder.
PROVENANCE_KEYS = (
    "emocore", "data_sha256", "split_sha256", "evaluation_sha256", "available_rows", "rows", "labels", "device",
    "precision", "threads", "packages", "base_revision",
)  # fmt: skip


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a/b": 1}, which W&B can draw in charts."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}/")
        else:
            flat[prefix + key] = value
    return flat


def flatten_provenance(run: RunFolder) -> dict[str, Any]:
    """`provenance.json` as `provenance/...`; empty before the run has written it."""
    provenance = run.provenance
    return flatten({"provenance": provenance.model_dump(include=set(PROVENANCE_KEYS))}) if provenance else {}


def flatten_run(run: RunFolder) -> dict[str, Any]:
    """The summary of a run: its result, if it has one, and its provenance, without None, which W&B does not store."""
    scores = run.scores
    values = (flatten(scores.model_dump()) if scores else {}) | flatten_provenance(run)
    return {name: value for name, value in values.items() if value is not None}


def unflatten_result(summary: dict[str, Any]) -> dict[str, Any]:
    """The result in the shape of `result.json`, from a summary that also holds the last logged metrics.

    A split that was not evaluated is None, as are unmeasured costs and the average precision of an emotion without
    texts. An emotion's name may contain a slash.
    """
    result: dict[str, Any] = {split: _unflatten_split(summary, split) for split in ("validation", "test")}
    result["cost"] = dict.fromkeys(Cost.model_fields) | _below(summary, "cost/")
    if summary.get("shared_device") is True:
        result["shared_device"] = True
    if kept := _below(summary, "kept/"):
        result["kept"] = kept
    return result


def unflatten_provenance(summary: dict[str, Any]) -> dict[str, Any]:
    """The provenance that `flatten_provenance` put into a summary."""
    flat = _below(summary, "provenance/")
    provenance = {key: flat[key] for key in PROVENANCE_KEYS if key in flat}
    for group in ("data_sha256", "rows", "packages"):
        provenance[group] = _below(flat, f"{group}/")
    return provenance


def _unflatten_split(summary: dict[str, Any], split: str) -> dict[str, Any] | None:
    scores = _below(summary, f"{split}/multilabel/")
    if not scores:
        return None
    emotions: dict[str, dict[str, Any]] = {}
    for name, value in _below(scores, "per_emotion/").items():
        emotion, _, metric = name.rpartition("/")
        emotions.setdefault(emotion, {"average_precision": None})[metric] = value
    multilabel = {name: value for name, value in scores.items() if not name.startswith("per_emotion/")}
    return {"multilabel": multilabel | {"per_emotion": emotions}, "flattened": _below(summary, f"{split}/flattened/")}


def _below(flat: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in flat.items() if key.startswith(prefix)}
