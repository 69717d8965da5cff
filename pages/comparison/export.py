"""Take it away: tables, figures, LaTeX, a report and a bundle."""

import streamlit as st

from pages.comparison.view import View


def show(view: View) -> None:
    for name, table in {"scores": view.comparison.scores, "emotions": view.comparison.emotions}.items():
        st.download_button(f"{name}.csv", table.to_csv(index=False), file_name=f"{name}.csv")
