"""How a comparison departs from the plan of its study, and what that does to the error rate of its verdicts.

A verdict has its error rate for one look at the planned runs, at the thresholds of the launch. Runs that were launched
later, other thresholds, and a look before all planned runs have finished are further looks: each may find by chance
what the others did not. Two looks have at most twice the error rate of one. Not covered: how often somebody looked.
"""

from collections.abc import Iterator

import pandas as pd

from emocore.evaluation.audit import COLUMNS, name_differences
from emocore.evaluation.comparison import Comparison, planned_policy
from emocore.evaluation.plan import Plan
from emocore.evaluation.predictions import POLICY_TITLES
from emocore.evaluation.results import Result
from emocore.evaluation.verdicts import ALPHA
from emocore.run.settings import describe_repetition
from emocore.run.study_record import StudyRecord
from emocore.text import counted, join_names

# At most this many runs are named.
NAMED = 3
THRESHOLDS = "thresholds"  # a departure that the reader chose a moment ago, and can undo


def find_departures(comparison: Comparison) -> pd.DataFrame:
    """One row per departure from the plan, with the COLUMNS of an audit; empty without a plan or a departure."""
    plan = comparison.plan
    rows = []
    if plan is not None:
        rows = [
            *_find_unfinished_runs(plan),
            *_find_unplanned_runs(plan.record, comparison),
            *_find_tried_settings(plan.record, comparison),
        ]
        rows += [] if plan.unfinished else _find_hidden_runs(plan.record, comparison)
    return pd.DataFrame([*rows, *_find_other_thresholds(comparison)], columns=COLUMNS)


def list_differences(comparison: Comparison, audit_table: pd.DataFrame) -> pd.DataFrame:
    """The departures from the plan and then the whole audit of the comparison for readers, with COLUMNS."""
    parts = [find_departures(comparison), name_differences(audit_table)]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _find_unplanned_runs(plan: StudyRecord, comparison: Comparison) -> Iterator[tuple[str, ...]]:
    others = [result for result in comparison.local if not plan.plans(result.config)]
    if not others:
        return
    named = [_describe_run(comparison, result) for result in others[:NAMED]]
    more = [f"{len(others) - NAMED} more"] if len(others) > NAMED else []
    yield (
        "runs that are not in the plan",
        f"{len(others)} of {counted(len(comparison.local), 'run')}: {join_names([*named, *more])}",
        "may matter",
        "Whoever sees results and adds runs until a difference shows finds one by chance too often: each further look "
        f"may add as many false verdicts as the first has, {100 * ALPHA:.0f} % among methods that do not differ. The "
        "planned runs alone have the planned error rate.",
    )


def _find_tried_settings(plan: StudyRecord, comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """Methods of which several series take the place of one that was planned."""
    found: dict[tuple[object, ...], dict[str, None]] = {}
    for result in comparison.local:
        if plan.plans(result.config):
            found.setdefault(plan.place_of(result.config), {})[comparison.series[result.id]] = None
    if several := [join_names(names) for names in found.values() if len(names) > 1]:
        yield (
            "several settings where one was planned",
            "; ".join(several),
            "may matter",
            "The best of several settings looks better than it is, since it was chosen by the scores that it is judged "
            "by.",
        )


def describe_family(comparison: Comparison) -> str:
    """The pairs that verdicts are corrected for: "the 3 pairs shown"; "the 10 pairs of the study's plan"."""
    counts = comparison.family_pairs or [0]
    if len(counts) > 1:
        return f"the pairs with the same texts ({join_names(f'{count:,}' for count in counts)})"
    planned = comparison.plan.record.pairs if comparison.plan else 0
    more = counts[0] - planned
    if not planned:
        return f"the {counted(counts[0], 'pair')} shown"
    return f"the {counted(planned, 'pair')} of the study's plan" + (f" and {more:,} further ones shown" if more else "")


def _find_unfinished_runs(plan: Plan) -> Iterator[tuple[str, ...]]:
    if plan.unfinished:
        yield (
            "planned runs that have not finished",
            f"{plan.finished} of {plan.record.runs} have finished",
            "may matter",
            "The verdict is preliminary: it is one look more than planned, and may change with the other runs.",
        )


def _find_hidden_runs(plan: StudyRecord, comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """Of the series that are shown, those with fewer runs than planned."""
    planned = plan.replicates * len(plan.seeds)
    found: dict[str, int] = {}
    for result in comparison.local:
        name = comparison.series[result.id]
        found[name] = found.get(name, 0) + plan.plans(result.config)
    if hidden := {name: count for name, count in found.items() if count < planned}:
        yield (
            "planned runs that are not shown",
            join_names([f"{name} has {count} of {planned}" for name, count in hidden.items()]),
            "may matter",
            "Whoever chooses among finished runs chooses the verdict; show all of them.",
        )


def _find_other_thresholds(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    planned = planned_policy(comparison.plan.record if comparison.plan else None, comparison.results)
    if comparison.local and comparison.policy != planned:
        yield (
            THRESHOLDS,
            f"launched for {POLICY_TITLES[planned]}, shown at {POLICY_TITLES[comparison.policy]}",
            "may matter",
            "The verdict is the one at the thresholds of the launch. Whoever looks at both and takes the better has, "
            f"among methods that do not differ, up to {200 * ALPHA:.0f} % of false verdicts instead of "
            f"{100 * ALPHA:.0f} %.",
        )


def _describe_run(comparison: Comparison, result: Result) -> str:
    config = result.config
    repetition = describe_repetition(config.seed, config.replicate, config.learns_half)
    return f"{comparison.series[result.id]} {repetition}"
