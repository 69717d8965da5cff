"""What thresholds are worth: every metric as launched, at one tuned threshold, and at one an emotion."""

import streamlit as st

from emocore.charts.thresholds import threshold_lines
from emocore.evaluation.outcomes import POLICY_DESCRIPTIONS, POLICY_TITLES
from emocore.evaluation.tuning import chosen_thresholds, describe_tuning, threshold_table
from emocore.metrics import METRIC_DESCRIPTIONS
from pages.comparison.view import View
from pages.shared.plain import plain
from pages.shared.summary import TITLES


def show(view: View) -> None:
    view.require_outcomes()
    comparisons = {policy: view.compare_at(policy) for policy in POLICY_TITLES}
    table = threshold_table(comparisons)
    st.markdown(plain(describe_tuning(comparisons)))
    for policy, title in POLICY_TITLES.items():
        st.caption(f"**{title}**: {POLICY_DESCRIPTIONS[policy]}")
    if view.comparison.split == "validation":
        st.caption(
            "This is the validation split itself: tuned thresholds are cross-fitted, those of each fifth of its texts "
            "come from the other four."
        )
    columns = st.columns(2)
    for place, metric in enumerate(("f1_macro", "f1_micro")):
        with columns[place]:
            st.markdown(f"**{TITLES[metric]}**", help=METRIC_DESCRIPTIONS[metric])
            floor = view.comparison.no_skill.set_index("series")[metric].dropna().to_dict()
            st.plotly_chart(
                threshold_lines(table, metric, TITLES[metric], floor), key=f"compare_thresholds_{metric}",
                alt=f"{TITLES[metric]} of each method under three ways to set thresholds",
            )  # fmt: skip
    wide = table.assign(policy=table["policy"].map(POLICY_TITLES)).pivot_table(
        index="series", columns=["metric", "policy"], values="value", sort=False
    )
    wide.columns = [f"{TITLES[metric]}, {policy}" for metric, policy in wide.columns]
    st.dataframe(wide.style.format("{:.3f}"))
    st.markdown("**Thresholds in use**")
    st.caption("Those tuned by emotion are stored with each adapter, and the Playground answers with them.")
    st.dataframe(chosen_thresholds(view.comparison).set_index("series").style.format("{:.2f}"))
