"""`emocore plan`: what a study will be able to see, before it is launched."""

from collections.abc import Sequence

from emocore.cli.compare import finished_of_study
from emocore.cli.output import print_json, print_line
from emocore.errors import ConfigError, RunError
from emocore.evaluation.comparison import compare
from emocore.evaluation.planner import (
    Chance,
    describe_needs,
    describe_plan,
    measure_chance,
    smallest_gap,
    typical_chance,
)
from emocore.evaluation.results import load_result
from emocore.jobs.presets import STUDY_METHODS

USUAL_TEXTS = 1_000


def plan_study(
    study: str | None,
    texts: int | None,
    replicates: int | None,
    seeds: int | None,
    methods: Sequence[str] | None,
    gap: float | None,
    as_json: bool,
) -> None:
    """What is not given is that of the study, or a default without one; `gap` is in points of macro-F1."""
    if replicates and seeds:
        raise ConfigError("--replicates already has seeds of its own; leave --seeds out")
    if gap is not None and not 0 < gap <= 100:
        raise ConfigError(f"--gap is in points of macro-F1, above 0 and at most 100, not {gap:g}")
    chance, size, count, source = _measure(study) if study else (None, USUAL_TEXTS, len(STUDY_METHODS), "")
    repetitions = replicates or seeds or 1
    if chance is None or chance.is_by_draw != bool(replicates and replicates > 1):
        chance, source = typical_chance(bool(replicates and replicates > 1)), "typical values (SemEval-2018 E-c)"
    texts, compared = texts or size, len(methods) if methods else count
    if as_json:
        smallest = smallest_gap(chance, texts, repetitions, compared) if compared > 1 else None
        told = {"texts": texts, "repetitions": repetitions, "by_draw": chance.is_by_draw, "methods": compared}
        print_json(told | {"smallest_gap": smallest, "chance": vars(chance), "source": source})
        return
    print_line(describe_plan(chance, texts, repetitions, compared))
    if gap is not None and compared > 1:
        print_line(describe_needs(gap / 100, chance, texts, repetitions, compared))
    print_line(f"The chance in texts and runs is that of {source}.")


def _measure(study: str) -> tuple[Chance | None, int, int, str]:
    """The chance in a study's differences, how many texts and methods it has, and what to call it."""
    comparison = compare([load_result(run) for run in finished_of_study(study)], None)
    predictions = comparison.largest_group
    if predictions is None:
        raise RunError(f"study '{study}' has no predictions to measure on")
    return measure_chance(predictions), len(predictions.truth), len(predictions.members), f"study '{study}'"
