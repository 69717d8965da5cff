"""Tables for readers: titles with units, intervals next to their values, and consistent number formats.

Columns are known by name (see emocore.evaluation); an unknown column is shown unchanged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from emocore.evaluation.costs import MARK, SHARED_TIMES, TIMES
from emocore.evaluation.predictions import POLICY_TITLES
from emocore.metrics import METRIC_TITLES
from emocore.models.methods.catalogue import method_title
from emocore.text import format_bytes, format_count, format_probability, format_seconds

NOTHING = "–"
# The columns that an interval (low and high) may belong to; the first one in the table counts.
MEASURES = ("difference", "f1", "observed", "f1_macro", "value")
TITLES = METRIC_TITLES | {
    "f1": "F1",
    "average_precision": "average precision",
    "no_skill": "no skill",
    "no_skill_f1": "F1 of no skill",
    "difference": "difference (points)",
    "interval": "its interval",
    "probability": "P(first > second)",
    "p_value": "p",
    "p_adjusted": "p (Holm)",
    "train_seconds": "training time",
    "samples_per_second": "texts/s",
    "peak_memory_bytes": "peak memory",
    "adapter_bytes": "adapter size",
    "latency_seconds": "latency of one text",
    "method_title": "method",
    "reconstructed_f1_micro": "multi-label micro-F1, reconstructed",
    "ece": "calibration error (ECE)",
    "ece_floor": "ECE if perfectly calibrated",
    "brier": "Brier score",
    "bin_low": "from",
    "bin_high": "to",
    "observed": "share that is true",
    "confidence": "mean probability",
}
# Words for values of cells.
NAMES = METRIC_TITLES | {str(policy): title for policy, title in POLICY_TITLES.items()}
FORMS: dict[str, Callable[[Any], str]] = {
    "difference": lambda value: f"{100 * value:+z.1f}",
    "latency_seconds": lambda value: f"{1000 * value:,.3g} ms" if value < 1 else format_seconds(value),
    **dict.fromkeys(("p_value", "p_adjusted", "probability"), format_probability),
    # Means over seeds, which may have fractions: 4,235; 0.5.
    **dict.fromkeys(("count", "errors", "only_wrong", "only_right"), lambda value: f"{value:,.1f}".removesuffix(".0")),
}
# Columns that repeat what the series or the pair says.
REPEATED = ("method", "first_method", "second_method")


@dataclass(frozen=True)
class WordTable:
    """`rows` are cells of `columns`; `is_number` says for each column whether it is right-aligned."""

    columns: list[str]
    rows: list[list[str]]
    is_number: list[bool]

    def upright(self, most: int) -> "WordTable":
        """The table with columns as rows if there are more columns than `most` and than rows."""
        if len(self.columns) <= max(most, len(self.rows)):
            return self
        corner, *columns = [list(cells) for cells in zip(self.columns, *self.rows, strict=True)]
        return WordTable(corner, columns, [False] + [True] * (len(corner) - 1))


def to_words(table: pd.DataFrame) -> WordTable:
    """Any table of a comparison in words, without empty columns and with an index of names as its first column. Times
    of runs that shared their device have a MARK."""
    flat = with_index(table)
    told = {"series", "first"} & set(map(str, flat.columns))
    dropped = {SHARED_TIMES} | {column for column in REPEATED if told and column in flat.columns}
    titles, cells, numbers = [], [], []
    for column, interval in _find_intervals(flat).items():
        if column in dropped or (len(flat) and (flat[column].astype(str) == "").all()):
            continue
        form = _find_form(column, flat)
        words = [_format(form, value) for value in flat[column]]
        if interval:
            ends = zip(*(flat[end] for end in interval), strict=True)
            words = [_add_interval(form, *both) for both in zip(words, ends, strict=True)]
        if column in TIMES and SHARED_TIMES in flat:
            marks = (flat[SHARED_TIMES] & flat[column].notna()).map({True: MARK, False: ""})
            words = [word + mark for word, mark in zip(words, marks, strict=True)]
        titles.append(TITLES.get(column, column.replace("_", " ")))
        cells.append(words)
        numbers.append(is_numeric_dtype(flat[column]) and not is_bool_dtype(flat[column]))
    return WordTable(titles, [list(row) for row in zip(*cells, strict=True)], numbers)


def with_index(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an index of names as its first column, as in a file; a numeric index is dropped."""
    if is_numeric_dtype(table.index):
        return table.reset_index(drop=True)
    flat = table.copy()
    flat.columns.name = None
    return flat.reset_index(names=str(table.index.name or ""))


def _find_intervals(table: pd.DataFrame) -> dict[str, tuple[str, str] | None]:
    """The columns to show, each with the names of the columns with the ends of its interval."""
    names = list(map(str, table.columns))
    pairs = {name: (f"{name}_low", f"{name}_high") for name in names}
    if {"low", "high"} <= set(names) and (own := next((name for name in MEASURES if name in names), None)):
        pairs[own] = ("low", "high")
    found = {name: pair for name, pair in pairs.items() if set(pair) <= set(names)}
    ends = {end for pair in found.values() for end in pair}
    return {name: found.get(name) for name in names if name not in ends}


def _find_form(name: str, table: pd.DataFrame) -> Callable[[Any], str]:
    """The format of a column's known values."""
    column = table[name]
    if name in ("method", "metric", "policy"):
        return _format_name
    if not is_numeric_dtype(column) or is_bool_dtype(column) or name == "seed":
        return _format_text
    if name == "value" and "setting" in table.columns:  # in a sweep: rows or a learning rate
        return "{:,g}".format
    if name in FORMS:
        return FORMS[name]
    for ending, form in (("_seconds", format_seconds), ("_bytes", format_bytes), ("_parameters", format_count)):
        if name.endswith(ending):
            return form
    return "{:,}".format if is_integer_dtype(column) else _format_number


def _format(form: Callable[[Any], str], value: Any) -> str:
    is_missing = value is None or (not isinstance(value, list | tuple) and pd.isna(value))
    return NOTHING if is_missing else form(value)


def _add_interval(form: Callable[[Any], str], words: str, ends: tuple[Any, Any]) -> str:
    low, high = (_format(form, end) for end in ends)
    return words if NOTHING in (low, high) else f"{words} [{low},\N{NO-BREAK SPACE}{high}]"


def _format_number(value: float) -> str:
    """0.508; 24.3; 1,234."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _format_name(value: Any) -> str:
    """The title of a method, metric or threshold policy."""
    return NAMES.get(str(value), method_title(str(value)))


def _format_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return re.sub(r"\s+", " ", str(value))
