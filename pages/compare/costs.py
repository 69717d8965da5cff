"""Costs: what each point of macro-F1 costs, and the best under a budget."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from emocore.charts.costs import cost_scatter
from emocore.evaluation.costs import (
    MARK,
    SHARED_TIMES,
    TIMES,
    cost_table,
    describe_budget,
    describe_shared_times,
    failed_table,
    pareto_front,
)
from emocore.evaluation.together import COSTS_NOTE
from emocore.export.gather import COST_TITLES
from emocore.text import format_bytes, format_count, format_seconds
from pages.compare.view import View
from pages.shared.address import choose_segment, write
from pages.shared.plain import plain

BUDGET = {
    "minutes": "Minutes of training",
    "peak_memory_gigabytes": "GB of peak memory",
    "adapter_megabytes": "MB of adapter",
    "latency_milliseconds": "ms per text",
}


def show(view: View) -> None:
    costs = view.keep("costs", lambda: cost_table(view.comparison.scored, view.comparison.scores))
    margin = view.comparison.verdicts.margin_text
    st.subheader(
        "macro-F1 against cost",
        help="The stepped line is the Pareto front: no other method costs less with the same macro-F1, or with one "
        f"that is shown to be less than {margin} lower. Lines through the points are 95 % intervals.",
    )
    cost = choose_segment(st, "Cost", COST_TITLES, name="cost", key="compare_cost", label_visibility="collapsed")
    floor = view.comparison.floor("f1_macro")

    def draw_front() -> go.Figure:
        front = pareto_front(costs, cost, view.comparison.verdicts)
        return cost_scatter(costs, front, cost, COST_TITLES[cost], floor)

    view.draw("pareto", draw_front, cost, alt=f"macro-F1 of each method against its {COST_TITLES[cost]}")
    about_times = describe_shared_times(view.comparison.scored, costs)
    if cost in TIMES:
        _tell(about_times)
    _show_budget(view, costs)
    st.subheader("All costs", help="Means over seeds. Peak memory: the process's on a CPU, the allocator's on a GPU.")
    st.dataframe(_format_costs(costs), hide_index=True, placeholder="–")
    _tell(about_times)
    if view.comparison.joint:
        st.caption(COSTS_NOTE)
    failed = failed_table(view.runs)
    if len(failed):
        st.subheader("Runs without a result")
        st.dataframe(failed, hide_index=True, column_order=["method", "seed", "kind", "reason", "run"])


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        st.caption(plain(sentence))


def _show_budget(view: View, costs: pd.DataFrame) -> None:
    st.subheader("The best under my budget")
    st.caption("Leave a field empty for no limit.")
    limits: dict[str, float | None] = {}
    fields = st.container(horizontal=True)
    for name, title in BUDGET.items():
        key = f"compare_budget_{name}"
        if key not in st.session_state:
            st.session_state[key] = _read_number(st.query_params.get(name))
        limits[name] = fields.number_input(title, min_value=0.0, key=key, placeholder="no limit", width=190)
    write({name: None if limit is None else f"{limit:.15g}" for name, limit in limits.items()})
    st.markdown(plain(describe_budget(costs, view.comparison.verdicts, **limits)))


def _read_number(text: str | None) -> float | None:
    try:
        number = float(text) if text else -1.0
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None


def _format_costs(costs: pd.DataFrame) -> pd.DataFrame:
    def words(column: str, form: Callable[[Any], str]) -> pd.Series:
        told = costs[column].map(form, na_action="ignore")
        return told.where(~costs[SHARED_TIMES] | told.isna(), told + MARK) if column in TIMES else told

    return pd.DataFrame(
        {
            "series": costs["series"],
            "seeds": costs["seeds"],
            "training": words("train_seconds", format_seconds),
            "texts/s": words("samples_per_second", "{:.1f}".format),
            "peak memory": words("peak_memory_bytes", format_bytes),
            "adapter parameters": words("adapter_parameters", format_count),
            "head parameters": words("head_parameters", format_count),
            "adapter on disk": words("adapter_bytes", format_bytes),
            "latency": words("latency_seconds", lambda seconds: f"{1000 * seconds:.1f} ms"),
        }
    )
