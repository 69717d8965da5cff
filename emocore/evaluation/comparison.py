"""A comparison: finished runs of one split under one threshold policy, with every score's interval and all verdicts.

This module computes what every view of a comparison needs. Other modules compute the rest (thresholds, calibration,
costs, where methods differ) from a `Comparison`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from emocore.data.checks.groups import FEWEST_GROUPS
from emocore.emotions import display_order
from emocore.errors import DataError, RunError
from emocore.evaluation.bootstrap import RESAMPLES, resample, score
from emocore.evaluation.chosen import leave_out_lone_halves, leave_out_repeats
from emocore.evaluation.no_skill import no_skill_scores, no_skill_scores_from_supports
from emocore.evaluation.paired_tests import measure_draws
from emocore.evaluation.plan import Plan, find_plan, find_record
from emocore.evaluation.predictions import (
    POLICY_TITLES,
    Predictions,
    ThresholdPolicy,
    launched_policy,
    load_predictions,
)
from emocore.evaluation.results import PredictedResult, Result, RunResult, TeamResult, shared_splits
from emocore.evaluation.score_tables import (
    METRICS,
    emotion_rows,
    join_conventions,
    score_rows,
    team_emotion_rows,
    team_score_rows,
)
from emocore.evaluation.series import name_series
from emocore.evaluation.together import JointResult, join_series
from emocore.evaluation.verdicts import MARGIN, Verdicts, compare_pairs
from emocore.run.study_record import StudyRecord
from emocore.text import counted, join_names


@dataclass(frozen=True)
class Comparison:
    """A comparison, computed by `compare`. Missing values are NaN; runs of W&B have no intervals.

    Attributes:
        groups: Local runs, grouped by the texts that they were scored on.
        series: Run id -> name of its series.
        scores: One row per series and metric: series, method, base, source, seeds, metric, value, low, high.
        emotions: One row per series and emotion, the commonest emotion first: series, method, source, emotion, f1, low,
            high, precision, recall, average_precision, support, seeds, no_skill_f1, note.
        no_skill: Rows silence, frequency and always-on, one column per metric.
        notes: Sentences for the user.
        plan: That of the study of all local runs; None if there is no such study or record.
        between_draws: Of each of the `groups`, by how much another draw of the training texts moves macro-F1 (standard
            deviation); NaN if no series has several.
        family_pairs: Of each of the `groups`, how many pairs of series its verdicts are corrected for.
        joint: What `together` made of the runs; it is in every table, and in `groups`, but was not run.
    """

    results: list[Result]
    split: str
    policy: ThresholdPolicy
    series: dict[str, str]
    groups: list[Predictions]
    scores: pd.DataFrame
    emotions: pd.DataFrame
    verdicts: Verdicts
    no_skill: pd.DataFrame
    notes: list[str]
    joint: list[JointResult] = field(default_factory=list)
    plan: Plan | None = None
    between_draws: list[float] = field(default_factory=list)
    family_pairs: list[int] = field(default_factory=list)

    @property
    def whole(self) -> list[Result]:
        """The runs whose scores are shown: all but those on halves of the training rows."""
        return [result for result in self.results if not result.config.learns_half]

    @property
    def scored(self) -> list[Result]:
        """Everything that has a score and a cost: those runs, and what was made of them."""
        return [*self.whole, *self.joint]

    @property
    def local(self) -> list[RunResult]:
        return [result for result in self.results if isinstance(result, RunResult)]

    @property
    def largest_group(self) -> Predictions | None:
        """The largest group of runs that were scored on the same texts; None without predictions."""
        return max(self.groups, key=lambda group: len(group.runs), default=None)

    @property
    def tested(self) -> list[str]:
        """The series that have verdicts, the best first."""
        known = set(self.verdicts.overall[["first", "second"]].to_numpy().ravel())
        return [name for name in self.ranking()["series"] if name in known]

    @property
    def always_on(self) -> float:
        """macro-F1 of predicting every emotion for every text; NaN if unknown."""
        return self.floor("f1_macro").get("always-on", float("nan"))

    def floor(self, metric: str) -> dict[str, float]:
        """Name -> score of each predictor without skill whose score is known."""
        known = self.no_skill.set_index("series")[metric].astype(float).dropna()
        return {str(name): float(value) for name, value in known.items()}

    def ranking(self) -> pd.DataFrame:
        """The rows of `scores` for macro-F1, the best first."""
        return _rank_macro(self.scores)


def compare(
    results: Sequence[Result],
    split: str | None,
    policy: ThresholdPolicy | None = None,
    together: Sequence[Sequence[str]] = (),
) -> Comparison:
    """Compare runs. Without a split, the test split is used if all runs have one, otherwise the validation split.
    Without a policy, thresholds are fixed if they were at every launch, otherwise tuned. Each choice in `together`
    names two or more series by name or method, whose mean is one more series.

    Raises DataError if a run lacks the split or a choice has no mean, RunError if predictions are missing or damaged.
    """
    shared = shared_splits(results)
    split = split or shared[-1]
    if split not in shared:
        raise DataError(f"not every run has a {split} split; they share {', '.join(shared)}")
    plan, unread = find_plan(results)
    policy = policy or planned_policy(plan.record if plan else None, results)
    kept, repeats = leave_out_repeats(results)
    kept, lone = leave_out_lone_halves(kept)
    series = name_series(kept)
    whole = [result for result in kept if not result.config.learns_half]
    joint, left_out = join_series(together, whole, series)
    notes = [*repeats, *lone, *left_out, *unread]
    scored, names = [*whole, *joint], series | {result.id: result.method_title for result in joint}
    groups = load_predictions([r for r in [*kept, *joint] if isinstance(r, PredictedResult)], names, split, policy)
    margin = plan.record.margin_points / 100 if plan else MARGIN
    scores, emotions, verdicts, between_draws = [], [], [], []
    family_pairs: list[int] = []
    for predictions in groups:
        seen, drawn = score(predictions), resample(predictions, RESAMPLES)
        scores.append(score_rows(predictions, seen, drawn))
        emotions.append(emotion_rows(predictions, seen, drawn))
        family_pairs.append(_count_tests(plan, predictions, kept, series))
        verdicts.append(compare_pairs(predictions, seen, drawn, margin, family_pairs[-1]))
        between_draws.append(measure_draws(predictions, seen, drawn))
    every_team = [result for result in whole if isinstance(result, TeamResult)]
    team = [result for result in every_team if launched_policy(result.config) == policy]
    if len(team) < len(every_team):
        notes.append(
            "Runs of W&B with scores at other thresholds are left out: without predictions, only scores at the "
            "thresholds of the launch are known."
        )
    if team:
        scores.append(team_score_rows(team, split, series))
        emotions.append(team_emotion_rows(team, split, series))
    if not scores:
        other = POLICY_TITLES["fixed" if policy == "tuned" else "tuned"]
        raise DataError(f"none of these runs has predictions for other thresholds than at launch; choose '{other}'")
    if len(groups) > 1:
        notes.append(
            "Not all runs were scored on the same texts. Only runs with the same texts are tested in pairs, scores on "
            "different texts are hardly comparable, and there is no common no-skill line."
        )
    notes += _note_groups(kept, groups, split)
    every_score = _describe_series(pd.concat(scores, ignore_index=True), scored, names)
    return Comparison(
        results=kept,
        split=split,
        policy=policy,
        series=series,
        groups=groups,
        scores=every_score,
        emotions=_add_known(pd.concat(emotions, ignore_index=True), scored, split, names),
        verdicts=Verdicts.join(verdicts).among(_rank_macro(every_score)["series"].tolist()),
        no_skill=_no_skill_table(whole, groups, split),
        notes=notes,
        joint=joint,
        plan=plan,
        between_draws=between_draws,
        family_pairs=family_pairs,
    )


def _count_tests(plan: Plan | None, predictions: Predictions, results: Sequence[Result], series: dict[str, str]) -> int:
    """The pairs that are corrected for: those planned, and those shown of which one series was not planned."""
    if plan is None:
        return len(predictions.pairs)
    planned: dict[tuple[object, ...], str] = {}  # of several series with other settings, only one was planned
    for result in results:
        if plan.record.plans(result.config):
            planned.setdefault(plan.record.place_of(result.config), series[result.id])
    shown = set(planned.values())
    return plan.record.pairs + sum(not set(pair) <= shown for pair in predictions.pairs)


def _rank_macro(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows for macro-F1, the best first."""
    macro = scores[scores["metric"] == "f1_macro"]
    return macro.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def primary_policy(results: Sequence[Result]) -> ThresholdPolicy:
    """The `planned_policy` of runs whose plan has not been read yet; one that cannot be read counts as none."""
    record = None
    with contextlib.suppress(RunError):  # `compare` says so
        record = find_record(results)
    return planned_policy(record, results)


def planned_policy(record: StudyRecord | None, results: Sequence[Result]) -> ThresholdPolicy:
    """The policy of a plan or, without one, that the runs were launched for: fixed thresholds if all were, otherwise
    tuned ones."""
    if record:
        return record.thresholds
    launched = {launched_policy(result.config) for result in results}
    return "fixed" if launched == {"fixed"} else "tuned"


def _note_groups(results: Sequence[Result], predictions: Sequence[Predictions], split: str) -> list[str]:
    """What a reader should know of the groups of texts."""
    notes = []
    columns = {r.config.group_column for r in results if isinstance(r, RunResult) and r.groups(split) is not None}
    if len(columns) > 1:
        notes.append(
            f"The runs have different group columns ({join_names(sorted(map(str, columns)))}): texts that any of them "
            "puts together are resampled together."
        )
    fewest = min((own.units for own in predictions if own.groups is not None), default=FEWEST_GROUPS)
    if fewest < FEWEST_GROUPS:
        notes.append(f"The texts are of only {counted(fewest, 'group')}, so intervals and verdicts are rough.")
    return notes


def _describe_series(rows: pd.DataFrame, results: Sequence[Result], series: dict[str, str]) -> pd.DataFrame:
    """Add the facts on a series to each of its rows."""
    first = ["series", "method", "base", "source", "seeds"]
    known = [(series[r.id], r.config.method, r.config.base, r.source, r.config.seed) for r in results]
    about = pd.DataFrame(known, columns=first).groupby("series", sort=False, as_index=False)
    counted = about.agg({"method": "first", "base": "first", "source": "first", "seeds": "count"})
    table = rows.merge(counted, on="series", how="left")
    return table[[*first, *(column for column in table if column not in first)]]


def _add_known(rows: pd.DataFrame, results: Sequence[Result], split: str, series: dict[str, str]) -> pd.DataFrame:
    """The same with the stored average precision, and with the commonest emotion first."""
    stored = pd.DataFrame(
        [
            {"series": series[result.id], "emotion": emotion, "average_precision": scores.average_precision}
            for result in results
            for emotion, scores in result.scores.splits[split].multilabel.per_emotion.items()
        ]
    )
    stored["average_precision"] = stored["average_precision"].astype(float)
    means = stored.groupby(["series", "emotion"], sort=False).mean().reset_index()
    table = _describe_series(rows.merge(means, on=["series", "emotion"], how="left"), results, series)
    support = table.groupby("emotion")["support"].transform("mean").to_numpy()
    places = {emotion: place for place, emotion in enumerate(display_order(table["emotion"].unique()))}
    order = np.lexsort((table["emotion"].map(places), -support))  # ties in the order of the label set
    return table.iloc[order].reset_index(drop=True)


def _no_skill_table(results: Sequence[Result], groups: Sequence[Predictions], split: str) -> pd.DataFrame:
    """Scores without skill on the texts of the only group. Without a group, those that are exact are computed from
    counts; the others are missing. Empty if the counts are unknown or there are several groups of texts."""
    if len(groups) > 1:
        scores = {}
    elif groups:
        scores = no_skill_scores(groups[0].truth.astype(np.int8))
    else:
        texts = results[0].rows(split)
        scores = no_skill_scores_from_supports(results[0].supports(split), texts) if texts else {}
    rows = [{"series": name} | join_conventions(**values) for name, values in scores.items()]
    return pd.DataFrame(rows, columns=["series", *METRICS])
