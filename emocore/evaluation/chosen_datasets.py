"""The datasets that the runs of a comparison were scored on, each with a name of its own.

Runs belong to one dataset if they share a data file or the texts that they were scored on, directly or through other
runs, since a ranking would otherwise count the same data twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.results import RunResult, TeamResult
from emocore.text import counted, join_names, strip_markup


@dataclass(frozen=True)
class ChosenDatasets:
    """`runs` are by the name of their dataset, in the order in which they were chosen; `notes` are sentences on what is
    left out."""

    runs: dict[str, list[RunResult]]
    notes: list[str]


def find_datasets(comparison: Comparison) -> ChosenDatasets:
    """The datasets of a comparison. One whose runs were scored on several sets of texts is left out."""
    texts = {result.id: result.hash_texts(comparison.split) for result in comparison.local}
    groups = _group_by_data(comparison.local, texts)
    runs, notes = {}, []
    for name, own in zip(_name_datasets(groups), groups, strict=True):
        sets = len({texts[result.id] for result in own})
        if sets == 1:
            runs[name] = own
        else:
            notes.append(
                f"{name} left out: its runs were scored on {counted(sets, 'set')} of texts, so it is not one dataset; "
                "choose only runs that were scored on the same texts."
            )
    if joint := dict.fromkeys(result.method_title for result in comparison.joint):
        notes.append(
            f"{join_names(joint)} left out: it was made on one dataset only; the command compare makes it on each."
        )
    if any(isinstance(result, TeamResult) for result in comparison.results):
        notes.append("Runs of W&B left out: their predictions are not known, so neither are their texts.")
    return ChosenDatasets(runs, notes)


def _group_by_data(results: Sequence[RunResult], texts: Mapping[str, str]) -> list[list[RunResult]]:
    """The runs of each dataset, datasets and runs in the given order; `texts` are the hashes of `hash_texts`."""
    places = {result.id: place for place, result in enumerate(results)}
    marks = {result.id: {*result.provenance.data_sha256.values(), texts[result.id]} for result in results}
    groups: list[list[RunResult]] = []
    for result in results:
        apart, joined = [], [result]
        for own in groups:
            if any(marks[result.id] & marks[other.id] for other in own):
                joined += own
            else:
                apart.append(own)
        groups = [*apart, sorted(joined, key=lambda member: places[member.id])]
    return sorted(groups, key=lambda own: places[own[0].id])


def _name_datasets(groups: Sequence[Sequence[RunResult]]) -> list[str]:
    """The names of their studies, if each dataset has one of its own, otherwise of their data files. No two are the
    same, and none has characters that a chart would read as HTML."""
    studies = [{result.config.study for result in own} for own in groups]
    names = [study for own in studies if len(own) == 1 for study in own if study]
    if len(set(names)) == len(groups):
        return names
    paths = [PurePath(own[0].config.data).parts for own in groups]
    for length in range(1, max(map(len, paths), default=0) + 1):
        names = [strip_markup(str(PurePath(*parts[-length:]))) for parts in paths]
        if len(set(names)) == len(groups):
            return names
    return [f"{number} · {strip_markup(parts[-1])}" for number, parts in enumerate(paths, start=1)]
