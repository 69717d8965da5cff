"""Curves of macro-F1 against the one setting in which runs of a method differ, training rows or learning rate.

A curve connects series that are equal in everything else, so that only the setting changes along it.
"""

from collections.abc import Sequence

import pandas as pd

from emocore.evaluation.results import Result, TeamResult
from emocore.evaluation.series import group_series
from emocore.models.methods.catalogue import method_title
from emocore.run.settings import DATA_FILES, NOT_TOLD

SWEPT_SETTINGS = ("rows", "learning_rate")
COLUMNS = ["method", "method_title", "setting", "value", "f1_macro", "low", "high", "seeds", "no_skill"]


def find_swept_settings(results: Sequence[Result]) -> list[str]:
    """Those of SWEPT_SETTINGS that take two or more values in otherwise equal runs of one method."""
    return [
        setting
        for setting in SWEPT_SETTINGS
        if any(len(set(points.values())) > 1 for points in _curves(results, setting).values())
    ]


def sweep_table(scores: pd.DataFrame, results: Sequence[Result], setting: str, no_skill: float) -> pd.DataFrame:
    """One row per method and value of `setting`, values rising: COLUMNS, macro-F1 with the interval of its series.

    `scores` comes from a comparison of these `results`; a series that it lacks is left out. If runs of a method differ
    in more than the setting, the table has the largest group of otherwise equal runs. A method that does not read the
    setting has no rows. `no_skill` is the macro-F1 of always predicting every emotion.
    """
    macro = scores[scores["metric"] == "f1_macro"].set_index("series")
    rows = [
        {
            "method": method,
            "method_title": method_title(method),
            "setting": setting,
            "value": value,
            "f1_macro": macro.at[series, "value"],
            **{column: macro.at[series, column] for column in ("low", "high", "seeds")},
            "no_skill": no_skill,
        }
        for method, points in _curves(results, setting).items()
        for series, value in sorted(points.items(), key=lambda point: point[1])
        if series in macro.index
    ]
    # `rows=None` and `rows=<all>` are the same training set; keep one of them.
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates(["method", "value"], ignore_index=True)


def _curves(results: Sequence[Result], setting: str) -> dict[str, dict[str, float]]:
    """Method -> {series: value of the setting}, for the otherwise equal series with the most values."""
    families: dict[tuple[str, str], dict[str, float]] = {}
    for series, members in group_series(results).items():
        value = _value(members[0], setting)
        if value is not None:
            families.setdefault((members[0].config.method, _rest(members[0], setting)), {})[series] = value
    curves: dict[str, dict[str, float]] = {}
    for (method, _), points in families.items():
        if len(set(points.values())) > len(set(curves.get(method, {}).values())):
            curves[method] = points
    return curves


def _value(result: Result, setting: str) -> float | None:
    """The value of the setting; None if the run's method does not read it. `rows=None` means all rows."""
    value = getattr(result.config, setting)
    if value is None and setting == "rows":
        value = result.provenance.rows.get("train")
    return None if value is None else float(value)


def _rest(result: Result, setting: str) -> str:
    """A key that is equal for runs that differ only in the setting. Data is identified by content, not by path."""
    naming = NOT_TOLD if isinstance(result, TeamResult) else NOT_TOLD - set(DATA_FILES)
    return result.source + result.config.model_dump_json(exclude={*naming, setting})
