"""What a score costs: the table behind the trade-offs, its Pareto front, the best under a budget, and runs that failed.

Covered: costs as the runs measured them, see Cost. Those of another machine, of W&B too, stand in the same
table; that their seconds were not measured alike is for the fairness audit to say.
"""

import contextlib
from collections.abc import Collection, Iterable, Sequence
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from emocore.errors import RunError
from emocore.evaluation.results import Result
from emocore.evaluation.series import group_series
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.run.state import RunStatus
from emocore.text import join_names

COSTS = tuple(Cost.model_fields)
FAILED_COLUMNS = ("run", "method", "seed", "status", "kind", "reason")
# Of each limit of a Budget: the cost that it is for, how much of that is one of its unit, and how it is said.
LIMITS = {
    "minutes": ("train_seconds", 60, "{:g} min of training"),
    "peak_memory_gigabytes": ("peak_memory_bytes", 1e9, "{:g} GB of peak memory"),
    "adapter_megabytes": ("adapter_bytes", 1e6, "{:g} MB of adapter"),
    "latency_milliseconds": ("latency_seconds", 1e-3, "{:g} ms a text"),
}


class Budget(TypedDict, total=False):
    """The most that a series may cost, None or left out for no limit. 1 GB is 1e9 bytes, 1 MB is 1e6; latency is that
    of one text alone."""

    minutes: float | None
    peak_memory_gigabytes: float | None
    adapter_megabytes: float | None
    latency_milliseconds: float | None


def cost_table(results: Sequence[Result], scores: pd.DataFrame) -> pd.DataFrame:
    """One row per series, in the order of `scores`: series, method, source, seeds, f1_macro, f1_macro_low,
    f1_macro_high, then COSTS.

    `scores` is long with the rows of metric "f1_macro": series, method, source, seeds, metric, value, low, high. Costs
    are means over the seeds that measured them; NaN where none did, as latency before it was measured.
    """
    macro = scores.loc[scores["metric"] == "f1_macro", ["series", "method", "source", "seeds", "value", "low", "high"]]
    names = {"value": "f1_macro", "low": "f1_macro_low", "high": "f1_macro_high"}
    rows = [
        {"series": name, **member.scores.cost.model_dump()}
        for name, members in group_series(results).items()
        for member in members
    ]
    means = pd.DataFrame(rows).astype(dict.fromkeys(COSTS, float)).groupby("series").mean()
    return macro.rename(columns=names).join(means, on="series").reset_index(drop=True)


def pareto_front(costs: pd.DataFrame, cost: str) -> pd.Series:
    """Whether a series is on the front, with the index of `costs`: no other has at most its `cost` and at least its
    macro-F1, one of them strictly. By the point values; a series whose cost is not known is never on it."""
    price, f1 = costs[cost].to_numpy(dtype=float), costs["f1_macro"].to_numpy(dtype=float)
    cheaper, better = price < price[:, None], f1 > f1[:, None]  # [i, j]: j is cheaper, better than i
    as_cheap, as_good = price <= price[:, None], f1 >= f1[:, None]
    dominated = (as_cheap & as_good & (cheaper | better)).any(axis=1)
    return pd.Series(~dominated & ~np.isnan(price) & ~np.isnan(f1), index=costs.index)


def best_under_budget(costs: pd.DataFrame, **budget: Unpack[Budget]) -> pd.DataFrame:
    """The rows of `cost_table` within every limit of the Budget, the highest macro-F1 first.

    A limit may be reached. A cost that is not known is not within a limit.
    """
    spent, limits = _spend(costs, budget)
    allowed = costs[(spent <= limits).all(axis=1)]
    return allowed.sort_values("f1_macro", ascending=False, kind="stable", ignore_index=True)


def describe_budget(costs: pd.DataFrame, ties: Collection[str], **budget: Unpack[Budget]) -> str:
    """One sentence: which series is the best within the Budget, and which others there cannot be told from it.

    `ties` are the series that a test found no difference to; that intervals overlap would say too little. Series
    that may be within the Budget, though not every limited cost of them is known, are named.
    """
    spent, limits = _spend(costs, budget)
    allowed = best_under_budget(costs, **budget)
    words = join_names([LIMITS[name][2].format(limit) for name, limit in budget.items() if limit is not None])
    if allowed.empty:
        sentence = f"No series makes do with {words}; raise a limit"
    else:
        best = allowed.iloc[0]
        start = f"With at most {words}" if words else "Without a limit"
        sentence = f"{start}, {best['series']} has the highest macro-F1 ({best['f1_macro']:.3f})"
        tied = [name for name in allowed["series"].iloc[1:] if name in ties]
        if tied:
            sentence += f"; {join_names(tied)} cannot be told from it"
    unknown = spent.isna().any(axis=1) & ~(spent > limits).any(axis=1)
    if unknown.any():
        sentence += f"; not every cost of {join_names(costs.loc[unknown, 'series'].tolist())} is known"
    return f"{sentence}."


def failed_table(runs: Iterable[RunFolder]) -> pd.DataFrame:
    """Runs that ended without a result, in the given order: FAILED_COLUMNS.

    `status` is "failed", "stopped" or "interrupted", and `kind` is the same or "out of memory", of a run that failed
    for want of memory or was killed for it. Runs deleted at this very moment are left out, and so are damaged ones,
    which `list_damaged_runs` names.
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
    """What each series costs of what is limited, in the units of the Budget, and the limits by name."""
    limits = {name: limit for name, limit in budget.items() if limit is not None}
    spent = {name: costs[LIMITS[name][0]] / LIMITS[name][1] for name in limits}
    return pd.DataFrame(spent, index=costs.index), pd.Series(limits, dtype=float)
