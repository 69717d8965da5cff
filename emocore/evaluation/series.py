"""Series: the runs of a comparison that differ only in their seed and in the draw of their training rows, shown as one
mean.

A series is named after its method and the settings that distinguish it from other series of that method.
"""

from collections.abc import Sequence

from emocore.evaluation.results import Result, TeamResult
from emocore.run.config import NO_BASE, RunConfig
from emocore.run.settings import CHOICES_OF_NONE, DRAWS, NOT_TOLD, title
from emocore.text import strip_markup
from emocore.thresholds import USUAL_THRESHOLD


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


def identify_texts(results: Sequence[Result]) -> dict[str, str | None]:
    """Run id -> the hash of the texts that set its series apart: those of the evaluation or, if a record of an earlier
    version lacks their hash, all texts of every run. None if neither is known."""
    has_all = all(result.provenance.evaluation_sha256 for result in results)
    return {
        result.id: result.provenance.evaluation_sha256 if has_all else result.provenance.split_sha256
        for result in results
    }


def _distinguish(results: Sequence[Result], names: dict[str, str]) -> dict[str, str]:
    """Add to the name of runs with different settings these settings or, if they are the same, the texts."""
    told, texts = dict(names), identify_texts(results)
    for name in dict.fromkeys(names.values()):
        own = [result for result in results if names[result.id] == name]
        kinds: dict[tuple[str, str | None], list[Result]] = {}
        for result in own:
            kinds.setdefault((_identify(result), texts[result.id]), []).append(result)
        if len(kinds) == 1:
            continue
        endings = {kind: _describe_settings(members, own) for kind, members in kinds.items()}
        is_enough = len(set(endings.values())) == len(kinds)
        for kind, members in kinds.items():
            ending = endings[kind] if is_enough else f"{endings[kind]}, split {str(kind[1])[:6]}".removeprefix(", ")
            told |= dict.fromkeys([result.id for result in members], f"{name} ({ending})")
    return told


def _describe_settings(members: Sequence[Result], others: Sequence[Result]) -> str:
    """The settings of a series that are not the same in all of the others: "rows 250, epochs 3"."""
    own, configs = ([as_scored(result) for result in results] for results in (members, others))
    parts = []
    for field in RunConfig.model_fields:
        value = getattr(own[0], field)
        is_own = field not in NOT_TOLD and all(getattr(config, field) == value for config in own)
        if is_own and any(getattr(config, field) != value for config in configs):
            parts.append(f"{title(field)} {CHOICES_OF_NONE.get(field, 'default') if value is None else value}")
    return ", ".join(parts)


def _identify(result: Result) -> str:
    """A key that is equal for runs that differ only in their seed, in the paths of their data and in what draws texts;
    the texts themselves are not in it."""
    return as_scored(result).model_dump_json(exclude={*NOT_TOLD, *DRAWS})


def as_scored(result: Result) -> RunConfig:
    """The settings as a comparison uses them: with fixed thresholds, a run that was launched for tuned ones has the
    usual one."""
    return result.config.model_copy(update={"threshold": result.config.threshold or USUAL_THRESHOLD})
