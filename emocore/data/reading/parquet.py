"""Parquet: checked by its metadata before anything is unpacked, then read in small batches."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from emocore.data.cells import check_columns, check_size, make_frame, to_cell
from emocore.data.reading.class_names import name_classes, read_features
from emocore.data.reading.record import Reading
from emocore.data.source import MOST_DATA_BYTES, DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

BATCH_ROWS = 512  # so few that even with large cells not much is in memory before it is counted
FRAME_ROWS = 20_000  # so few that not all cells are in memory as Python's own strings, which are several times as large


def read_parquet(file: DataFile, wishes: Reading) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings, lists as JSON; rows are numbered from 1. The wishes get the names of classes that the
    file says itself. Raises DataError."""
    with _explained(file):
        opened = parquet.ParquetFile(pa.BufferReader(file.content))
        header = [name.strip() for name in opened.schema_arrow.names]
        _check_metadata(file, opened, header)
        rows = (row for batch in _batches(file, opened) for row in _to_rows(file, batch))
        frames = []
        while part := list(islice(rows, FRAME_ROWS)):
            frames.append(make_frame(header, range(len(part)), part))
    if not frames:
        raise DataError(f"{file.name}: no rows; it needs one for each text")
    frame = pd.concat(frames, ignore_index=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return frame, name_classes(wishes, read_features(opened.schema_arrow))


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
    _check_bytes(file.name, sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups)))


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
        total += batch.nbytes
        _check_bytes(file.name, total)
        yield batch


def _fit(file: DataFile, batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Raises DataError if the columns are others, or hold other kinds of values."""
    try:
        if set(batch.schema.names) == set(schema.names):
            return pa.Table.from_batches([batch]).select(schema.names).cast(schema)
    except pa.ArrowException:
        pass
    raise DataError(f"{file.name}: its columns are others than those of the files before it; add it as a dataset alone")


def _to_rows(file: DataFile, batch: pa.RecordBatch) -> Iterator[list[str]]:
    try:
        columns = [[to_cell(value) for value in column.to_pylist()] for column in batch.columns]
    except (pa.ArrowException, UnicodeError):
        raise
    except ValueError as error:  # of `to_cell`
        raise DataError(f"{file.name}: {error}") from None
    yield from map(list, zip(*columns, strict=True))
