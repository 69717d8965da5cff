"""Series: the runs of a comparison that differ only in their seed and in the draw of their training rows, shown as one
mean.

A series is named after its method and the settings that distinguish it from other series of that method.
"""

from collections.abc import Sequence

from emocore.evaluation.results import Result, TeamResult
from emocore.run.config import NO_BASE
from emocore.run.settings import CHOICES_OF_NONE, DRAWS, NOT_TOLD, title
from emocore.text import strip_markup


def name_series(results: Sequence[Result]) -> dict[str, str]:
    """Run id -> the name of its series. Runs of W&B are marked, and never share a series with local runs.

    Methods and bases may have any name; characters that a chart would read as HTML are removed.
    """
    bases = {r.config.base for r in results if r.config.base != NO_BASE}
    names = {}
    for result in results:
        name = result.method_title
        if len(bases) > 1 and result.config.base != NO_BASE:
            name += f" · {result.config.base.rstrip('/').rsplit('/', 1)[-1]}"
        if isinstance(result, TeamResult):
            name += f" · {result.source}"
        names[result.id] = name
    return {run_id: strip_markup(name) for run_id, name in _distinguish(results, names).items()}


def group_series(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Name of the series -> its runs, in the given order."""
    names = name_series(results)
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(names[result.id], []).append(result)
    return groups


def _distinguish(results: Sequence[Result], names: dict[str, str]) -> dict[str, str]:
    """Add to the name of runs with different settings these settings or, if they are the same, the split."""
    told = dict(names)
    for name in dict.fromkeys(names.values()):
        own = [result for result in results if names[result.id] == name]
        kinds: dict[str, list[Result]] = {}
        for result in own:
            kinds.setdefault(_identify(result), []).append(result)
        if len(kinds) == 1:
            continue
        endings = {kind: _describe_settings(members[0], own) for kind, members in kinds.items()}
        is_enough = len(set(endings.values())) == len(kinds)
        for kind, members in kinds.items():
            split = str(members[0].provenance.split_sha256)[:6]
            ending = endings[kind] if is_enough else f"{endings[kind]}, split {split}".removeprefix(", ")
            told |= dict.fromkeys([result.id for result in members], f"{name} ({ending})")
    return told


def _describe_settings(result: Result, others: Sequence[Result]) -> str:
    """The settings of a run that are not the same in all of the others: "rows 250, epochs 3"."""
    parts = []
    for field in type(result.config).model_fields:
        if field in NOT_TOLD:
            continue
        value = getattr(result.config, field)
        if any(getattr(other.config, field) != value for other in others):
            parts.append(f"{title(field)} {CHOICES_OF_NONE.get(field, 'default') if value is None else value}")
    return ", ".join(parts)


def _identify(result: Result) -> str:
    """A key that is equal for runs that differ only in their seed and in the draw of their training rows. Data is
    identified by content, not by path: by the evaluation texts, or by all texts in records that lack their hash."""
    provenance = result.provenance
    texts = provenance.evaluation_sha256 or provenance.split_sha256
    return result.config.model_dump_json(exclude={*NOT_TOLD, *DRAWS}) + str(texts)
