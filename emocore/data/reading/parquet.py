"""Parquet: checked by its metadata before anything is unpacked, then read in small batches.

Texts, whole numbers and booleans stay Arrow's; other values become Python's and then cells. A single cell of many
megabytes that a file stores once and repeats in every row is in memory as often as a batch has rows.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from emocore.data.cells import Progress, check_columns, check_size, to_cell
from emocore.data.collector import PART_CELLS, STRING, CellCollector
from emocore.data.reading.class_names import name_classes, name_splits, read_features
from emocore.data.reading.record import Reading
from emocore.data.source import MOST_DATA_BYTES, DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

BATCH_ROWS = 256  # so few that even with large cells not much is in memory before it is counted


def read_parquet(file: DataFile, wishes: Reading, progress: Progress | None) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings, lists as JSON; rows are numbered from 1. The wishes get the names of classes that the
    file says itself. Raises DataError."""
    collector = CellCollector(file.name, progress)
    with _explained(file):
        opened = parquet.ParquetFile(pa.BufferReader(file.content))
        header = [name.strip() for name in opened.schema_arrow.names]
        _check_metadata(file, opened, header)
        for part in _join(file, _batches(file, opened)):
            collector.add_part(part)
    if not len(collector):
        raise DataError(f"{file.name}: no rows; it needs one for each text")
    features = read_features(opened.schema_arrow)
    frame = name_splits(collector.to_frame(dict(enumerate(header))), wishes, features)
    return frame, name_classes(wishes, features)


def join_parquet(name: str, files: Iterable[DataFile]) -> DataFile:
    """One file with the rows of several, one after the other, in the columns of the first. Only one of them is in
    memory at a time. Raises DataError if one cannot be read or has other columns, or if all are too large."""
    sink, total = pa.BufferOutputStream(), 0
    writer = None
    for file in files:
        with _explained(file):
            opened = parquet.ParquetFile(pa.BufferReader(file.content))
            _check_metadata(file, opened, opened.schema_arrow.names)
            writer = writer or parquet.ParquetWriter(sink, opened.schema_arrow, compression="zstd")
            for batch in _batches(file, opened):
                total += batch.nbytes
                _check_bytes(name, total)
                writer.write_table(_fit(file, batch, writer.schema))
    if writer:
        writer.close()
    return DataFile(name, sink.getvalue().to_pybytes())


@contextmanager
def _explained(file: DataFile) -> Iterator[None]:
    """Raises DataError instead of Arrow's errors, whose messages may quote cells."""
    try:
        yield
    except (pa.ArrowException, OSError, RecursionError, OverflowError, UnicodeError):
        raise DataError(
            f"{file.name}: not a readable parquet file; it may be cut off, so write it again, or as CSV"
        ) from None


def _check_metadata(file: DataFile, opened: parquet.ParquetFile, header: list[str]) -> None:
    """Raises DataError if the file says that it is larger than what is read."""
    metadata = opened.metadata
    if not header:
        raise DataError(f"{file.name}: no columns; it needs a text and labels")
    check_columns(file, header)
    check_size(file.name, metadata.num_rows * len(header))
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    _check_bytes(file.name, sum(group.total_byte_size for group in groups))
    for place in range(metadata.num_columns):  # a list has many values in one cell
        check_size(file.name, sum(group.column(place).num_values for group in groups))


def _check_bytes(name: str, unpacked: int) -> None:
    if unpacked > MOST_DATA_BYTES:
        raise DataError(
            f"{name}: unpacks to more than the {format_bytes(MOST_DATA_BYTES)} that are read; leave out columns "
            "or rows that are not used"
        )


def _batches(file: DataFile, opened: parquet.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Counted again, because the metadata may be wrong, and counts a repeated text once."""
    total = 0
    for batch in opened.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
        total += sum(map(_count_bytes, batch.columns))
        _check_bytes(file.name, total)
        yield batch


def _count_bytes(column: pa.Array) -> int:
    """What the values take if each is written out, also those of a dictionary, where the column holds numbers."""
    if pa.types.is_dictionary(column.type) and _is_text(column.dictionary.type):
        copies = column.indices.value_counts()
        lengths = pc.binary_length(column.dictionary.take(copies.field("values")))
        return int(pc.sum(pc.multiply(lengths, copies.field("counts"))).as_py() or 0)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return int(column.nbytes) + _count_bytes(column.flatten())
    if pa.types.is_struct(column.type):
        return sum(map(_count_bytes, column.flatten()))
    return int(column.nbytes)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _fit(file: DataFile, batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Raises DataError if the columns are others, or hold other kinds of values."""
    try:
        if set(batch.schema.names) == set(schema.names):
            return pa.Table.from_batches([batch]).select(schema.names).cast(schema)
    except pa.ArrowException:
        pass
    raise DataError(f"{file.name}: its columns are others than those of the files before it; add it as a dataset alone")


def _join(file: DataFile, batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.Array]]:
    """The cells of several batches, as a column with thousands of parts would be slow."""
    columns: list[list[pa.Array]] = []
    rows = 0
    for batch in batches:
        columns = columns or [[] for _ in batch.columns]
        for cells, column in zip(columns, batch.columns, strict=True):
            cells.append(_to_cells(file, column))
        rows += len(batch)
        if rows * len(columns) >= PART_CELLS:
            yield [pa.concat_arrays(cells) for cells in columns]
            columns, rows = [], 0
    if rows:
        yield [pa.concat_arrays(cells) for cells in columns]


def _to_cells(file: DataFile, column: pa.Array) -> pa.Array:
    """(rows,) of `STRING`, as `to_cell` would give them."""
    if pa.types.is_dictionary(column.type):
        return _to_cells(file, column.dictionary_decode())
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return column.cast(STRING).fill_null("")
    if not _is_text(column.type):
        return pa.array([_write(file, value) for value in column.to_pylist()], STRING)
    column.validate(full=True)  # that it is UTF-8
    for wrong in column.filter(pc.match_substring(column, "\0")):
        _write(file, wrong.as_py())
    return column.cast(STRING).fill_null("")


def _write(file: DataFile, value: object) -> str:
    try:
        return to_cell(value)
    except ValueError as error:
        raise DataError(f"{file.name}: {error}") from None
