"""F1 by emotion: bars with intervals, a heatmap, and details of the chosen emotion."""

import streamlit as st

from emocore.charts.calibration import precision_recall_curves
from emocore.charts.emotions import emotion_bars, emotion_heatmap
from emocore.evaluation.calibration import precision_recall_table
from emocore.evaluation.predictions import POLICY_TITLES
from pages.compare.tables import show_verdicts
from pages.compare.team import POINTS_NOTE
from pages.compare.view import View, selectable
from pages.shared.plain import plain


def show(view: View) -> None:
    table = view.comparison.emotions
    st.subheader(
        "F1 by emotion",
        help="Harmonic mean of an emotion's precision and recall. Lines are 95 % confidence intervals over texts "
        "and, where there are several, seeds (Wilson's, so they stay within 0 and 1 and hold for rare emotions).",
    )
    st.caption(f"Thresholds {POLICY_TITLES[view.comparison.policy]}. Click an emotion to filter the page by it.")
    view.draw(
        "bars", lambda: emotion_bars(table), **selectable("bars"),
        alt="F1 of each method for each emotion, as bars with intervals",
    )  # fmt: skip
    if "W&B" in set(table["source"]):
        st.caption(plain(POINTS_NOTE))
    st.subheader("The same by support", help="How many texts have the emotion. Rare emotions decide macro-F1.")
    view.draw(
        "heatmap", lambda: emotion_heatmap(table), **selectable("heatmap"),
        alt="F1 by emotion and method, as a heatmap",
    )  # fmt: skip
    _show_one(view)


def _show_one(view: View) -> None:
    emotion = view.emotion or str(view.comparison.emotions["emotion"].iloc[0])
    groups = [group for group in view.comparison.groups if emotion in group.labels]
    st.subheader(f"Precision and recall: {plain(emotion)}", help="Over all thresholds; a marker shows the one used.")
    if view.emotion is None:
        st.caption("This is the commonest emotion; choose another one above.")
    if not groups:
        st.info("This needs predictions, which runs from W&B do not have.", icon=":material/info:")
        return
    predictions = max(groups, key=lambda group: len(group.runs))
    curves = view.keep("curves", lambda: precision_recall_table(predictions, emotion), emotion)
    if curves.empty:
        st.info(f"No text of this split has {plain(emotion)}.", icon=":material/info:")
        return
    view.draw(
        "precision_recall", lambda: precision_recall_curves(curves, view.comparison.emotions), emotion,
        alt=f"Precision against recall of each method for {emotion}",
    )  # fmt: skip
    verdicts = view.comparison.verdicts.by_emotion
    if view.emotion and len(verdicts):
        st.markdown(f"**Verdicts on {plain(emotion)}**")
        margin = view.comparison.verdicts.margin_text
        show_verdicts(verdicts[verdicts["emotion"] == emotion], margin, key="compare_emotion_verdicts")
