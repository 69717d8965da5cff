"""Turns the rows of a file, as they are read, into a table of strings that takes little memory.

Only the rows of one part are Python strings at a time. A column with few distinct cells, such as 0 and 1, becomes
numbers with a dictionary, 1 or 2 bytes a cell. Others become Arrow's strings, 8 bytes a cell and those of its
characters, where a Python string takes 50 more.
"""

import itertools
from array import array
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emocore.data.cells import Progress, check_size

# Of a part; a character takes 1 to 4 bytes.
PART_CELLS, PART_CHARACTERS = 250_000, 5_000_000
# A column has few distinct cells if each is there so often on average, and if 16 bits number them.
USUAL_COPIES, MOST_DISTINCT = 4, 30_000
STRING = pa.large_string()
PANDAS_STRING = pd.StringDtype("pyarrow", na_value=np.nan)
POOL = pa.system_memory_pool()  # Arrow's own keeps a quarter more than so many small arrays need


class CellCollector:
    """Takes the rows of the file `name` one by one, or in parts that are Arrow's already, and gives the table.

    `progress` is called with the number of rows after each part. Raises DataError if there are too many cells.
    """

    def __init__(self, name: str, progress: Progress | None = None) -> None:
        self._name, self._progress = name, progress
        self._numbers = array("q")
        self._rows: list[Sequence[str]] = []
        self._characters = 0
        self._columns: list[_Column] = []
        self.width = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: int, cells: Sequence[str]) -> None:
        """A row may be longer or shorter than others; cells that it lacks are empty."""
        self._numbers.append(number)
        self._rows.append(cells)
        self._widen(len(cells))
        self._characters += sum(map(len, cells))
        if len(self._rows) * max(1, self.width) >= PART_CELLS or self._characters >= PART_CHARACTERS:
            self._pack()

    def add_part(self, columns: Sequence[pa.Array]) -> None:
        """Rows as (columns, rows) of `STRING`, numbered on from the last one."""
        before, rows = len(self), len(columns[0])
        self._numbers.extend(range(1 + before, 1 + before + rows))
        self._widen(len(columns))
        self._add_cells(columns, rows)

    def is_blank(self, place: int) -> bool:
        """Whether all cells of a column are empty."""
        self._pack()
        return self._columns[place].is_blank()

    def to_frame(self, names: Mapping[int, str]) -> pd.DataFrame:
        """The columns at these places by name, as pandas' strings, or as a categorical of strings where few are
        distinct; the index has the numbers of the rows."""
        self._pack()
        index = pd.Index(np.frombuffer(self._numbers, dtype=np.int64), name="row")
        columns = {name: self._columns[place].to_series().set_axis(index) for place, name in names.items()}
        return pd.DataFrame(columns, copy=False)

    def _widen(self, width: int) -> None:
        self.width = max(self.width, width)
        check_size(self._name, len(self) * max(1, self.width))

    def _pack(self) -> None:
        rows, self._rows, self._characters = self._rows, [], 0
        if rows:
            columns = itertools.zip_longest(*rows, fillvalue="")
            self._add_cells((pa.array(cells, STRING, memory_pool=POOL) for cells in columns), len(rows))

    def _add_cells(self, columns: Iterable[pa.Array], rows: int) -> None:
        for place, cells in enumerate(columns):
            if place == len(self._columns):
                self._columns.append(_Column())
            self._columns[place].fill(len(self) - rows)
            self._columns[place].add(cells)
        for column in self._columns:
            column.fill(len(self))
        if self._progress:
            self._progress(len(self))


class _Column:
    """The cells of a column: numbers and a dictionary as long as there are few distinct ones, strings from then on."""

    def __init__(self) -> None:
        self._rows = 0
        self._numbers: list[np.ndarray] = []
        self._strings: list[pa.Array] = []
        self._dictionary: dict[str, int] | None = {}

    def add(self, cells: pa.Array) -> None:
        self._rows += len(cells)
        if self._dictionary is not None and not self._add_numbers(cells, self._dictionary):
            spelled = pa.array(list(self._dictionary), STRING, memory_pool=POOL)
            self._strings = [pc.take(spelled, pa.array(numbers), memory_pool=POOL) for numbers in self._numbers]
            self._numbers, self._dictionary = [], None
        if self._dictionary is None:
            self._strings.append(cells)

    def fill(self, rows: int) -> None:
        """Make it as long as so many rows, with empty cells."""
        if self._rows < rows:
            self.add(pa.repeat(pa.scalar("", STRING), rows - self._rows))

    def is_blank(self) -> bool:
        if self._dictionary is None:
            return all(pc.all(pc.equal(cells, "")).as_py() for cells in self._strings)
        return list(self._dictionary) == [""]

    def to_series(self) -> pd.Series:
        if self._dictionary is None:
            return pa.chunked_array(self._strings, STRING).to_pandas(types_mapper={STRING: PANDAS_STRING}.get)
        categories = pd.Index(list(self._dictionary), dtype=PANDAS_STRING)
        return pd.Series(pd.Categorical.from_codes(np.concatenate(self._numbers), categories=categories))

    def _add_numbers(self, cells: pa.Array, dictionary: dict[str, int]) -> bool:
        """Whether few cells are distinct, with these, which are added only then."""
        encoded = pc.dictionary_encode(cells, memory_pool=POOL)
        most = min(MOST_DISTINCT, self._rows // USUAL_COPIES)
        if len(encoded.dictionary) > most:
            return False
        distinct = encoded.dictionary.to_pylist()
        if len(dictionary) + sum(cell not in dictionary for cell in distinct) > most:
            return False
        numbers = [dictionary.setdefault(cell, len(dictionary)) for cell in distinct]
        self._numbers.append(np.array(numbers, dtype=np.int16)[encoded.indices.to_numpy()])
        return True
