"""Tables that several views show."""

import pandas as pd
import streamlit as st

from emocore.export.notes import describe_words


def show_verdicts(verdicts: pd.DataFrame, margin: str, key: str) -> None:
    """Show rows of a table of `Verdicts` with emotions, with differences in points; `margin` is theirs in words."""
    shown = pd.DataFrame(
        {
            "first": verdicts["first"],
            "second": verdicts["second"],
            "emotion": verdicts["emotion"],
            "verdict": verdicts["verdict"],
            "points": 100 * verdicts["difference"],
            "from": 100 * verdicts["low"],
            "to": 100 * verdicts["high"],
            "interval": verdicts["interval"],
            "P(first > second)": verdicts["probability"],
            "p, corrected": verdicts["p_adjusted"],
            "support": verdicts["support"],
            "note": verdicts["note"],
        }
    )
    for column in ("emotion", "support", "note"):
        if shown[column].nunique() <= 1 and (column != "note" or not shown["note"].any()):
            shown = shown.drop(columns=column)
    points = st.column_config.NumberColumn(format="%+.1f", help="Points of F1, the first minus the second.")
    ends = st.column_config.NumberColumn(
        format="%+.1f", help="End of the interval that decided on the verdict, in points."
    )
    share = st.column_config.NumberColumn(
        format="%.3f", help="The probability, given these data alone, that the first is better."
    )
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={
            "verdict": st.column_config.TextColumn(help=describe_words(margin)),
            "points": points,
            "from": ends,
            "to": ends,
            "P(first > second)": share,
            "p, corrected": st.column_config.NumberColumn(format="%.3f", help="p-value, corrected by Holm."),
        },
    )
