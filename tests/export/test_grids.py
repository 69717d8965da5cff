"""The best and what may be as good are marked; untested scores are not marked as worse."""

from dataclasses import replace

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.comparison import Comparison
from emocore.export.grids import Grid, emotion_grid, score_grid
from emocore.export.notes import describe_marks, describe_method, describe_series_seeds, describe_texts
from tests.support.comparisons import build

SCORES = {"IA3": 0.4, "LoRA": 0.6, "QLoRA": 0.5, "LoRA · W&B": 0.55}
EMOTIONS = {"joy": SCORES, "fear": {"IA3": 0.7, "LoRA": 0.2, "QLoRA": 0.6, "LoRA · W&B": np.nan}}
LEAD, OPEN, EQUAL = (0.1, 0.0, 0.2, "better"), (0.1, 0.0, 0.2, "open"), (0.0, -0.005, 0.005, "equal")
LOSS = (-0.1, -0.2, 0.0, "worse")
PAIRS = {
    ("IA3", "LoRA"): LOSS,
    ("LoRA", "QLoRA"): OPEN,
    ("QLoRA", "LoRA", "joy"): EQUAL,
    ("IA3", "LoRA", "joy"): LOSS,
    ("IA3", "QLoRA", "fear"): LEAD,
    ("IA3", "LoRA", "fear"): LEAD,
}


def marks_of(grid: Grid) -> dict[str, tuple[str, ...]]:
    return {row.name: tuple(score.mark for score in row.scores) for row in grid.rows}


def test_series_stand_by_macro_f1_with_marks_of_the_tested_metric() -> None:
    grid = score_grid(build(SCORES, PAIRS))
    assert grid.columns == ("macro-F1", "micro-F1", "Jaccard")
    assert marks_of(grid) == {
        "LoRA": ("best", "best", "best"),
        "LoRA · W&B": ("untested", "", ""),
        "QLoRA": ("open", "", ""),
        "IA3": ("", "", ""),
    }
    assert [(row.name, row.count, row.scores[0].value) for row in grid.no_skill] == [
        ("silence", None, 0),
        ("always-on", None, 0.2),
    ]
    assert grid.is_tested and grid.marks() == {"best", "open", "untested"}


def test_every_emotion_has_its_own_best_and_marks_whichever_way_round_a_pair_stands() -> None:
    grid = emotion_grid(build(SCORES, PAIRS, emotions=EMOTIONS))
    assert grid.columns == ("LoRA", "LoRA · W&B", "QLoRA", "IA3")
    assert marks_of(grid) == {"joy": ("best", "untested", "equal", ""), "fear": ("", "", "", "best")}
    assert [(row.count, row.floor) for row in grid.rows] == [(1234, 0.25), (1234, 0.25)]


@pytest.mark.parametrize(("values", "marks"), [((0.0, 0.0), ("", "")), ((0.5, 0.5), ("best", "best"))])
def test_equal_values_are_the_best_together_but_zero_is_not(
    values: tuple[float, float], marks: tuple[str, str]
) -> None:
    grid = emotion_grid(build({"A": 0.5, "B": 0.4}, {}, emotions={"joy": dict(zip("AB", values, strict=True))}))
    assert marks_of(grid)["joy"] == marks


def test_a_wide_grid_is_split_with_its_marks() -> None:
    parts = emotion_grid(build(SCORES, PAIRS, emotions=EMOTIONS)).split(3)
    assert [part.columns for part in parts] == [("LoRA", "LoRA · W&B", "QLoRA"), ("IA3",)]
    assert marks_of(parts[1]) == {"joy": ("",), "fear": ("best",)}


def test_only_signs_that_are_there_are_explained() -> None:
    assert describe_marks({"best"}, "1 point") == snapshot("The best is in bold.")
    assert describe_marks({"best", "untested"}, "1 point").startswith("The best is in bold. ‡ Not tested")
    assert describe_marks({"equal"}, "2 points") == "† Equals the best within 2 points."
    assert describe_marks(set(), "1 point") == ""


def test_the_method_is_told_with_the_comparison_s_own_numbers(comparison: Comparison) -> None:
    assert describe_texts(comparison) == "150 texts"
    assert describe_series_seeds(comparison) == "2 seeds each"
    told = " ".join(describe_method(comparison))
    assert "validation split, 150 texts" in told
    assert "10,000 resamples" in told
    assert "fewer than 10 texts" in told
    assert "W&B" not in told


def test_groups_are_told_where_there_are_some(comparison: Comparison) -> None:
    groups = np.arange(len(comparison.groups[0].truth)) % 30
    grouped = replace(comparison, groups=[replace(comparison.groups[0], groups=groups)])
    assert describe_texts(grouped) == "150 texts in 30 groups"
    told = " ".join(describe_method(grouped))
    assert "groups are resampled whole" in told and "at least 10 groups have it" in told
    assert "groups" not in " ".join(describe_method(comparison))


def test_unequal_numbers_of_seeds_are_told_apart() -> None:
    comparison = build({"A": 0.5, "B": 0.4, "C": 0.3}, {}, seeds={"A": 1, "C": 1})
    assert describe_series_seeds(comparison) == snapshot("3 seeds of B and 1 seed of A and C")
