"""Export: the report, the bundle, every table as CSV, every figure as SVG, PNG or HTML, and LaTeX."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pandas as pd
import streamlit as st

from emocore.data.spreadsheet import defuse_table, name_for_spreadsheets, to_csv
from emocore.errors import EmocoreError
from emocore.export.bundle import write_bundle
from emocore.export.content import ComparisonContent
from emocore.export.figures import Picture, to_html, to_images, to_slug
from emocore.export.gather import gather
from emocore.export.latex import latex_emotion_table, latex_table
from emocore.export.report import html_report
from emocore.export.tables import with_index
from pages.compare.choose import HAND_PICKED, NO_STUDY_TITLES
from pages.compare.view import View
from pages.shared.address import choose_one, choose_segment
from pages.shared.plain import plain

FOR_SPREADSHEETS = "export_for_spreadsheets"  # key of the checkbox, which the bundle's button above it reads too
Format = Literal["svg", "png", "html"]
FORMATS: dict[Format, str] = {"svg": "SVG", "png": "PNG", "html": "HTML"}


def show(view: View) -> None:
    study = st.query_params.get("study", HAND_PICKED)
    title = "Chosen runs" if study in NO_STUDY_TITLES else study
    content = view.keep(
        "content", lambda: gather(view.comparison, view.audit, title, view.compare_at), title, view.audit.to_json()
    )
    name = to_slug(title)
    st.subheader("All of it")
    with st.container(horizontal=True):
        st.download_button(
            "Report as one web page", lambda: html_report(content), file_name=f"{name}.html", mime="text/html",
            type="primary", icon=":material/description:", on_click="ignore", key="export_report",
            help="Has the verdict, intervals, audit, figures and settings; opens without a network and can be mailed.",
        )  # fmt: skip
        _offer_bundle(content, name)
    st.toggle(
        "CSV for spreadsheets", key=FOR_SPREADSHEETS,
        help="A spreadsheet may take a name that begins with = + - or @ for a formula. In these "
        "files, which the bundle holds in addition, such a name gets an apostrophe. Their file names say so.",
    )  # fmt: skip
    _offer_table(view, content)
    _offer_figure(content)
    st.subheader("LaTeX")
    st.caption(
        "Uses booktabs, and longtable if a table is longer than a page. The best value is bold; values that equal it, "
        "or may do so, are marked."
    )
    with st.expander("Scores"):
        st.code(latex_table(view.comparison), language="latex")
    with st.expander("F1 by emotion"):
        st.code(latex_emotion_table(view.comparison), language="latex")


def _offer_bundle(content: ComparisonContent, name: str) -> None:
    """Make the bundle on demand, because it takes some seconds."""
    made = st.button(
        "Make the bundle", icon=":material/inventory_2:", key="export_make",
        help="A ZIP of tables, figures, LaTeX, report, configs, hashes, versions and the command that repeats it all.",
    )  # fmt: skip
    if not made:
        return
    try:
        with st.spinner("Drawing the figures", show_time=True), TemporaryDirectory() as folder:
            path = Path(folder) / "bundle.zip"
            notes = write_bundle(path, content, bool(st.session_state.get(FOR_SPREADSHEETS)))
            packed = path.read_bytes()
    except EmocoreError as error:
        st.error(plain(error))
        return
    st.download_button(
        "Save the bundle", packed, file_name=f"{name}.zip", mime="application/zip", icon=":material/download:",
        on_click="ignore", key="export_bundle",
    )  # fmt: skip
    for note in notes:
        st.warning(plain(note))


def _offer_table(view: View, content: ComparisonContent) -> None:
    comparison = view.comparison
    tables: dict[str, pd.DataFrame] = {
        "Scores": comparison.scores,
        "F1 by emotion": comparison.emotions,
        "Verdicts": comparison.verdicts.to_table(),
        "No skill": comparison.no_skill,
        "Audit": content.audit,
        **content.tables,
    }
    st.subheader("A table")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_one(st, "Table", list(tables), name="table", key="export_table", width=320)
        table, name = with_index(tables[chosen]), f"{to_slug(chosen)}.csv"
        if st.session_state[FOR_SPREADSHEETS]:
            table, name = defuse_table(table), name_for_spreadsheets(name)
        st.download_button(
            "CSV", to_csv(table), file_name=name, mime="text/csv",
            icon=":material/download:", on_click="ignore", key="export_csv",
        )  # fmt: skip
    st.dataframe(tables[chosen], height=240, placeholder="–")


def _offer_figure(content: ComparisonContent) -> None:
    st.subheader("A figure")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_one(st, "Figure", list(content.figures), name="figure", key="export_figure", width=320)
        form = choose_segment(st, "Format", FORMATS, name="format", key="export_format")
        st.download_button(
            FORMATS[form], lambda: _draw(content, chosen, form), file_name=f"{to_slug(chosen)}.{form}",
            icon=":material/download:", on_click="ignore", key="export_picture",
        )  # fmt: skip
    st.plotly_chart(content.figures[chosen], key="export_preview", alt=chosen)


def _draw(content: ComparisonContent, title: str, form: Format) -> str | bytes:
    figure = content.figures[title]
    return to_html(figure, title) if form == "html" else to_images([Picture(figure, title, form)])[0]
