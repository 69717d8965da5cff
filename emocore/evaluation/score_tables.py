"""The tables of scores of a comparison: of local runs with their intervals, of runs of W&B as they were logged."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from emocore.evaluation.bootstrap import Scores, average_runs
from emocore.evaluation.intervals import (
    FEWEST_POSITIVES,
    Variances,
    f1_interval,
    macro_interval,
    split_variance,
    t_interval,
)
from emocore.evaluation.no_skill import f1_of_always_on
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.results import TeamResult

METRICS = (
    "f1_macro", "f1_micro", "f1_weighted", "jaccard", "exact_match", "flattened_f1_macro", "flattened_f1_micro",
)  # fmt: skip


def score_rows(predictions: Predictions, seen: Scores, drawn: Scores) -> pd.DataFrame:
    """One row per series and metric: series, metric, value, low, high. `seen` are the scores on the texts of
    `predictions`, `drawn` those on resamples of them."""
    rows = []
    for name in predictions.members:
        for metric in METRICS:
            value, variances = _average(predictions, name, seen, drawn, partial(_take_metric, metric))
            low, high = t_interval(value, variances)
            if metric == "f1_macro":
                f1, of_emotions, either = _by_emotion(predictions, name, seen, drawn)
                low, high = macro_interval(f1, of_emotions, either, predictions.unit_support, variances)
            rows.append((name, metric, float(value), float(low), float(high)))
    return pd.DataFrame(rows, columns=["series", "metric", "value", "low", "high"])


def emotion_rows(predictions: Predictions, seen: Scores, drawn: Scores) -> pd.DataFrame:
    """One row per series and emotion: F1 with its interval, which is missing if too few texts, or groups of texts, have
    the emotion."""
    parts, is_thin = [], predictions.unit_support < FEWEST_POSITIVES
    note = f"too few {'texts' if predictions.groups is None else 'groups'} for an interval"
    for name, places in predictions.members.items():
        f1, variances, either = _by_emotion(predictions, name, seen, drawn)
        low, high = f1_interval(f1, variances, either)
        predicted = predictions.predicted[places]
        hits = (predicted & predictions.truth).sum(axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "series": name,
                    "emotion": predictions.labels,
                    "f1": f1,
                    "low": np.where(is_thin, np.nan, low),
                    "high": np.where(is_thin, np.nan, high),
                    "precision": (hits / np.maximum(predicted.sum(axis=1), 1)).mean(axis=0),
                    "recall": (hits / np.maximum(predictions.support, 1)).mean(axis=0),
                    "support": predictions.support,
                    "no_skill_f1": f1_of_always_on(predictions.truth.mean(axis=0)),
                    "note": np.where(is_thin, note, ""),
                }
            )
        )
    return pd.concat(parts)


def _by_emotion(
    predictions: Predictions, name: str, seen: Scores, drawn: Scores
) -> tuple[np.ndarray, Variances, np.ndarray]:
    """Mean F1 of the series `name`, its variances, and how many texts have or are predicted to have the emotion;
    (labels,) each."""
    f1, variances = _average(predictions, name, seen, drawn, attrgetter("emotions"))
    either = (predictions.predicted[predictions.members[name]] | predictions.truth).sum(axis=1).mean(axis=0)
    return f1, variances, either


def _average(
    predictions: Predictions, name: str, seen: Scores, drawn: Scores, pick: Callable[[Scores], np.ndarray]
) -> tuple[np.ndarray, Variances]:
    """The mean over the repetitions of a series, and its variances, of the scores that `pick` takes; (...)."""

    def repeat(runs: Predictions, seen: Scores, drawn: Scores) -> tuple[np.ndarray, np.ndarray]:
        repetitions = runs.repetitions[name]
        return average_runs(pick(seen), repetitions), average_runs(pick(drawn), repetitions, axis=1)

    halves = None
    if predictions.halves and seen.halves and drawn.halves and predictions.halves.has_several_draws(name):
        halves = repeat(predictions.halves, seen.halves, drawn.halves)
    scores, samples = repeat(predictions, seen, drawn)
    return scores.mean(axis=0), split_variance(scores, samples, predictions.text_freedom, halves)


def _take_metric(metric: str, scores: Scores) -> np.ndarray:
    return scores.metrics[metric]


def team_score_rows(team: Sequence[TeamResult], split: str, series: dict[str, str]) -> pd.DataFrame:
    """The same columns as `score_rows`, as means of the logged scores; without predictions there are no intervals."""
    rows = []
    for result in team:
        values = join_conventions(**result.scores.splits[split].model_dump())
        rows += [{"series": series[result.id], "metric": metric, "value": values[metric]} for metric in METRICS]
    means = pd.DataFrame(rows).groupby(["series", "metric"], sort=False)["value"].mean().reset_index()
    return means.assign(low=np.nan, high=np.nan)


def join_conventions(multilabel: dict[str, Any], flattened: dict[str, Any]) -> dict[str, Any]:
    """The scores in both conventions, those of the original study with their prefix."""
    return multilabel | {f"flattened_{name}": value for name, value in flattened.items()}


def team_emotion_rows(team: Sequence[TeamResult], split: str, series: dict[str, str]) -> pd.DataFrame:
    """The same columns as `emotion_rows`, likewise without intervals."""
    rows = [
        {
            "series": series[result.id],
            "emotion": emotion,
            **{name: getattr(scores, name) for name in ("f1", "precision", "recall", "support")},
            "no_skill_f1": no_skill,
        }
        for result in team
        for (emotion, scores), no_skill in zip(
            result.scores.splits[split].multilabel.per_emotion.items(),
            f1_of_always_on(result.supports(split) / (result.rows(split) or np.nan)),
            strict=True,
        )
    ]
    means = pd.DataFrame(rows).groupby(["series", "emotion"], sort=False).mean().reset_index()
    return means.assign(low=np.nan, high=np.nan, note="from W&B: scores without predictions")
