"""`emocore plan`: what a study will be able to see, before it is launched."""

from collections.abc import Sequence
from dataclasses import dataclass

from emocore.cli.output import print_json, print_line
from emocore.cli.runs import finished_of_study
from emocore.errors import ConfigError, RunError
from emocore.evaluation.comparison import compare
from emocore.evaluation.paired_tests import FEWEST_TEXTS
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


@dataclass(frozen=True)
class _Known:
    """What a study tells: the chance in its differences if it has several repetitions, its size, and whether its runs
    learn from all training rows."""

    chance: Chance | None
    texts: int
    repetitions: int
    methods: int
    has_all_rows: bool


def plan_study(
    study: str | None,
    texts: int | None,
    replicates: int | None,
    seeds: int | None,
    methods: Sequence[str] | None,
    gap: float | None,
    all_rows: bool,
    as_json: bool,
) -> None:
    """What is not given is that of the study, or a default without one; `gap` is in points of macro-F1."""
    if replicates and seeds:
        raise ConfigError("--replicates already has seeds of its own; leave --seeds out")
    if gap is not None and not 0 < gap <= 100:
        raise ConfigError(f"--gap is in points of macro-F1, above 0 and at most 100, not {gap:g}")
    known = _measure(study) if study else _Known(None, USUAL_TEXTS, 1, len(STUDY_METHODS), False)
    repetitions = replicates or seeds or known.repetitions
    kind = known.chance.kind if known.chance else "seed"
    if seeds or replicates == 1:
        kind = "seed"
    elif replicates:
        kind = "half" if all_rows or known.has_all_rows else "draw"
    chance, source = known.chance, f"study '{study}'"
    if chance is None or chance.kind != kind:
        chance, source = typical_chance(kind), "typical values (SemEval-2018 E-c)"
    texts, compared = texts or known.texts, len(set(methods)) if methods else known.methods
    if as_json:
        is_seen = compared > 1 and texts >= FEWEST_TEXTS
        smallest = smallest_gap(chance, texts, repetitions, compared) if is_seen else None
        told = {"texts": texts, "repetitions": repetitions, "repetition": chance.kind, "methods": compared}
        print_json(told | {"smallest_gap": smallest, "chance": vars(chance), "source": source})
        return
    print_line(describe_plan(chance, texts, repetitions, compared))
    if gap is not None and compared > 1:
        print_line(describe_needs(gap / 100, chance, texts, repetitions, compared))
    print_line(f"The chance in texts and runs is that of {source}.")


def _measure(study: str) -> _Known:
    comparison = compare([load_result(run) for run in finished_of_study(study)], None)
    predictions = comparison.largest_group
    if predictions is None:
        raise RunError(f"study '{study}' has no predictions to measure on")
    chance = measure_chance(predictions)
    halves = predictions.halves if chance and chance.kind == "half" else None
    # The run on all texts is a repetition, too.
    repetitions = min(map(len, (halves or predictions).repetitions.values())) + bool(halves)
    has_all_rows = all(result.config.rows is None for result in comparison.results)
    return _Known(chance, len(predictions.truth), repetitions, len(predictions.members), has_all_rows)
