"""Stored labels of a dataset that its finished runs contradict, and the way to a corrected version."""

from dataclasses import dataclass

import streamlit as st

from emocore.data.registry.sources import find_all_users
from emocore.errors import EmocoreError
from emocore.evaluation.label_errors import LabelErrors, find_label_errors_of_data
from emocore.evaluation.results import of_one_table
from emocore.export.label_errors import blind_list
from emocore.run.folder import RunFolder
from emocore.run.listing import look_at_runs, runs_root
from emocore.text import counted, join_names
from pages.data.actions import link_to_launch
from pages.data.corrections import show_corrections
from pages.data.load import Subject
from pages.data.texts import ANY
from pages.shared.address import choose_one
from pages.shared.guard import Guard
from pages.shared.label_errors import HELP, explain_suspects, offer_lists, show_suspects
from pages.shared.plain import plain
from pages.shared.results import Version, keep, load_run, version_of_run

ADVICE = "Train two or more different methods on this version, then come back."


@dataclass(frozen=True)
class Found:
    """What the finished runs of a version say. `errors` is None if none has a say; of those that were `readable`, `own`
    took all texts from the version, and `whole` of these learned from all training rows. `problems` tell of others."""

    errors: LabelErrors | None
    readable: int
    own: int
    whole: int
    problems: list[str]


def show(subject: Subject) -> None:
    st.markdown("**Labels that all runs contradict**", help=HELP)
    try:
        _show_found(subject)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
    show_corrections(subject)


def _show_found(subject: Subject) -> None:
    users = find_all_users(runs_root()).get(subject.reference, [])
    finished = [run for run in look_at_runs(runs_root()).finished if run.id in users]
    version: Version = (subject.version, *map(version_of_run, finished))
    with st.spinner("Looking for label errors"):
        found = keep(("data_suspects", version), lambda: _find(subject, finished))
    for problem in found.problems:
        st.warning(f"Left out: {plain(problem)}", icon=":material/broken_image:")
    if found.errors is None:
        st.info(_describe_lack(len(users), len(finished), found), icon=":material/info:")
        link_to_launch(subject)
    else:
        _show_suspects(subject, found.errors, found.whole, version)


def _find(subject: Subject, finished: list[RunFolder]) -> Found:
    """Raises RunError or DataError as `find_label_errors_of_data` does."""
    guard = Guard()
    loaded = [guard.read(f"run {run.id}", load_run, run) for run in finished]
    readable = [result for result in loaded if result]
    own = of_one_table(readable, subject.table().sha256)
    whole = [result for result in own if not result.config.learns_half]
    errors = find_label_errors_of_data(whole) if whole else None
    return Found(errors, len(readable), len(own), len(whole), guard.problems)


def _describe_lack(users: int, finished: int, found: Found) -> str:
    """Why no run has a say, and what to do."""
    if not users:
        return f"No run uses this version yet, and suspected labels are found from finished runs. {ADVICE}"
    use = f"{counted(users, 'run')} {'uses' if users == 1 else 'use'} this version, but"
    if not finished:
        return f"{use} none has finished. Wait for one, or see on the Runs page why not."
    if not found.readable:
        return f"{use} no finished one can be read. {ADVICE}"
    if not found.own:
        return f"{use} no finished one took all its texts from it, without other files. {ADVICE}"
    return f"{use} each finished one learned from half of the training rows, and these have no say. {ADVICE}"


def _show_suspects(subject: Subject, errors: LabelErrors, runs: int, version: Version) -> None:
    st.caption(plain(_describe_runs(errors, runs)))
    explain_suspects(errors)
    labels = subject.table().labels
    label = choose_one(
        st, "Label", [ANY, *labels], name="label", key="data_label", width=200,
        format_func=lambda name: "any label" if name == ANY else name,
    )  # fmt: skip
    show_suspects(errors, None if label == ANY else label, "data", is_open=True)
    if len(errors.suspects):
        offer_lists(errors, keep(("blind_list", version), lambda: blind_list(errors)), "data")


def _describe_runs(errors: LabelErrors, runs: int) -> str:
    """From 2 finished runs on this version: LoRA and IA3. 1 other run has no say: scored on other texts, ..."""
    used = {run for predictions in errors.predictions.values() for run in predictions.runs}
    series = dict.fromkeys(name for predictions in errors.predictions.values() for name in predictions.series)
    told = f"From {counted(len(used), 'finished run')} on this version: {join_names(series)}."
    if others := runs - len(used):
        told += (
            f" {counted(others, 'other run')} {'has' if others == 1 else 'have'} no say: scored on other texts, as "
            "with another split, or repeated later with the same settings."
        )
    return told
