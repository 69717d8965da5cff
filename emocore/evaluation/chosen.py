"""Which of the runs that somebody chose a comparison uses, and as what."""

from collections.abc import Sequence

from emocore.errors import DataError
from emocore.evaluation.results import Result
from emocore.evaluation.series import group_series, name_series
from emocore.text import join_names

ID_TIME = len("20261123-172928")  # with which an id begins


def leave_out_repeats(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    """Keep only the latest run per series, seed and draw of training rows, because a repeated run would count as a
    second seed."""
    kept: dict[tuple[str, int, str | None], Result] = {}
    notes = []
    for name, members in group_series(results).items():
        for result in sorted(members, key=lambda result: result.id[:ID_TIME]):
            place = (name, result.config.seed, result.provenance.split_sha256)
            earlier = kept.pop(place, None)
            if earlier:
                notes.append(f"Run {earlier.id} is left out: {result.id} has the same settings and seed.")
            kept[place] = result
    chosen = {result.id for result in kept.values()}
    return [result for result in results if result.id in chosen], notes


def leave_out_lone_halves(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    """Leave out runs on half of the training rows whose series has no run on all of them, since they give no score.

    Raises DataError if no run is left.
    """
    series = name_series(results)
    whole = {series[result.id] for result in results if not result.config.learns_half}
    if results and not whole:
        raise DataError(
            "all of these runs learned from half of the training rows, and so show only how far scores move; choose "
            "the runs on all rows, replicate 1 of the same study, as well"
        )
    lone = list(dict.fromkeys(name for name in series.values() if name not in whole))
    notes = [f"{join_names(lone)} left out: no run on all training rows, only on halves of them."] if lone else []
    return [result for result in results if series[result.id] in whole], notes
