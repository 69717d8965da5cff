"""Tables that several views show."""

import pandas as pd
import streamlit as st

VERDICT_HELP = (
    "Better and worse say how the first compares with the second, where a paired bootstrap over texts, widened by the "
    "spread between seeds or draws of the training texts and corrected by Holm, finds a difference at 5 %. In a tie, "
    "chance can explain the difference; that does not mean equality."
)


def show_verdicts(verdicts: pd.DataFrame, key: str) -> None:
    """Show rows of a table of `Verdicts` with emotions, with differences in points."""
    shown = pd.DataFrame(
        {
            "first": verdicts["first"],
            "second": verdicts["second"],
            "emotion": verdicts["emotion"],
            "verdict": verdicts["verdict"],
            "points": 100 * verdicts["difference"],
            "from": 100 * verdicts["low"],
            "to": 100 * verdicts["high"],
            "p, corrected": verdicts["p_adjusted"],
            "support": verdicts["support"],
            "note": verdicts["note"],
        }
    )
    for column in ("emotion", "support", "note"):
        if shown[column].nunique() <= 1 and (column != "note" or not shown["note"].any()):
            shown = shown.drop(columns=column)
    points = st.column_config.NumberColumn(format="%+.1f", help="Points of F1, the first minus the second.")
    ends = st.column_config.NumberColumn(format="%+.1f", help="End of the 95 % confidence interval, in points.")
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={
            "verdict": st.column_config.TextColumn(help=VERDICT_HELP),
            "points": points,
            "from": ends,
            "to": ends,
            "p, corrected": st.column_config.NumberColumn(format="%.3f", help="p-value, corrected by Holm."),
        },
    )
