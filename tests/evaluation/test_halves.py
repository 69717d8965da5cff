"""Runs on halves of the training texts, which show what other training texts would do to scores on all of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from benchmarks.coverage.grid import default_grid, halves_cells
from benchmarks.coverage.halves import HalvesCell
from emocore.errors import DataError
from emocore.evaluation.audit import audit
from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.headline import describe
from emocore.evaluation.results import RunResult
from emocore.export.notes import describe_method
from tests.support.audited_runs import ORIGIN, finish
from tests.support.simulated import SHARES

LABELS = tuple(f"emotion {number}" for number in range(len(SHARES)))
TEXTS = 300
random = np.random.default_rng(4)
TRUTH = (random.random((TEXTS, len(SHARES))) < SHARES).astype(np.int8)
NOISE = random.normal(size=TRUTH.shape)


def train(method: str, replicate: int, skill: float, noise: float = 0.3, **settings: Any) -> RunResult:
    own = np.random.default_rng([replicate, *map(ord, method)]).normal(size=TRUTH.shape)
    logits = skill * np.where(TRUTH == 1, 1.0, -1.0) + NOISE + noise * own
    rows = {"train": 1000 if replicate == 1 else 500, "validation": TEXTS}
    origin = ORIGIN | {"rows": rows, "split_sha256": f"{replicate:064x}", "evaluation_sha256": "e" * 64}
    return finish(
        origin, TRUTH, logits, method=method, seed=40 + replicate, replicate=replicate, labels=LABELS, **settings
    )


def learn(methods: Sequence[str], replicates: Sequence[int], spread: float = 0.0) -> list[RunResult]:
    """All methods have the same skill, apart from what halves add to it."""
    by = dict(zip(replicates, [0.0, 1.0, -1.0, 0.5, -0.5, 0.8], strict=False))
    sign = dict(zip(methods, [1, -1, 0], strict=False))
    return [
        train(method, replicate, 1.3 + spread * by[replicate] * sign[method])
        for method in methods
        for replicate in replicates
    ]


def width(comparison: Comparison) -> float:
    row = comparison.verdicts.overall.iloc[0]
    return float(row["high_95"] - row["low_95"])


def test_scores_are_those_of_the_run_on_all_rows() -> None:
    whole, joined = compare(learn(["lora", "ia3"], [1]), None), compare(learn(["lora", "ia3"], [1, 2, 3, 4]), None)
    assert joined.ranking()["value"].tolist() == whole.ranking()["value"].tolist()
    assert joined.ranking()["seeds"].tolist() == [1, 1]
    assert len(joined.results) == 8 and len(joined.whole) == 2
    assert joined.verdicts.overall["difference"].tolist() == whole.verdicts.overall["difference"].tolist()
    [group] = joined.groups
    assert len(group.runs) == 2 and group.halves is not None and len(group.halves.runs) == 6


def test_the_more_halves_differ_the_wider_are_intervals() -> None:
    alike, apart = (compare(learn(["lora", "ia3"], [1, 2, 3, 4], spread), None) for spread in (0.0, 0.3))
    assert width(apart) > 1.5 * width(alike)
    of_scores = [(rows["high"] - rows["low"]).to_numpy() for rows in (found.ranking() for found in (alike, apart))]
    assert (of_scores[1] > 1.5 * of_scores[0]).all()
    moved = [found.between_draws[0] for found in (alike, apart)]
    assert moved[1] > 0.02 > moved[0]


def test_the_sentence_names_the_halves_and_no_caveat_doubts_the_only_seed() -> None:
    comparison = compare(learn(["lora", "ia3"], [1, 2, 3, 4], 0.3), None)
    told = describe(comparison)
    assert told.sentence.endswith(
        "Trained on these 1,000 texts, and on 3 halves of them to see what others would change."
    )
    assert any(line.startswith("Another draw of the training texts moves a score by about") for line in told.numbers)
    assert not [caveat for caveat in told.caveats if "seed" in caveat]
    assert "Other runs learned from random halves" in " ".join(describe_method(comparison))


def test_a_method_without_halves_is_compared_for_these_texts_alone() -> None:
    runs = [*learn(["lora", "ia3"], [1, 2, 3]), *learn(["head"], [1])]
    comparison = compare(runs, None)
    notes = {
        frozenset(row[["first_method", "second_method"]]): row["note"]
        for _, row in comparison.verdicts.overall.iterrows()
    }
    assert "halves" not in notes[frozenset({"lora", "ia3"})]
    assert "holds for these texts alone" in notes[frozenset({"lora", "head"})]
    [caveat] = [caveat for caveat in find_caveats(comparison) if "only one seed" in caveat]
    assert "Head" in caveat
    assert describe(comparison).sentence.endswith("Trained on these 1,000 texts.")


def test_halves_that_methods_do_not_share_are_counted_but_not_paired() -> None:
    shared = compare(learn(["lora", "ia3"], [1, 2, 3], 0.3), None)
    runs = [*learn(["lora"], [1, 2, 3], 0.3), *learn(["ia3"], [1, 4, 5], 0.3)]
    apart = compare(runs, None)
    assert "their halves are not paired" in apart.verdicts.overall.iloc[0]["note"]
    assert shared.verdicts.overall.iloc[0]["note"] == ""
    assert width(apart) > width(compare(learn(["lora", "ia3"], [1]), None))


def test_one_half_shows_nothing_and_is_not_told() -> None:
    one, none = compare(learn(["lora", "ia3"], [1, 2]), None), compare(learn(["lora", "ia3"], [1]), None)
    assert width(one) == width(none)
    assert describe(one).sentence.endswith("Trained on these 1,000 texts.")


def test_halves_that_err_on_other_texts_than_the_whole_leave_degrees_of_freedom() -> None:
    whole = [train(method, 1, 1.3, noise=0.05) for method in ("lora", "ia3")]
    for first in range(2, 26, 4):
        replicates = range(first, first + 4)
        halves = [train(method, replicate, 1.3, noise=0.5) for method in ("lora", "ia3") for replicate in replicates]
        assert width(compare([*whole, *halves], None)) < 0.2


def test_the_audit_compares_halves_with_each_other_only() -> None:
    runs = learn(["lora", "ia3"], [1, 2, 3])
    assert audit(runs).empty
    slower = [train("ia3", 4, 1.3, batch_size=8), *runs, train("lora", 4, 1.3)]
    assert audit(slower)["what"].str.endswith(" (of runs on halves)").all() and len(audit(slower))


def test_halves_without_the_run_on_all_rows_give_no_score() -> None:
    halves = learn(["ia3"], [2, 3])
    with pytest.raises(DataError, match="choose the runs on all rows, replicate 1 of the same study, as well"):
        compare(halves, None)
    comparison = compare([*learn(["lora"], [1]), *halves], None)
    assert comparison.ranking()["series"].tolist() == ["LoRA"]
    assert "IA3 left out: no run on all training rows, only on halves of them." in comparison.notes


@pytest.mark.long
def test_intervals_hold_what_a_difference_is_over_draws_of_the_training_texts() -> None:
    """Learned by real models, on so few texts that draws move a difference by more than the spread that is assumed
    without halves."""
    missed = {}
    for halves in (0, 4):
        cell = HalvesCell(name="", train_texts=120, texts=3_259, halves=halves, resamples=300)
        rows = np.array([cell.simulate(number) for number in range(50)])
        found = dict(zip(cell.columns, rows.mean(axis=0), strict=True))
        missed[halves] = found["above"] + found["below"]
    assert missed[4] <= 0.1 < missed[0]


def test_the_default_grid_has_all_cells_of_halves() -> None:
    assert {cell.name for cell in halves_cells()} <= {cell.name for cell in default_grid()}
