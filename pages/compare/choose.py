"""Choose the runs of a comparison: those of a study, any others by hand, and those of a W&B project."""

from collections.abc import Container, Sequence
from operator import attrgetter

import streamlit as st

from emocore.evaluation.results import Result, TeamResult, add_team_runs
from emocore.evaluation.series import name_series
from emocore.run.folder import RunFolder
from emocore.run.listing import RunsFound, look_at_runs, runs_root
from emocore.tracking.team import TeamRun
from pages.compare.team import choose_team_runs
from pages.shared.address import choose_one, choose_several, write
from pages.shared.guard import Guard, warn_of_damaged_runs
from pages.shared.plain import plain
from pages.shared.results import load_run
from pages.shared.titles import run_choice

TOGETHER_HELP = (
    "What would these score together? Adds a series whose probability of an emotion is the mean of theirs, with "
    "thresholds of its own, and compares it like any other. It is made from stored predictions; nothing is trained."
)
SEVERAL, HAND_PICKED = "~~", "~"  # no study's name has a tilde
NO_STUDY_TITLES = {SEVERAL: "several studies", HAND_PICKED: "chosen runs, by hand"}


def choose_results() -> tuple[list[Result], list[RunFolder]]:
    """Returns the results of the chosen finished runs, and all chosen runs, including those without a result. Says so
    and stops the page if there are none. Runs that cannot be read are reported and left out."""
    found = look_at_runs(runs_root())
    warn_of_damaged_runs(found)
    finished = found.finished
    runs, every = _choose_local(found) if finished else ([], [])
    if not finished:
        st.info("No finished run yet. Run the starter study first; it needs no data of yours.", icon=":material/info:")
        st.page_link("pages/start/page.py", label="Starter study", icon=":material/play_arrow:")
    team: list[TeamRun] = choose_team_runs({run.id for run in finished})
    if not runs and not team:
        if finished:
            st.info("Choose at least one run or study.", icon=":material/info:")
        st.stop()
    guard = Guard()
    loaded = [guard.read(f"run {run.id}", load_run, run) for run in runs]
    for problem in guard.problems:
        st.warning(f"Left out: {plain(problem)}", icon=":material/broken_image:")
    results = add_team_runs([result for result in loaded if result], team)
    if not results:
        st.stop()
    return results, every


def choose_together(results: Sequence[Result]) -> tuple[str, ...]:
    """The names of the series to add the mean of; none if there are not two with predictions."""
    names = name_series(results)
    known = {
        names[result.id]: names[result.id]
        for result in results
        if not isinstance(result, TeamResult) and not result.config.learns_half
    }
    if len(known) < 2:
        return ()
    chosen = choose_several(
        "Together", known, "together", "compare_together", str, help=TOGETHER_HELP,
        placeholder="two or more series, to see what they score together",
    )  # fmt: skip
    if len(chosen) == 1:
        st.caption("Choose a second series for Together.")
    return tuple(chosen) if len(chosen) > 1 else ()


def _choose_local(found: RunsFound) -> tuple[list[RunFolder], list[RunFolder]]:
    finished = found.finished
    studies = list(dict.fromkeys(run.config.study for run in reversed(finished) if run.config.study))
    if "runs" in st.query_params and "study" not in st.query_params:
        write({"study": HAND_PICKED})
    _warn_of_missing("study", [*studies, *NO_STUDY_TITLES])
    several = [SEVERAL] if len(studies) > 1 else []
    study = choose_one(
        st, "Study", [*studies, *several, HAND_PICKED], name="study", key="compare_study", always=True,
        format_func=lambda name: NO_STUDY_TITLES.get(name, name),
    )  # fmt: skip
    if study != HAND_PICKED:
        chosen = _choose_studies(studies) if study == SEVERAL else [study]
        guard = Guard()
        studies_of = {run: guard.read(run.id, attrgetter("config.study"), run) for run, _ in found.runs}
        runs = [run for name in chosen for run in finished if run.config.study == name]
        return runs, [run for run, own in studies_of.items() if own in chosen]
    by_id = {run.id: run for run in reversed(finished)}
    _warn_of_missing("runs", by_id)
    runs = choose_several("Runs", by_id, "runs", "compare_runs", run_choice)
    return runs, runs


def _choose_studies(studies: list[str]) -> list[str]:
    _warn_of_missing("studies", studies)
    by_name = {name: name for name in studies}
    return choose_several(
        "Studies", by_name, "studies", "compare_studies", str, placeholder="such as one study per dataset"
    )


def _warn_of_missing(name: str, known: Container[str]) -> None:
    """Warn if the page's address names a study or run that does not exist here, because another one is shown."""
    missing = [wanted for wanted in st.query_params.get_all(name) if wanted not in known]
    if missing:
        what = "run" if name == "runs" else "study"
        st.warning(f"No finished {what} here: {plain(', '.join(missing))}.", icon=":material/link_off:")
