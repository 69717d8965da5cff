"""Choose runs of a W&B project to add to a comparison. Choices are kept in the page's address; nothing here blocks."""

import streamlit as st

from emocore.errors import ConfigError
from emocore.tracking.team import TeamProject, TeamRun, parse_address
from pages.shared.address import choose_several
from pages.shared.plain import plain
from pages.shared.readers import team_project
from pages.shared.titles import config_title

POINTS_NOTE = (
    "Points are runs that were trained elsewhere and read from W&B. Their scores are known but not their predictions, "
    "so they have no intervals."
)


def choose_team_runs(local_ids: set[str]) -> list[TeamRun]:
    """The chosen runs that have been read so far. Runs of this machine are not offered again."""
    with st.expander("Add runs from a W&B project", icon=":material/group_add:", expanded="project" in st.query_params):
        text = _input_address()
        if not text:
            return []
        try:
            address = parse_address(text)
        except ConfigError as error:
            st.error(plain(error), icon=":material/error:")
            return []
        project = team_project(address.entity, address.project, address.base_url)
        runs = project.runs()
        others = [run for run in runs if run.id not in local_ids]
        if not others:
            _explain_empty(project, str(address), is_all_local=bool(runs))
            return []
        return _choose(project, others)


def _input_address() -> str:
    """The project as typed; at first the one in the page's address."""
    if "compare_project" not in st.session_state:
        st.session_state["compare_project"] = st.query_params.get("project", "")
    text = st.text_input(
        "W&B project",
        key="compare_project",
        placeholder="entity/project, or the address of its page",
        help="Adds finished runs that Emocore trained elsewhere. The app reads them with the key in WANDB_API_KEY.",
    ).strip()
    if text:
        st.query_params["project"] = text
    else:
        st.query_params.pop("project", None)
    return text


def _explain_empty(project: TeamProject, name: str, is_all_local: bool) -> None:
    if is_all_local:
        st.info(f"All runs of {plain(name)} were trained here; choose them above.", icon=":material/info:")
    elif project.loading:
        _watch(project, f"Reading the runs of {name} …", project.error)
    elif project.error:
        st.warning(f"The runs of {plain(name)} cannot be shown: {plain(project.error)}.", icon=":material/cloud_off:")
        _watch(project, "Emocore tries again every 15 s.", project.error)
    else:
        st.info(f"{plain(name)} has no finished run by Emocore that can be compared.", icon=":material/info:")
        _show_left_out(project)


def _choose(project: TeamProject, runs: list[TeamRun]) -> list[TeamRun]:
    by_id, placeholder = {run.id: run for run in runs}, f"{len(runs):,} to choose from"
    chosen = choose_several("Runs on W&B", by_id, "team", "compare_team", _describe, placeholder=placeholder)
    if project.error:
        st.caption(f":material/cloud_off: These runs were read earlier; {plain(project.error)}.")
    _show_left_out(project)
    return chosen


def _describe(run: TeamRun) -> str:
    return f"{config_title(run.config)} · {run.config.study or run.id}"


def _show_left_out(project: TeamProject) -> None:
    for sentence in project.left_out:
        st.caption(plain(sentence))


@st.fragment(run_every=1)
def _watch(project: TeamProject, words: str, known_error: str | None) -> None:
    """Show `words` until W&B answers or the error changes; then redraw the whole page."""
    st.caption(f":material/hourglass_empty: {plain(words)}")
    if project.runs() or project.error != known_error or not (project.loading or project.error):
        st.rerun(scope="app")
