"""Every run: where it stands, and the curves of a study as they come."""

import streamlit as st

from emocore.charts.curves import metric_curves
from emocore.evaluation.curves import curve_table
from emocore.folder import RunFolder, list_damaged_runs, list_finished, list_runs, runs_root
from emocore.jobs.overview import describe_runs
from emocore.states import RunStatus
from pages.shared.address import choose_one
from pages.shared.entry import require_app
from pages.shared.plain import plain
from pages.shared.queue import show_disk, show_queue, tend_or_warn
from pages.shared.readers import history_reader
from pages.shared.tables import show_overview_table

require_app()

ALL = "all runs"

st.title("Runs")
st.caption("Every run with its state, progress and latest scores. They go on when you close this page.")

runs = list_runs(runs_root())
for problem in list_damaged_runs(runs_root()):
    st.warning(plain(problem), icon=":material/folder_off:")
if not runs:
    st.info("No runs yet. Start with the starter study, or launch your own.", icon=":material/info:")
    with st.container(horizontal=True):
        st.page_link("pages/start.py", label="Starter study", icon=":material/play_arrow:")
        st.page_link("pages/launch.py", label="Launch", icon=":material/rocket_launch:")
    st.stop()

studies = list(dict.fromkeys(run.config.study for run in reversed(runs) if run.config.study))
wanted = choose_one(st, "Study", [ALL, *studies], name="study", key="runs_study")


def in_study(runs: list[RunFolder]) -> list[RunFolder]:
    return [run for run in runs if wanted == ALL or run.config.study == wanted]


alive = any(not RunStatus(overview.status).is_final for overview in describe_runs(in_study(runs)))


@st.fragment(run_every=2 if alive else 10)
def show_runs() -> None:
    tend_or_warn(runs_root())
    show_queue(runs_root())
    runs = in_study(list_runs(runs_root()))
    overviews = sorted(describe_runs(runs), key=lambda o: -o.created_at)
    if wanted != ALL:
        overviews.reverse()
    show_overview_table(overviews, key="runs_table")
    show_disk(runs_root(), sum(overview.disk_bytes for overview in overviews))
    if wanted != ALL:
        show_curves(runs)
    is_alive = any(not RunStatus(overview.status).is_final for overview in overviews)
    if is_alive != alive:
        st.rerun(scope="app")


def show_curves(runs: list[RunFolder]) -> None:
    histories = [(run.id, run.config, history_reader().read(run)) for run in runs]
    table = curve_table(histories)
    left, right = st.columns(2)
    with left:
        st.markdown("**Validation macro-F1**")
        figure = metric_curves(table, "validation/f1_macro", "macro-F1", y_range=(0, 1))
        st.plotly_chart(figure, key="runs_f1", alt="Validation macro-F1 of each run over the epochs")
    with right:
        st.markdown("**Training loss**")
        figure = metric_curves(table, "train/loss", "loss")
        st.plotly_chart(figure, key="runs_loss", alt="Training loss of each run over the epochs")
    sources = dict.fromkeys(history.source for _, _, history in histories)
    st.caption(plain("Curves " + "; ".join(sources) + "."))


show_runs()
finished = in_study(list_finished(runs_root()))
if finished and not alive:
    with st.container(horizontal=True):
        if wanted != ALL and st.button("Compare these runs", type="primary", icon=":material/bar_chart:"):
            st.switch_page("pages/compare.py", query_params={"study": wanted})
        if st.button("Try a sentence", icon=":material/chat:"):
            st.switch_page("pages/playground.py", query_params={"runs": [run.id for run in finished[-3:]]})
