"""`make coverage` as a program: it continues where it was interrupted, and compares real runs with simulated ones."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.coverage import real_runs, running
from benchmarks.coverage.__main__ import choose
from benchmarks.coverage.cells import Cell
from benchmarks.coverage.grid import study_cell
from benchmarks.coverage.intervals import IntervalCell
from benchmarks.coverage.report import describe, heading
from benchmarks.coverage.running import complete, probe
from benchmarks.coverage.store import Store, identify
from emocore.errors import RunError
from tests.support.simulated import World
from tests.support.studies import finish_study

SMALL = World(texts=120)
CELLS: list[Cell] = [
    IntervalCell(name="an interval", world=SMALL, seeds=2, studies=7, resamples=50),
    replace(study_cell("gap", SMALL, "3 replicates", "fixed", 120, (0.0, 3.0)), studies=5, resamples=50),
]


@pytest.fixture
def pool() -> Executor:
    return ThreadPoolExecutor(1)


def run_all(store: Store, pool: Executor) -> list[np.ndarray]:
    return [store.rows(cell) for cell in complete(CELLS, store, pool)]


def test_an_interrupted_measurement_continues_with_the_same_numbers(
    tmp_path: Path, pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    whole = run_all(Store(tmp_path / "whole.jsonl"), pool)
    path, simulated = tmp_path / "folder" / "parts.jsonl", []
    simulate = IntervalCell.simulate

    def stop_at_five(self: IntervalCell, number: int) -> list[float]:
        if number == 5 and not simulated:
            raise KeyboardInterrupt
        return simulate(self, number)

    monkeypatch.setattr(IntervalCell, "simulate", stop_at_five)
    with pytest.raises(KeyboardInterrupt):
        run_all(Store(path), pool)
    whole_lines = path.read_text()
    assert len(whole_lines.splitlines()) == 2
    path.write_text(whole_lines[:-30])  # killed while it wrote the second chunk

    def count(self: IntervalCell, number: int) -> list[float]:
        simulated.append(number)
        return simulate(self, number)

    monkeypatch.setattr(IntervalCell, "simulate", count)
    resumed = run_all(Store(path), pool)
    assert all(np.array_equal(one, other) for one, other in zip(whole, resumed, strict=True))
    assert simulated == [2, 3, 4, 5, 6]
    assert all(np.array_equal(*pair) for pair in zip(whole, run_all(Store(path), pool), strict=True))
    assert len(simulated) == 5, "a finished cell is not simulated again"


def test_the_first_studies_of_each_cell_tell_how_long_the_others_take(tmp_path: Path, pool: Executor) -> None:
    store = Store(tmp_path / "s.jsonl")
    seconds = probe(CELLS, store, pool)
    assert [len(store.missing(cell)) for cell in CELLS] == [5, 3]
    assert seconds == pytest.approx(
        sum(part * (store.seconds(cell) or 0) for part, cell in zip((5, 3), CELLS, strict=True))
    )
    assert probe(CELLS, store, pool) == seconds and len(store.path.read_text().splitlines()) == 2


def test_studies_are_kept_for_the_same_cell_only() -> None:
    cell = CELLS[0]
    assert identify(replace(cell, name="other", studies=900)) == identify(cell)
    others = [replace(cell, resamples=60), replace(cell, world=replace(SMALL, seed_shift=0.1)), *CELLS[1:]]
    assert len({identify(other) for other in [cell, *others]}) == 4


def test_a_line_says_what_its_heading_announces() -> None:
    cell = replace(CELLS[1], name="two methods")
    found = {name: [0, 0, 0, 0] for name in cell.columns} | {"false overall": [0, 1, 0, 0], "found 3": [1, 1, 1, 0]}
    line = describe(cell, np.array([found[name] for name in cell.columns]).T)
    assert line.split("two methods")[1].strip() == (
        "25.0 ± 25.0 | 0.0 ± 0.0 | 25.0 ± 25.0 | -, - | - | 0.0 ± 0.0 | 0.0 ± 0.0, 0.0 ± 0.0 | 3: 75.0 ± 25.0"
    )
    of_equal = heading(replace(CELLS[1], gaps=(0.0, 0.0)))
    assert line.count("|") == 7 == (of_equal + heading(cell)).count("|")  # the same, and then


def test_cells_are_chosen_by_a_part_of_their_name() -> None:
    chosen = choose(full=True, only="A/A, 886*3 replicates", studies=12)
    assert [cell.name.split(", ")[2] for cell in chosen] == ["fixed", "tuned"]
    assert {cell.studies for cell in chosen} == {12}
    assert len(choose(full=False, only=None, studies=None)) < len(choose(full=True, only=None, studies=None))


def test_the_chance_in_real_runs_is_told_beside_the_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_runs, "STUDIES", 3)
    monkeypatch.setattr(real_runs, "RESAMPLES", 50)
    texts = {"evaluation_sha256": "e" * 64}
    for draw in range(3):
        finish_study(
            tmp_path,
            ("lora", "ia3"),
            (42 + draw,),
            replicate=draw + 1,
            rows=1000,
            provenance=texts | {"split_sha256": f"{draw}" * 64},
        )
    told = real_runs.check_runs(tmp_path)
    for name in ("LoRA, 3 draws", "LoRA - IA3, 3 draws", "simulated, alike: a difference, 3 draws"):
        assert told.count(name) == 2, told  # with fixed thresholds and with tuned ones


def test_runs_without_replicates_cannot_be_checked(tmp_path: Path) -> None:
    finish_study(tmp_path, ("lora", "ia3"), (1, 2, 3))
    with pytest.raises(RunError, match="--replicates"):
        real_runs.check_runs(tmp_path)
    with pytest.raises(RunError, match="no method has finished runs on 3 draws"):
        real_runs.check_runs(tmp_path / "nothing")
