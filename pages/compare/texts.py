"""Where methods differ: texts that one gets right and another wrong, and how their errors correlate. Where they do not:
labels that all of them contradict."""

import streamlit as st

from emocore.charts.texts import agreement_heatmap, co_occurrence_heatmap
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.texts import (
    agreement_table,
    co_occurrence_errors,
    differing_texts,
    keep_most_mixed_up,
    oracle_scores,
    unique_errors,
)
from pages.compare.label_errors import show_label_errors
from pages.compare.view import View
from pages.shared.address import choose_one, choose_segment
from pages.shared.plain import plain

MOST_TEXTS = 500
MOST_MIXED_UP = 30  # emotions, of which a narrow page has room for the names
KINDS = {"instead": "instead of the true one", "with": "along with the true one"}


def show(view: View) -> None:
    predictions = view.require_predictions()
    emotion = view.emotion if view.emotion in predictions.labels else None
    order = [name for name in view.comparison.ranking()["series"] if name in predictions.members]
    if len(order) > 1:
        _show_texts(view, predictions, order, emotion)
        _show_union(view, predictions, emotion)
    _show_mixed_up(view, predictions, order, emotion)
    show_label_errors(view)


def _show_texts(view: View, predictions: Predictions, order: list[str], emotion: str | None) -> None:
    st.subheader("Texts that one gets right and the other wrong")
    left, right = st.columns(2)
    first = choose_one(left, "First", order, name="first", key="compare_first", always=True)
    second = choose_one(
        right, "Second", [name for name in order if name != first], name="second", key="compare_second", always=True
    )
    texts = view.keep("texts", lambda: differing_texts(predictions, first, second, emotion), first, second, emotion)
    counts = texts["right"].value_counts()
    unit = f"texts differ in {emotion}" if emotion else "cells of text and emotion differ"
    st.markdown(
        plain(
            f"{len(texts):,} {unit}: {counts.get(first, 0):,} are right only with {first}, "
            f"{counts.get(second, 0):,} only with {second}."
        )
    )
    shown = texts.head(MOST_TEXTS).assign(truth=texts["truth"].map({True: "yes", False: "no"}))
    if len(texts) > MOST_TEXTS:
        st.caption(f"The {MOST_TEXTS} whose probabilities are furthest apart:")
    st.dataframe(
        shown.rename(columns={"truth": "has it", "first_probability": first, "second_probability": second}),
        key="compare_texts",
        hide_index=True,
        column_order=["text", *([] if emotion else ["emotion"]), "has it", "right", first, second],
        column_config={
            "text": st.column_config.TextColumn(width=300),
            **{
                name: st.column_config.ProgressColumn(
                    f"p of {name}", format="%.2f", min_value=0, max_value=1, help="Probability, mean over seeds."
                )
                for name in (first, second)
            },
        },
    )


def _show_union(view: View, predictions: Predictions, emotion: str | None) -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("Agreement", help="Cohen's kappa, mean over emotions: 1 is full agreement, 0 is chance agreement.")
        view.draw("agreement", lambda: agreement_heatmap(agreement_table(predictions)), alt="Agreement between methods")
        st.caption("The diagonal shows agreement between seeds of one method.")
    with right:
        st.subheader(
            "Errors of only one method",
            help="Cells of text and emotion that only this method gets wrong, or only this one gets right. Seeds vote.",
        )
        errors = view.keep("errors", lambda: unique_errors(predictions))
        if emotion:
            errors = errors[errors["emotion"] == emotion]
        totals = errors.groupby("series", sort=False)[["errors", "only_wrong", "only_right"]].sum().reset_index()
        titles = {"only_wrong": "only it is wrong", "only_right": "only it is right"}
        st.dataframe(totals.rename(columns=titles), hide_index=True)
        best = view.keep("oracle", lambda: oracle_scores(predictions))
        of = best[best["emotion"] == (emotion or "")].iloc[0]  # of all emotions, macro-F1 comes first
        votes = ", its seeds voting" if len(predictions.runs) > len(predictions.members) else ""
        st.markdown(
            plain(
                f"Choosing the right method for every cell would give {f'F1 of {emotion}' if emotion else 'macro-F1'} "
                f"{of['oracle']:.3f} instead of {of['best']:.3f} ({of['series']}{votes}). No combination of these "
                "methods can do better."
            )
        )


def _show_mixed_up(view: View, predictions: Predictions, order: list[str], emotion: str | None) -> None:
    st.subheader("Emotions mixed up", help="Over texts that have the emotion of the row but not that of the column.")
    controls = st.container(horizontal=True)
    series = choose_one(controls, "Method", order, name="of", key="compare_mixed", always=True, width=320)
    kind = choose_segment(controls, "Other emotion predicted", KINDS, name="kind", key="compare_kind")
    errors = view.keep("co-occurrence", lambda: co_occurrence_errors(predictions))
    own = errors[(errors["series"] == series) & (errors["kind"] == kind)]
    if len(predictions.labels) > MOST_MIXED_UP:
        own = keep_most_mixed_up(own, MOST_MIXED_UP, emotion)
        st.caption(
            f"Shown are {MOST_MIXED_UP} of the {len(predictions.labels)} emotions, those in most of these errors. The "
            "view Export has the table of all."
        )
    view.draw(
        "mixed_up", lambda: co_occurrence_heatmap(own, series, kind), series, kind, emotion,
        alt=f"Emotions that {series} predicts {KINDS[kind]}",
    )  # fmt: skip
