"""Long columns are looked at in pieces, and nobody can tell by the result."""

import numpy as np
import pandas as pd
import pytest

from emocore.data import cells
from emocore.data.cells import cut_into_pieces, is_unique, strip_cells


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "PIECE_ROWS", 4)


def make_column(values: list[str]) -> pd.Series:
    return pd.Series(values, index=range(1, 1 + len(values)), dtype=str)


def test_pieces_are_the_column() -> None:
    column = make_column([str(number) for number in range(10)])
    assert [len(piece) for piece in cut_into_pieces(column)] == [4, 4, 2]
    pd.testing.assert_series_equal(pd.concat(cut_into_pieces(column)), column)
    assert [len(piece) for piece in cut_into_pieces(column.iloc[:0])] == [0]


@pytest.mark.parametrize("kind", [str, "category"])
def test_spaces_of_every_kind_are_stripped_and_none_within(kind: str) -> None:
    values = ["a", "b c", "", "d", " e", "f\u00a0", "\u3000g h\n", "i", "j"]
    column = make_column(values)
    stripped = strip_cells(column.astype(kind))
    pd.testing.assert_series_equal(stripped, column.str.strip())
    assert stripped.tolist() == [value.strip() for value in values]


@pytest.mark.parametrize("same_hash", [False, True])
def test_a_cell_that_is_there_twice_is_found_however_far_apart(
    same_hash: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if same_hash:
        monkeypatch.setattr(pd.util, "hash_array", lambda values, **_: np.zeros(len(values), dtype=np.uint64))
    names = [f"m{number}" for number in range(11)]
    assert is_unique(make_column(names))
    assert not is_unique(make_column([*names, "m0"]))
