"""Rows become a table of strings, in few bytes where few cells are distinct, and parts of it do not show."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from emocore.data import collector
from emocore.data.collector import STRING, CellCollector
from emocore.errors import DataError


@pytest.fixture(params=[40, 1_000])
def part_cells(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(collector, "PART_CELLS", request.param)
    return int(request.param)


def collect(rows: list[list[str]]) -> pd.DataFrame:
    taker = CellCollector("a.csv")
    for number, row in enumerate(rows):
        taker.add(2 * number, row)
    return taker.to_frame({place: f"c{place}" for place in range(taker.width)})


def as_lists(frame: pd.DataFrame) -> list[list[str]]:
    return frame.astype(object).to_numpy().tolist()


def test_cells_come_back_by_the_numbers_of_their_rows(part_cells: int) -> None:
    rows = [[f"text {row} 😂", "01"[row % 2], ""] for row in range(50)]
    frame = collect(rows)
    assert as_lists(frame) == rows and list(frame) == ["c0", "c1", "c2"]
    assert frame.index.tolist() == list(range(0, 100, 2)) and frame.index.name == "row"


def test_a_row_may_be_longer_than_those_before_it_or_shorter(part_cells: int) -> None:
    rows = [[], ["a"], ["b", "c", "d"], [], ["e"], ["f", "g"], ["h", "i", "j", "k"], ["l"]]
    assert as_lists(collect(rows)) == [row + [""] * (4 - len(row)) for row in rows]
    late = [["a"]] * 20 + [["a", "b"]] * 3
    assert collect(late)["c1"].tolist() == [""] * 20 + ["b"] * 3


def test_few_distinct_cells_take_a_byte_and_many_become_strings_whatever_came_first(part_cells: int) -> None:
    few = collect([["01"[row % 2], f"{row}"] for row in range(60)])
    assert few["c0"].cat.codes.dtype == np.int8 and few["c1"].dtype == "str"
    mixed = [["same"]] * 30 + [[f"other {row}"] for row in range(30)] + [["same"]] * 9
    assert collect(mixed)["c0"].dtype == "str" and as_lists(collect(mixed)) == mixed


def test_parts_of_arrow_are_numbered_from_1_and_blank_columns_known() -> None:
    taker = CellCollector("a.csv")
    for start in (0, 10):
        taker.add_part([pa.array([f"{start + n}" for n in range(10)], STRING), pa.array([""] * 10, STRING)])
    assert not taker.is_blank(0) and taker.is_blank(1)
    frame = taker.to_frame({0: "a"})
    assert frame.index.tolist() == list(range(1, 21)) and frame["a"].tolist() == [str(n) for n in range(20)]


def test_progress_is_told_after_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "PART_CELLS", 20)
    seen: list[int] = []
    taker = CellCollector("a.csv", seen.append)
    for number in range(25):
        taker.add(number, ["a", "b"])
    taker.to_frame({0: "a"})
    assert seen == [10, 20, 25]


def test_long_texts_make_smaller_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "PART_CHARACTERS", 1_000)
    seen: list[int] = []
    taker = CellCollector("a.csv", seen.append)
    for number in range(9):
        taker.add(number, ["x" * 500])
    assert seen == [2, 4, 6, 8]


def test_too_many_cells_are_refused_while_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.data.cells.MOST_CELLS", 20)
    taker = CellCollector("a.csv")
    for number in range(10):
        taker.add(number, ["a", "b"])
    with pytest.raises(DataError, match=r"a\.csv: more than 20 cells are not read"):
        taker.add(10, ["a", "b"])
