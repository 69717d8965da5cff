"""Every run with its state, and the live curves of a study."""

import streamlit as st

from emocore.jobs.overview import RunOverview, describe_runs
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import RunsFound, look_at_runs, runs_root
from emocore.run.state import RunStatus
from emocore.tracking.history import History
from pages.runs.limits import show_limits
from pages.shared.address import choose_one, recall
from pages.shared.curves import draw_curves
from pages.shared.guard import Guard, warn_of_damaged_runs
from pages.shared.plain import plain
from pages.shared.queue import show_disk, show_imported, show_queue, tend_or_warn
from pages.shared.readers import history_reader
from pages.shared.run_view import NO_TOOLBAR
from pages.shared.tables import MOST_ROWS, latest_first, show_overview_table, show_reasons, show_run_rows

ALL = "all runs"
SHORT_ROWS, LONG_SECONDS = 20, 5  # drawing a longer list every two seconds would slow down the training
SHOWN_KEY = "runs_study_shown"  # the study that was looked at last

st.title("Runs")
st.caption("Every run with its state, progress and latest scores. Runs continue when you close this page.")

found = look_at_runs(runs_root())
overviews = describe_runs(found.runs)
warn_of_damaged_runs(found)
if not overviews:
    st.info("No runs yet. Start with the starter study, or launch your own.", icon=":material/info:")
    with st.container(horizontal=True):
        st.page_link("pages/start/page.py", label="Starter study", icon=":material/play_arrow:")
        st.page_link("pages/launch/page.py", label="Launch", icon=":material/rocket_launch:")
    st.stop()

studies = list(dict.fromkeys(overview.study for overview in reversed(overviews) if overview.study))
if st.query_params:  # without any, it was not Back that led here
    recall("study", SHOWN_KEY)
wanted = st.session_state[SHOWN_KEY] = choose_one(st, "Study", [ALL, *studies], name="study", key="runs_study")


def in_study(overviews: list[RunOverview]) -> list[RunOverview]:
    return [overview for overview in overviews if wanted == ALL or overview.study == wanted]


def is_any_alive(overviews: list[RunOverview]) -> bool:
    return any(not RunStatus(overview.status).is_final for overview in overviews)


def in_order(overviews: list[RunOverview]) -> list[RunOverview]:
    """A study keeps its own order; otherwise active runs come first, then the latest."""
    if wanted != ALL:
        return overviews
    return latest_first(overviews)


chosen = in_study(overviews)
alive = is_any_alive(chosen)
fresh = [(found, chosen)]  # the fragment's first look, taken a moment ago
starts = range(0, len(chosen), MOST_ROWS)
first = 0
if len(starts) > 1:
    first = st.selectbox(
        f"{len(chosen):,} runs, shown are", starts, key="runs_first", width=220,
        format_func=lambda start: f"{start + 1:,} to {min(start + MOST_ROWS, len(chosen)):,}",
    )  # fmt: skip


def look_again() -> tuple[RunsFound, list[RunOverview]]:
    found = look_at_runs(runs_root())
    return found, in_study(describe_runs(found.runs))


@st.fragment(run_every=(LONG_SECONDS if len(chosen) > SHORT_ROWS else 2) if alive else 10)
def show_runs() -> None:
    tend_or_warn(runs_root())
    found, seen = fresh.pop() if fresh else look_again()
    show_queue(runs_root(), found)
    show_imported(runs_root(), found)
    overviews = in_order(seen)
    show_run_rows(overviews[first : first + MOST_ROWS], has_studies=wanted == ALL)
    show_reasons(overviews)
    is_long = len(starts) > 1  # then the table is made only for those who look at it
    numbers = st.expander("All numbers", key="runs_numbers", on_change="rerun" if is_long else "ignore")
    if numbers.open or not is_long:
        with numbers:
            show_overview_table(overviews, key="runs_table")
    show_limits()
    show_disk(runs_root(), sum(overview.disk_bytes or 0 for overview in overviews))
    if wanted != ALL:
        show_curves([RunFolder(runs_root() / overview.id) for overview in seen])
    if is_any_alive(seen) != alive or len(seen) // MOST_ROWS != len(chosen) // MOST_ROWS:
        st.rerun(scope="app")


def _look_at_curve(run: RunFolder) -> tuple[RunFolder, RunConfig, History]:
    return run, run.config, history_reader().read(run)


def show_curves(runs: list[RunFolder]) -> None:
    guard = Guard()
    looks = [guard.read(f"{run.id}/wandb.json", _look_at_curve, run) for run in runs]
    for problem in guard.problems:
        st.warning(plain(problem), icon=":material/broken_image:")
    histories = [look for look in looks if look]
    if not histories:
        return
    scores, losses = draw_curves(histories, is_live=alive)
    left, right = st.columns(2)
    with left:
        st.markdown("**Validation macro-F1**")
        st.plotly_chart(scores, key="runs_f1", alt="Validation macro-F1 of each run over the epochs", config=NO_TOOLBAR)
    with right:
        st.markdown("**Training loss**")
        st.plotly_chart(losses, key="runs_loss", alt="Training loss of each run over the epochs", config=NO_TOOLBAR)
    sources = dict.fromkeys(history.source for _, _, history in histories)
    st.caption(plain("Curves " + "; ".join(sources) + "."))


show_runs()
finished = [overview.id for overview in chosen if overview.status == RunStatus.FINISHED]
if finished and not alive:
    with st.container(horizontal=True):
        if wanted != ALL:
            st.page_link(
                "pages/compare/page.py",
                label="Compare these runs",
                icon=":material/bar_chart:",
                query_params={"study": wanted},
            )
        st.page_link(
            "pages/playground/page.py",
            label="Try a sentence",
            icon=":material/chat:",
            query_params={"runs": finished[-3:]},
        )
