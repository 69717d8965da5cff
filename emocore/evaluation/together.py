"""Methods together: the mean of the probabilities of several series as a further series, from stored predictions.

Each run of a joint series is made of one run of every member: those with the same draw of the training texts and the
same seed or, if each member learned from one draw, with the same seed. So it has the repetitions of its members, pairs
with them draw by draw, and is what somebody would use who keeps one adapter of each. The mean over all seeds of a draw
would be a larger ensemble, better than its costs say.

Logits of a joint run are the log-odds of the mean probability, so its thresholds are tuned as those of any run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from emocore.errors import DataError
from emocore.evaluation.predictions_file import NAMES
from emocore.evaluation.results import PredictedResult, Result, shared_splits
from emocore.metrics import score_logits, sigmoid
from emocore.run.config import NO_BASE
from emocore.run.result import Cost, RunScores
from emocore.run.settings import describe_repetition
from emocore.text import join_names
from emocore.thresholds import USUAL_THRESHOLD

TOGETHER = "together"  # the method of every joint series
SUMMED = (
    "train_seconds", "trainable_parameters", "adapter_parameters", "head_parameters", "adapter_bytes", "latency_seconds"
)  # fmt: skip
COSTS_NOTE = (
    "Costs of series together are sums over one run of each member; peak memory is the largest of theirs, as they are "
    "trained and loaded one after the other."
)

Repetition = tuple[str, int]
"""The draw of the training texts, empty if each series has only one, and the seed."""


@dataclass(frozen=True)
class JointResult(PredictedResult):
    """One run of each of the series `members` together. It has no folder and stores nothing; its method is TOGETHER,
    and its fixed threshold is the mean of theirs."""

    members: tuple[str, ...]
    table: pd.DataFrame

    @property
    def method_title(self) -> str:
        return f"{' + '.join(self.members)} together"

    @property
    def predictions(self) -> pd.DataFrame:
        return self.table


def join_series(
    choices: Iterable[Sequence[str]], results: Sequence[Result], series: Mapping[str, str]
) -> tuple[list[JointResult], list[str]]:
    """The joint runs of each choice, and sentences on the runs of its members that have no counterpart.

    A choice names two or more series by their names or methods; `series` has the name of each run's series. Members
    are put in the order of `results`, and equal choices count once.

    Raises DataError if a choice names something else, or series without a common seed, draw or evaluation text.
    """
    by_series: dict[str, list[PredictedResult]] = {}
    for result in results:
        if isinstance(result, PredictedResult):
            by_series.setdefault(series[result.id], []).append(result)
    joint, notes = [], []
    for names in dict.fromkeys(_find_series(choice, by_series) for choice in choices):
        runs = _pair({name: by_series[name] for name in names})
        joint += [_join(names, members) for members in runs]
        paired = {member.id for members in runs for member in members}
        left_out = [
            f"{describe_repetition(result.config.seed, result.config.replicate, result.config.learns_half)} of {name}"
            for name in names
            for result in by_series[name]
            if result.id not in paired
        ]
        if left_out:
            notes.append(f"{joint[-1].method_title}: {join_names(left_out)} left out, which not all of them have.")
    return joint, notes


def describe_joint(joint: Sequence[JointResult]) -> list[str]:
    """Sentences that say what the joint series are and what their costs mean; none without a joint series."""
    members = {result.method_title: result.members for result in joint}
    said = [
        f"{name} is the mean of the probabilities of {join_names(own)}, of the runs with the same seed and draw of the "
        "training texts. Its thresholds are tuned on that mean or, if fixed, are the mean of theirs."
        for name, own in members.items()
    ]
    return [*said, COSTS_NOTE] if said else []


def _find_series(choice: Sequence[str], by_series: Mapping[str, Sequence[Result]]) -> tuple[str, ...]:
    """The series that a choice names, in the order of `by_series`."""
    found = set()
    for wanted in choice:
        named = [name for name, members in by_series.items() if wanted in (name, members[0].config.method)]
        if not named:
            raise DataError(
                f"'{wanted}' is no series with predictions here, so it has no part in a mean; "
                f"there are {join_names(by_series) or 'none'}"
            )
        if len(named) > 1 and wanted not in named:
            raise DataError(f"'{wanted}' may be {' or '.join(named)}; name one of them in full")
        found.add(wanted if wanted in named else named[0])
    if len(found) < 2:
        raise DataError(f"a mean takes two or more series, not {join_names(found) or 'none'}; name another one")
    return tuple(name for name in by_series if name in found)


def _pair(by_series: Mapping[str, Sequence[PredictedResult]]) -> list[tuple[PredictedResult, ...]]:
    """One run of each series per repetition that all of them have."""
    has_draws = any(len({run.provenance.split_sha256 for run in members}) > 1 for members in by_series.values())

    def repetition(result: PredictedResult) -> Repetition:
        return str(result.provenance.split_sha256) if has_draws else "", result.config.seed

    own = [{repetition(result): result for result in members} for members in by_series.values()]
    paired = [tuple(runs[key] for runs in own) for key in own[0] if all(key in runs for runs in own)]
    if not paired:
        common = "seed with the same draw of the training texts" if has_draws else "seed"
        raise DataError(f"{join_names(by_series)} have no {common} in common, so no mean; choose series of one study")
    return paired


def _join(names: tuple[str, ...], members: tuple[PredictedResult, ...]) -> JointResult:
    first, splits = members[0], shared_splits(members)
    table = _average(names, members, splits)
    threshold = float(np.mean([member.config.threshold or USUAL_THRESHOLD for member in members]))
    config = first.config.model_copy(update={"method": TOGETHER, "base": NO_BASE, "threshold": threshold})
    draws = dict.fromkeys(str(member.provenance.split_sha256) for member in members)
    scores = {"test": None} | {
        split: score_logits(*_select(table, split, first.labels), first.labels, threshold) for split in splits
    }
    return JointResult(
        id=" + ".join(member.id for member in members),
        config=config,
        scores=RunScores.model_validate(
            scores | {"cost": _add_costs(members), "shared_device": any(m.scores.shared_device for m in members)}
        ),
        provenance=first.provenance.model_copy(update={"split_sha256": " + ".join(draws)}),
        members=names,
        table=table,
    )


def _average(names: Sequence[str], members: Sequence[PredictedResult], splits: Sequence[str]) -> pd.DataFrame:
    """The predictions of the first member with the log-odds of the mean probability as logits."""
    labels = members[0].labels
    told, logits = [*NAMES, *(f"true.{label}" for label in labels)], [f"logit.{label}" for label in labels]
    tables = [member.predictions[member.predictions["split"].isin(splits)] for member in members]
    is_same = [member.labels == labels for member in members]
    if not all(is_same) or not all(table[told].equals(tables[0][told]) for table in tables):
        raise DataError(
            f"{join_names(names)} were not all scored on the same texts and emotions, so their probabilities have no "
            "mean; choose series with the same validation and test texts"
        )
    means = np.mean([sigmoid(table[logits].to_numpy()) for table in tables], axis=0)
    return tables[0].assign(**dict(zip(logits, logit(means).T, strict=True)))


def _select(table: pd.DataFrame, split: str, labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Truth and logits of a split, (texts, labels) each."""
    rows = table[table["split"] == split]
    truth, logits = (rows[[f"{kind}.{label}" for label in labels]].to_numpy() for kind in ("true", "logit"))
    return truth, logits


def _add_costs(members: Sequence[Result]) -> Cost:
    """Sums, the largest peak memory, and no texts per second, which cannot be added. A sum with an unknown part is
    unknown."""
    costs = [member.scores.cost for member in members]

    def known(name: str) -> list[float] | None:
        values = [getattr(cost, name) for cost in costs]
        return None if None in values else values

    sums = {name: sum(values) if (values := known(name)) else None for name in SUMMED}
    peaks = known("peak_memory_bytes")
    return Cost.model_validate(sums | {"peak_memory_bytes": max(peaks) if peaks else None, "samples_per_second": None})
