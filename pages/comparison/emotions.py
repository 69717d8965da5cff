"""F1 by emotion: bars with intervals, the heatmap, and for the chosen emotion what lies behind its F1."""

from functools import partial

import streamlit as st

from emocore.charts.calibration import precision_recall_curves
from emocore.charts.comparison import emotion_bars, emotion_heatmap
from emocore.evaluation.calibration import precision_recall_table
from emocore.evaluation.outcomes import POLICY_TITLES
from pages.comparison.tables import show_verdicts
from pages.comparison.view import View, select_emotion
from pages.shared.plain import plain
from pages.shared.team import POINTS_NOTE


def show(view: View) -> None:
    table = view.comparison.emotions
    st.subheader(
        "F1 by emotion",
        help="Harmonic mean of an emotion's precision and recall. Lines are 95 % confidence intervals over texts and "
        "seeds (Wilson's, so they stay within 0 and 1 and hold for rare emotions).",
    )
    st.caption(f"Thresholds {POLICY_TITLES[view.comparison.policy]}. Click an emotion to filter the page by it.")
    st.plotly_chart(
        emotion_bars(table), key="compare_bars", on_select=partial(select_emotion, "compare_bars"),
        selection_mode="points",        alt="F1 of each method for each emotion, as bars with intervals",
    )  # fmt: skip
    if "W&B" in set(table["source"]):
        st.caption(plain(POINTS_NOTE))
    st.subheader("The same by support", help="How many texts have the emotion. Rare emotions decide macro-F1.")
    st.plotly_chart(
        emotion_heatmap(table), key="compare_heatmap", on_select=partial(select_emotion, "compare_heatmap"),
        selection_mode="points",        alt="F1 by emotion and method, as a heatmap",
    )  # fmt: skip
    _show_one(view)


def _show_one(view: View) -> None:
    outcomes = view.comparison.largest_group
    if outcomes is None:
        return
    emotion = view.emotion or str(view.comparison.emotions["emotion"].iloc[0])
    st.subheader(f"Precision and recall: {plain(emotion)}", help="Over all thresholds; the mark is the one in use.")
    if view.emotion is None:
        st.caption("The commonest emotion; choose another one above.")
    curves = precision_recall_table(outcomes, emotion)
    if curves.empty:
        st.info(f"No text of this split has {plain(emotion)}.", icon=":material/info:")
        return
    st.plotly_chart(
        precision_recall_curves(curves, view.comparison.emotions), key="compare_precision_recall",
        alt=f"Precision against recall of each method for {emotion}",
    )  # fmt: skip
    verdicts = view.comparison.verdicts
    if view.emotion and len(verdicts):
        st.markdown(f"**Verdicts on {plain(emotion)}**")
        show_verdicts(verdicts[verdicts["emotion"] == emotion], key="compare_emotion_verdicts")
