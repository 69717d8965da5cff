"""Compare finished runs: a verdict in words, and every view of the evidence."""

from functools import partial

import streamlit as st

from emocore.charts.scores import score_dots
from emocore.evaluation.audit import describe_audit, has_confound
from emocore.evaluation.comparison import primary_policy
from emocore.evaluation.headline import describe
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS, POLICY_TITLES
from emocore.evaluation.results import shared_splits
from emocore.metrics import METRIC_DESCRIPTIONS
from pages.compare import (
    audit,
    calibration,
    costs,
    datasets,
    emotions,
    export,
    original_study,
    sweeps,
    texts,
    thresholds,
    verdicts,
)
from pages.compare.choose import choose_results, choose_together
from pages.compare.load import load_audit, load_comparison
from pages.compare.summary import show_scores
from pages.compare.view import ALL_EMOTIONS, EMOTION_KEY, View, renew_charts
from pages.shared.address import choose_one, choose_segment
from pages.shared.guard import UNREADABLE
from pages.shared.plain import plain
from pages.shared.results import keep, version_of

MODULES = (emotions, verdicts, thresholds, calibration, costs, texts, sweeps, datasets, audit, original_study, export)
VIEWS = {module.__name__.rpartition(".")[2]: module.show for module in MODULES}
FORMER_VIEWS = {"fairness": "audit", "curves": "sweeps", "study": "original_study"}  # old links still use these names
SPLIT_HELP = "Verdicts belong on the test split; thresholds are tuned on the validation split."
POLICY_HELP = "  \n".join(f"**{POLICY_TITLES[policy]}**: {text}" for policy, text in POLICY_DESCRIPTIONS.items())

st.title("Compare")
st.caption("See which method is better, by how much, and how certain that is.")

results, runs = choose_results()
together = choose_together(results)
splits = shared_splits(results)
controls = st.container(horizontal=True)
split = choose_segment(
    controls, "Split", {name: name for name in reversed(splits)}, name="split", key="compare_split", help=SPLIT_HELP
)
launched = primary_policy(results)
policies = {launched: POLICY_TITLES[launched]} | POLICY_TITLES
policy = choose_segment(controls, "Thresholds", policies, name="thresholds", key="compare_thresholds", help=POLICY_HELP)
try:
    compare_at = partial(load_comparison, results, split, together)
    comparison = compare_at(policy)
    audit_table = load_audit(comparison.results, split)
    version = (*version_of(results), split, policy, together)
    headline = keep(("headline", version), lambda: describe(comparison))
except UNREADABLE as error:
    st.error(plain(error), title="These runs cannot be compared")
    st.stop()
known_emotions = dict.fromkeys(comparison.emotions["emotion"])
emotion = choose_one(
    controls, "Emotion", [ALL_EMOTIONS, *known_emotions], name="emotion", key=EMOTION_KEY, width=180,
    on_change=renew_charts,
    format_func=lambda name: name if name != ALL_EMOTIONS else ALL_EMOTIONS if "all" in known_emotions else "all",
)  # fmt: skip
chosen_emotion = None if emotion == ALL_EMOTIONS else emotion
view = View(comparison, headline, audit_table, chosen_emotion, runs, compare_at, version)

st.markdown(f"#### {plain(headline.sentence)}")
st.caption("  \n".join(plain(line) for line in headline.numbers))
for caveat in headline.caveats:
    st.caption(f":material/info: {plain(caveat)}")
if not view.is_one_series:
    if has_confound(audit_table):
        st.warning(plain(describe_audit(audit_table)), icon=":material/balance:")
    else:
        st.caption(f":material/balance: {plain(describe_audit(audit_table))}")

INTERVALS_HELP = "Lines are 95 % intervals over texts and, where there are several, runs."
st.markdown("**macro-F1**", help=f"{METRIC_DESCRIPTIONS['f1_macro']} {INTERVALS_HELP}")
view.draw(
    "dots", lambda: score_dots(comparison.scores, "f1_macro", "macro-F1", comparison.floor("f1_macro")),
    alt="macro-F1 of each method with its interval",
)  # fmt: skip
with st.expander("All metrics"):
    show_scores(comparison)

if st.query_params.get("view") in FORMER_VIEWS:
    st.query_params["view"] = FORMER_VIEWS[st.query_params["view"]]
shown = choose_segment(
    st, "View", {name: name.replace("_", " ").capitalize() for name in VIEWS}, name="view", key="compare_view",
    label_visibility="collapsed",
)  # fmt: skip
VIEWS[shown](view)
