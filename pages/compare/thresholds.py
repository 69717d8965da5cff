"""The effect of thresholds: every metric at tuned thresholds and at fixed ones."""

import streamlit as st

from emocore.charts.thresholds import threshold_lines
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS, POLICY_TITLES
from emocore.evaluation.thresholds import METRICS, chosen_thresholds, describe_tuning, threshold_table
from emocore.metrics import METRIC_DESCRIPTIONS, METRIC_TITLES
from pages.compare.view import View
from pages.shared.address import choose_segment
from pages.shared.plain import plain


def show(view: View) -> None:
    view.require_predictions()
    comparisons = {policy: view.compare_at(policy) for policy in POLICY_TITLES}
    table = threshold_table(comparisons)
    st.markdown(plain(view.keep("tuning", lambda: describe_tuning(comparisons))))
    for policy, title in POLICY_TITLES.items():
        st.caption(f"**{title}**: {POLICY_DESCRIPTIONS[policy]}")
    if view.comparison.split == "validation":
        st.caption(
            "This is the validation split itself, so tuned thresholds are cross-fitted: those of each fifth of its "
            "texts come from the other four fifths."
        )
    metric = choose_segment(
        st, "Metric", {name: METRIC_TITLES[name] for name in METRICS}, name="metric", key="compare_metric",
        help="  \n".join(f"**{METRIC_TITLES[name]}**: {METRIC_DESCRIPTIONS[name]}" for name in METRICS),
    )  # fmt: skip
    floor = view.comparison.floor(metric)
    view.draw(
        "policies", lambda: threshold_lines(table, metric, METRIC_TITLES[metric], floor), metric,
        alt=f"{METRIC_TITLES[metric]} of each method at tuned and at fixed thresholds",
    )  # fmt: skip
    wide = table.assign(policy=table["policy"].map(POLICY_TITLES)).pivot_table(
        index="series", columns=["metric", "policy"], values="value", sort=False
    )
    wide.columns = wide.columns.map(lambda place: f"{METRIC_TITLES[place[0]]}, {place[1]}")
    st.dataframe(wide.style.format("{:.3f}"))
    st.markdown("**The tuned thresholds**")
    st.caption("Means over seeds. The Playground uses those of each run, if it was not launched with a fixed one.")
    st.dataframe(chosen_thresholds(comparisons["tuned"]).style.format("{:.2f}", na_rep="–"))
