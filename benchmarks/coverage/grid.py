"""The cells of `make coverage`: all of them, and those that an hour suffices for."""

from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product

from benchmarks.coverage.cells import Cell
from benchmarks.coverage.halves import HalvesCell
from benchmarks.coverage.intervals import IntervalCell
from benchmarks.coverage.studies import StudyCell
from emocore.evaluation.predictions import ThresholdPolicy
from tests.support.simulated import ALIKE, DRAWS, GROUPS, SEED_SHIFTS, TEXT_NOISE, World, goemotions_world

# The last two are the sizes of the development and test files of SemEval-2018 E-c.
SIZES, STUDY_SIZES = (150, 300, 886, 3_259), (150, 886, 3_259)
POLICIES: tuple[ThresholdPolicy, ...] = ("fixed", "tuned")
# Gaps in points to the best of five methods that do not differ, and of five as LoRA, QLoRA, IA3, TF-IDF and a head were
# on 400 training texts, but for QLoRA's half a point; then the same with a gap that verdicts should mostly find.
NO_GAPS, REAL_GAPS = (0.0,) * 5, (0.0, 0.0, 3.3, 9.6, 12.7)
THREE_POINTS = (0.0, 0.0, 3.0, 9.6, 12.7)
# Name -> the runs of each of five methods, and whether these are replicates.
DESIGNS = {f"{seeds} seed{'s' * (seeds > 1)}": ((seeds,) * 5, False) for seeds in (1, 2, 3, 5)}
DESIGNS |= {"3 or 1 seeds": ((3, 1, 3, 1, 3), False)}
DESIGNS |= {f"{replicates} replicates": ((replicates,) * 5, True) for replicates in (3, 5)}

# Which cells a default run has, each by exactly one pattern -> its studies.
DEFAULT = {
    "11 labels, *": 500,
    "28, *": 300,
    "groups *": 300,
    "halves, *": 300,
    "A/A, 886 *": 400,
    "A/A, 3259 *": 400,
    "A/A as measured, 886 *": 400,
    "A/A as measured, 3259 *": 400,
    "A/A 28 labels, 886 *, 3 replicates": 300,
    "A/A 28 labels, 3259 *, 3 replicates": 300,
    "A/A 2 methods, *": 400,
    "real gaps, 886 *, 3 seeds": 200,
    "real gaps, 886 *, 5 replicates": 200,
    "3 points, *": 300,
    "5 points, *": 200,
    "alike, * 3259 *": 400,
}

VARIED = World(seed_shift=SEED_SHIFTS, **DRAWS)
MEASURED = replace(VARIED, **TEXT_NOISE)
MANY_LABELS = replace(goemotions_world(), **DRAWS)


def group_cells() -> list[Cell]:
    """Texts of some authors that are alike: resampled whole, and as if nobody knew the authors."""
    cells: list[Cell] = []
    for tells, seeds in product((True, False), (1, 3)):
        known = "whole" if tells else "unknown"
        world = World(**GROUPS, tells_groups=tells)
        cells.append(IntervalCell(name=f"groups {known}, 886 texts, {seeds} seeds", world=world, seeds=seeds))
        still = replace(world, seed_shift=0.0, seed_skill=0.0)
        design = f"{seeds} seed{'s' * (seeds > 1)}"
        cells.append(study_cell(f"A/A 2 methods, groups {known}", still, design, "fixed", 886, (0, 0)))
    return cells


def interval_cells() -> list[Cell]:
    kinds = {"11 labels": World(), "28, strong": goemotions_world(), "28, weak": goemotions_world(weak=True)}
    return [
        IntervalCell(name=f"{kind}, {texts} texts, {seeds} seeds", world=replace(world, texts=texts), seeds=seeds)
        for texts, (kind, world), seeds in product(SIZES, kinds.items(), (1, 3, 5))
    ]


def study_cell(
    title: str, world: World, design: str, thresholds: ThresholdPolicy, texts: int, gaps: tuple[float, ...] = NO_GAPS
) -> StudyCell:
    """One of DESIGNS for as many methods as there are gaps."""
    runs, is_by_draw = DESIGNS[design]
    return StudyCell(
        name=f"{title}, {texts} texts, {thresholds}, {design}",
        world=replace(world, texts=texts),
        runs=runs[: len(gaps)],
        gaps=gaps,
        is_by_draw=is_by_draw,
        thresholds=thresholds,
    )


def no_difference_cells() -> list[Cell]:
    """Five methods that do not differ: with the most chance in all designs, as measured and with 28 labels in some."""
    places = list(product(STUDY_SIZES, POLICIES))
    cells = [study_cell("A/A", VARIED, design, policy, texts) for texts, policy in places for design in DESIGNS]
    some = ("3 seeds", "3 replicates", "5 replicates")
    cells += [
        study_cell(title, world, design, policy, texts)
        for title, world in (("A/A as measured", MEASURED), ("A/A 28 labels", MANY_LABELS))
        for (texts, policy), design in product(places, some)
    ]
    # Two methods whose seeds are alike, so that only the texts vary.
    still = World(seed_shift=0.0, seed_skill=0.0)
    pairs = [
        study_cell("A/A 2 methods, equal seeds", still, own, "fixed", 886, (0, 0)) for own in ("1 seed", "3 seeds")
    ]
    return [*cells, *pairs]


def power_cells() -> list[Cell]:
    """Methods that differ: how many of the differences are found."""
    sizes = (886, 3_259)
    cells = [
        study_cell("real gaps", MEASURED, design, policy, texts, REAL_GAPS)
        for texts, policy, design in product(sizes, POLICIES, DESIGNS)
    ]
    cells += [study_cell("3 points", MEASURED, "5 replicates", policy, 886, THREE_POINTS) for policy in POLICIES]
    designs = ("1 seed", "2 seeds", "3 seeds", "5 seeds")
    cells += [study_cell("5 points, 2 methods", World(), own, "fixed", 886, (0.0, 5.0)) for own in designs]
    return [replace(cell, studies=500) for cell in cells]


def equality_cells() -> list[Cell]:
    """Two methods as alike as LoRA and QLoRA: equal in truth, and one margin apart."""
    return [
        StudyCell(
            name=f"alike, {gap:g} points apart, {texts} texts, {policy}, {replicates} replicates",
            world=World(texts=texts, **ALIKE),
            runs=(replicates, replicates),
            gaps=(0.0, gap),
            is_by_draw=True,
            thresholds=policy,
        )
        for texts, policy, gap, replicates in product((886, 3_259), POLICIES, (0.0, 1.0), (5, 10))
    ]


def halves_cells() -> list[Cell]:
    """One run on all training texts, and some or none on halves of them."""
    return [
        HalvesCell(
            name=f"halves, {known} training and {texts} other texts, {halves} halves",
            train_texts=known,
            texts=texts,
            halves=halves,
        )
        for known, texts, halves in product((120, 1_000), (886, 3_259), (0, 2, 4, 9))
    ]


def full_grid() -> list[Cell]:
    return [
        *interval_cells(), *group_cells(), *halves_cells(), *no_difference_cells(), *power_cells(), *equality_cells(),
    ]  # fmt: skip


def default_grid() -> list[Cell]:
    """Those that DEFAULT names, with its studies."""
    return [
        replace(cell, studies=studies)
        for cell in full_grid()
        for pattern, studies in DEFAULT.items()
        if fnmatchcase(cell.name, pattern)
    ]
