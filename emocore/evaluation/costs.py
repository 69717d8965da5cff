"""Costs of a comparison: the cost table, its Pareto front, the best series under a budget, and failed runs.

Covered: costs as the runs measured them, see Cost. A run that shared its device has times that say little, so they
count only where no other run of its series has any, and are marked then. Costs of runs from other machines and from W&B
are in the same table; the fairness audit says that their times are not comparable.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

import pandas as pd

from emocore.errors import RunError
from emocore.evaluation.results import Result
from emocore.evaluation.series import group_series
from emocore.evaluation.verdicts import UNDECIDED, Verdicts
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.run.state import RunStatus
from emocore.text import join_names, name_some

COSTS = tuple(Cost.model_fields)
TIMES = ("train_seconds", "samples_per_second", "latency_seconds")  # which depend on what else a device does
SHARED_TIMES = "shared_times"
MARK = "*"  # after times of runs that shared their device
FAILED_COLUMNS = ("run", "method", "seed", "status", "kind", "reason")
# Limit of a Budget -> (column of the cost, column units per unit of the limit, format).
LIMITS = {
    "minutes": ("train_seconds", 60, "{:g} min of training"),
    "peak_memory_gigabytes": ("peak_memory_bytes", 1e9, "{:g} GB of peak memory"),
    "adapter_megabytes": ("adapter_bytes", 1e6, "{:g} MB of adapter"),
    "latency_milliseconds": ("latency_seconds", 1e-3, "{:g} ms per text"),
}


class Budget(TypedDict, total=False):
    """The most that a series may cost; None or a missing key means no limit. 1 GB is 1e9 bytes and 1 MB is 1e6; latency
    is that of a single text."""

    minutes: float | None
    peak_memory_gigabytes: float | None
    adapter_megabytes: float | None
    latency_milliseconds: float | None


def cost_table(results: Sequence[Result], scores: pd.DataFrame) -> pd.DataFrame:
    """One row per series, in the order of `scores`: series, method, source, seeds, f1_macro, f1_macro_low,
    f1_macro_high, then COSTS and shared_times.

    `scores` has rows of metric "f1_macro": series, method, source, seeds, metric, value, low, high. Costs are means
    over the seeds that measured them, and NaN if none did. TIMES are means over the runs that had their device to
    themselves; where none had, over all, and `shared_times` is true.
    """
    macro = scores.loc[scores["metric"] == "f1_macro", ["series", "method", "source", "seeds", "value", "low", "high"]]
    names = {"value": "f1_macro", "low": "f1_macro_low", "high": "f1_macro_high"}
    rows, shared_times = [], {}
    for name, members in group_series(results).items():
        alone = [member for member in members if not member.scores.shared_device]
        shared_times[name] = not alone
        for member in members:
            cost = member.scores.cost.model_dump()
            if alone and member.scores.shared_device:
                cost |= dict.fromkeys(TIMES)
            rows.append({"series": name, **cost})
    means = pd.DataFrame(rows).astype(dict.fromkeys(COSTS, float)).groupby("series").mean()
    means[SHARED_TIMES] = pd.Series(shared_times)
    return macro.rename(columns=names).join(means, on="series").reset_index(drop=True)


def describe_shared_times(results: Sequence[Result], costs: pd.DataFrame) -> list[str]:
    """Sentences on the times of runs that shared their device; none without such a run. `costs` is their table."""
    shared = dict.fromkeys(
        name
        for name, members in group_series(results).items()
        if any(member.scores.shared_device for member in members)
    )
    marked = costs.loc[costs[SHARED_TIMES], "series"].tolist()
    told = []
    if marked:
        told.append(
            f"{MARK} All runs of {name_some(marked)} shared their device with other runs for a part of the time, so "
            "they took longer than alone: their times cannot be compared. Memory and sizes are not affected."
        )
    if partly := [name for name in shared if name not in marked]:
        told.append(
            f"Times of {name_some(partly)} are those of the runs that had their device to themselves; others shared it."
        )
    return told


def pareto_front(costs: pd.DataFrame, cost: str, verdicts: Verdicts) -> pd.Series:
    """Whether each series, by the index of `costs`, is on the front: no other is as good for less.

    Another is as good if it has at least the same macro-F1, or if it is on the front and the 90 % interval of the
    difference shows that it is worse by less than the margin of the verdicts (non-inferiority, one-sided at 5 %, as
    between equals). At the same cost, only a higher macro-F1 counts. A series with unknown cost is never on the front.
    """
    known = costs[costs[cost].notna() & costs["f1_macro"].notna()]
    rows = list(zip(known.index, known["series"], known[cost], known["f1_macro"], strict=True))
    front: dict[object, tuple[str, float]] = {}
    for place, name, price, f1 in sorted(rows, key=lambda row: (row[2], -row[3])):
        is_beaten = any((c < price and f >= f1) or (c <= price and f > f1) for _, _, c, f in rows)
        rivals = [rival for rival, rival_price in front.values() if rival_price < price]
        if not is_beaten and not any(_is_as_good(rival, name, verdicts) for rival in rivals):
            front[place] = (name, price)
    return pd.Series(costs.index.isin(list(front)), index=costs.index)


def _is_as_good(rival: str, series: str, verdicts: Verdicts) -> bool:
    """Whether the rival was shown to be worse by less than the margin."""
    if verdicts.find(rival, series) is None:
        return False
    return bool(verdicts.between(series, rival)["high_90"] < verdicts.margin)


def best_under_budget(costs: pd.DataFrame, **budget: Unpack[Budget]) -> pd.DataFrame:
    """The rows of `cost_table` within every limit of the Budget, the highest macro-F1 first.

    A cost equal to a limit is within it; an unknown cost is not.
    """
    spent, limits = _spend(costs, budget)
    allowed = costs[(spent <= limits).all(axis=1)]
    return allowed.sort_values("f1_macro", ascending=False, kind="stable", ignore_index=True)


def describe_budget(costs: pd.DataFrame, verdicts: Verdicts, **budget: Unpack[Budget]) -> str:
    """One sentence: which series is the best within the Budget, and which others within it equal it or may do so.

    The sentence names series that may be within the Budget but have an unknown cost.
    """
    spent, limits = _spend(costs, budget)
    allowed = best_under_budget(costs, **budget)
    limited = join_names([LIMITS[name][2].format(limit) for name, limit in budget.items() if limit is not None])
    if allowed.empty:
        sentence = f"No series is within {limited}; raise a limit"
    else:
        best = allowed.iloc[0]
        start = f"With at most {limited}" if limited else "Without a limit"
        sentence = f"{start}, {best['series']} has the highest macro-F1 ({best['f1_macro']:.3f})"
        words = {name: verdicts.find(best["series"], name) for name in allowed["series"].iloc[1:]}
        if equals := [name for name, word in words.items() if word == "equal"]:
            equal = "equals" if len(equals) == 1 else "equal"
            sentence += f"; {join_names(equals)} {equal} it within {verdicts.margin_text}"
        if beaten_by := [name for name, word in words.items() if word == "worse"]:
            beat = "beats" if len(beaten_by) == 1 else "beat"
            sentence += f"; {join_names(beaten_by)} {beat} it on the training texts that both learned from"
        if undecided := [name for name, word in words.items() if word in UNDECIDED]:
            sentence += f"; whether it is better than {join_names(undecided, 'or')} is open"
    unknown = spent.isna().any(axis=1) & ~(spent > limits).any(axis=1)
    if unknown.any():
        sentence += f"; not every cost of {join_names(costs.loc[unknown, 'series'].tolist())} is known"
    return f"{sentence}."


def failed_table(runs: Iterable[RunFolder]) -> pd.DataFrame:
    """Runs that ended without a result, in the given order: FAILED_COLUMNS.

    `status` is "failed", "stopped" or "interrupted". `kind` is the same, or "out of memory" for a run that failed or
    was killed for lack of memory. Runs that were just deleted are left out, and so are damaged ones, which
    `look_at_runs` names.
    """
    rows = []
    for run in runs:
        with contextlib.suppress(RunError):
            state, config = run.state, run.config
            if state.status.is_resumable and state.status != RunStatus.IMPORTED:
                kind = state.failure or str(state.status)
                rows.append((run.id, config.method, config.seed, str(state.status), kind, state.reason or ""))
    return pd.DataFrame(rows, columns=FAILED_COLUMNS)


def _spend(costs: pd.DataFrame, budget: Budget) -> tuple[pd.DataFrame, pd.Series]:
    """The limited costs of each series in the units of the Budget, and the limits by name."""
    limits = {name: limit for name, limit in budget.items() if limit is not None}
    spent = {name: costs[LIMITS[name][0]] / LIMITS[name][1] for name in limits}
    return pd.DataFrame(spent, index=costs.index), pd.Series(limits, dtype=float)
