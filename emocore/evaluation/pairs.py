"""Verdicts looked up by pair, whichever way round the table has it."""

import pandas as pd

from emocore.evaluation.comparison import Comparison


def tested_groups(comparison: Comparison) -> list[list[str]]:
    """The series that have verdicts by the texts that they share, the best first: in a group every pair was tested."""
    partners: dict[str, set[str]] = {}
    for first, second in comparison.verdicts[["first", "second"]].itertuples(index=False):
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    groups: list[list[str]] = []
    for name in comparison.tested:
        home = next((group for group in groups if group[0] in partners[name]), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    return groups


def find_pair(verdicts: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The rows of a pair, turned round if need be so that `first` comes first; empty where they were not tested."""
    straight = verdicts[(verdicts["first"] == first) & (verdicts["second"] == second)]
    if len(straight):
        return straight
    turned = verdicts[(verdicts["first"] == second) & (verdicts["second"] == first)]
    return turned.assign(
        first=first,
        second=second,
        first_method=turned["second_method"],
        second_method=turned["first_method"],
        difference=-turned["difference"],
        low=-turned["high"],
        high=-turned["low"],
        verdict=turned["verdict"].map({"better": "worse", "worse": "better", "tie": "tie"}),
    )


def find_ties(comparison: Comparison, series: str) -> list[str]:
    """The series that were tested against `series` and tie with it overall, the best first."""
    return [name for name in comparison.ranking()["series"] if find_verdict(comparison, series, name) == "tie"]


def find_verdict(comparison: Comparison, first: str, second: str) -> str | None:
    """The overall verdict seen from `first`; None where they were not tested."""
    rows = find_pair(comparison.verdicts, first, second)
    return None if rows.empty else str(rows.iloc[0]["verdict"])
