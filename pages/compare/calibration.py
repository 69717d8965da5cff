"""Calibration: of the texts that get a probability of 70 %, do 70 % have the emotion?"""

import streamlit as st

from emocore.charts.calibration import reliability_curves
from emocore.evaluation.calibration import calibration_table, reliability_table
from pages.compare.view import View
from pages.shared.plain import plain

ECE_HELP = (
    "Expected calibration error: the mean distance between probability and observed share over ten bins, weighted by "
    "how many cells are in each. With few texts even perfect probabilities have some."
)
FLOOR_HELP = "The ECE to be expected by chance on as many texts if the probabilities were right."


def show(view: View) -> None:
    predictions = view.require_predictions()
    emotion = view.emotion if view.emotion in predictions.labels else None
    st.subheader("Reliability", help="On the diagonal, probabilities mean what they say. Under it, they are too high.")
    st.caption(plain(f"For {emotion} only." if emotion else "All emotions together; filter by one above."))
    scores = view.keep("calibration", lambda: calibration_table(predictions, emotion), emotion)
    view.draw(
        "reliability", lambda: reliability_curves(reliability_table(predictions, emotion=emotion), scores), emotion,
        alt="Observed share against predicted probability, by method",
    )  # fmt: skip
    st.dataframe(
        scores[["series", "ece", "ece_floor", "brier"]],
        hide_index=True,
        column_config={
            "ece": st.column_config.NumberColumn("ECE", format="%.3f", help=ECE_HELP),
            "ece_floor": st.column_config.NumberColumn("ECE by chance", format="%.3f", help=FLOOR_HELP),
            "brier": st.column_config.NumberColumn(
                "Brier score",
                format="%.3f",
                help="Mean squared distance of the probability from 0 or 1; lower is better.",
            ),
        },
    )
