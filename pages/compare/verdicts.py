"""Verdicts: every pair of methods, overall and emotion by emotion."""

import streamlit as st

from emocore.charts.verdicts import difference_forest, verdict_matrix
from emocore.evaluation.bootstrap import RESAMPLES
from emocore.evaluation.departures import describe_family
from emocore.evaluation.intervals import FEWEST_POSITIVES
from emocore.export.gather import MOST_PAIRS
from emocore.export.notes import describe_words
from pages.compare.tables import show_verdicts
from pages.compare.view import View
from pages.shared.address import choose_one
from pages.shared.plain import plain

OVERALL = "overall"  # stands in the column of emotions


def show(view: View) -> None:
    verdicts = view.comparison.verdicts
    if verdicts.overall.empty:
        st.info("Verdicts need two methods that were scored on the same texts here.", icon=":material/info:")
        return
    order = view.comparison.tested
    drawn, shown = verdicts, order
    if len(verdicts.overall) > MOST_PAIRS:
        first = choose_one(st, "Pairs of", order, name="first", key="compare_pairs_first", always=True)
        drawn, shown = verdicts.of(first), [first, *(name for name in order if name != first)]
    words = describe_words(verdicts.margin_text)
    st.subheader("Overall macro-F1", help=words)
    view.draw(
        "forest", lambda: difference_forest(drawn.overall), *shown, alt="Difference of macro-F1 of each pair"
    )  # fmt: skip
    st.subheader("Emotion by emotion", help=words)
    view.draw(
        "matrix", lambda: verdict_matrix(drawn.among(shown).by_emotion), *shown,
        alt="Difference of F1 of each pair by emotion",
    )  # fmt: skip
    with st.expander("All numbers"):
        table = verdicts.to_table(overall=OVERALL)
        wanted = table if view.emotion is None else table[table["emotion"].isin([OVERALL, view.emotion])]
        show_verdicts(wanted, verdicts.margin_text, key="compare_verdicts")
    st.caption(
        plain(
            f"Paired bootstrap over texts, {RESAMPLES:,} resamples, widened by the spread between seeds or "
            "draws of the training texts; two-sided. "
            f"Holm's correction: overall for {describe_family(view.comparison)}, by emotion for all emotions of these "
            f"pairs. {words} "
            f"An emotion that fewer than {FEWEST_POSITIVES} texts (or groups of texts) have gets no verdict."
        )
    )
