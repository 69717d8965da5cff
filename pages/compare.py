"""Compare finished runs: F1 by emotion, costs, and the study's own numbers beside ours."""

import streamlit as st

from emocore.charts.comparison import emotion_bars, emotion_heatmap
from emocore.errors import DataError
from emocore.evaluation.comparison import (
    describe_leader,
    emotion_table,
    find_differences,
    no_skill_table,
    summary_table,
)
from emocore.evaluation.results import RunResult, add_team_runs, load_result, shared_splits
from emocore.evaluation.study_reference import STUDY_NOTE, study_table
from emocore.folder import RunFolder, list_finished, runs_root
from pages.shared.address import choose_one, choose_several
from pages.shared.entry import require_app
from pages.shared.guard import UNREADABLE, Guard
from pages.shared.plain import plain
from pages.shared.run_result import read_results
from pages.shared.summary import show_study_columns, show_summary
from pages.shared.team import POINTS_NOTE, choose_team_runs
from pages.shared.titles import run_choice

require_app()

HAND_PICKED = "chosen runs"


def load_complete(run: RunFolder) -> RunResult:
    read_results(run)  # raises for scores that are not there or of another shape
    return load_result(run)


st.title("Compare")
st.caption("How finished runs differ, emotion by emotion, and what each cost.")

finished = list_finished(runs_root())
runs = []
left, right = st.columns([3, 1])
if finished:
    studies = list(dict.fromkeys(run.config.study for run in reversed(finished) if run.config.study))
    if "runs" in st.query_params and "study" not in st.query_params:
        st.query_params["study"] = HAND_PICKED
    study = choose_one(left, "Study", [*studies, HAND_PICKED], name="study", key="compare_study")
    if study == HAND_PICKED:
        by_id = {run.id: run for run in reversed(finished)}
        picked = choose_several(
            "Runs",
            list(by_id),
            name="runs",
            key="compare_runs",
            default=[],
            format_func=lambda run_id: run_choice(by_id[run_id]),
        )
        runs = [by_id[run_id] for run_id in picked]
    else:
        runs = [run for run in finished if run.config.study == study]
else:
    st.info("No finished run yet. Run the starter study first; it needs no data of yours.", icon=":material/info:")
    st.page_link("pages/start.py", label="Starter study", icon=":material/play_arrow:")
team = choose_team_runs({run.id for run in finished})
if not runs and not team:
    if finished:
        st.info("Choose at least one run.", icon=":material/info:")
    st.stop()

guard = Guard()
loaded = [guard.read(f"run {run.id}", lambda run=run: load_complete(run)) for run in runs]
for problem in guard.problems:
    st.warning(f"Left out: {plain(problem)}", icon=":material/broken_image:")
try:
    results = add_team_runs([result for result in loaded if result], team)
    splits = shared_splits(results)
    if not splits:
        raise DataError("they share no split: some have validation scores only, others test scores only")
    split = right.segmented_control("Split", splits, default=splits[0], key="split", required=True)
    emotions, summary = emotion_table(results, split), summary_table(results, split)
    no_skill, differences = no_skill_table(results, split), find_differences(results)
except UNREADABLE as error:
    st.error(plain(error), title="These runs cannot be compared")
    st.stop()

st.markdown(f"#### {plain(describe_leader(summary))}")
if differences:
    st.warning(
        "These runs differ in more than their method, so a difference in score has more than one possible cause:\n"
        + "\n".join(f"- {plain(difference)}" for difference in differences),
        icon=":material/balance:",
    )

st.subheader(
    "F1 by emotion",
    help="Harmonic mean of an emotion's precision and recall, at the threshold that the runs were given.",
)
st.plotly_chart(emotion_bars(emotions), key="compare_bars", alt="F1 of each method for each emotion, as bars")
if "W&B" in set(summary["source"]):
    st.caption(plain(POINTS_NOTE))
with st.expander("The same as a heatmap, sorted by support", expanded=True):
    st.plotly_chart(emotion_heatmap(emotions), key="compare_heatmap", alt="F1 by emotion and method, as a heatmap")

st.subheader("Summary and costs")
show_summary(summary, no_skill)
st.download_button(
    "Table as CSV", emotions.to_csv(index=False), file_name="f1-by-emotion.csv", icon=":material/download:"
)

st.subheader("Beside the study")
st.markdown(STUDY_NOTE)
show_study_columns(summary, no_skill, study_table())
